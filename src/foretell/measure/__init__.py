"""Measure: did it help, and why?

Enters: KPI documents (the built-in ones in ``kpis/``, those of the workspace beside or in place of
them), the published views, conditions through a ``Reader``, the runs of journeys. Leaves: frozen series of
KPI points with intervals (:class:`KpiSeries`, also as Arrow), the list of KPIs, the problems of KPI
documents, the :class:`Lift` of a journey against its held out.
Owns no table. May be called by ``web``, ``cli`` and ``app``.
"""

from __future__ import annotations

from foretell.engine import RoomParts
from foretell.measure import maps
from foretell.measure.board import BOARD, Card, Change, board, card_of
from foretell.measure.effects import ArmResult, Effect, Effects, effects
from foretell.measure.kpi_document import GoldenCase, KpiSpec, SegmentAt
from foretell.measure.kpi_kind import KIND
from foretell.measure.kpi_set import Kpi, built_in_kpis, measure_of
from foretell.measure.lift import Lift, journey_lift, judged_people
from foretell.measure.lift_words import SoFar
from foretell.measure.series import SCHEMA, Estimate, KpiSeries, Point
from foretell.measure.show import KpiEntry, list_kpis, show
from foretell.measure.verify import kpi_problems, verify

KINDS = (KIND, maps.KIND)
PARTS = RoomParts(room="measure")

__all__ = [
    "BOARD",
    "KIND",
    "KINDS",
    "PARTS",
    "SCHEMA",
    "ArmResult",
    "Card",
    "Change",
    "Effect",
    "Effects",
    "Estimate",
    "GoldenCase",
    "Kpi",
    "KpiEntry",
    "KpiSeries",
    "KpiSpec",
    "Lift",
    "Point",
    "SegmentAt",
    "SoFar",
    "board",
    "built_in_kpis",
    "card_of",
    "effects",
    "journey_lift",
    "judged_people",
    "kpi_problems",
    "list_kpis",
    "maps",
    "measure_of",
    "show",
    "verify",
]
