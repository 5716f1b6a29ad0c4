"""The KPIs in force: the built-in ones, with those of the workspace added or put in their place.

The rule: a workspace's KPI replaces the built-in one of the same key as a whole; nothing of the
built-in document is mixed in. Formulas refer to whichever is in force.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import cast

from foretell.definitions import Catalog, Document, Kind, load, raise_errors, suggestion
from foretell.errors import UsageError
from foretell.measure.formula import parse_formula
from foretell.measure.kpi_document import KpiSpec, Measure

FOLDER = "kpis"
LOOP = "DEFINITION_LOOP"
Origin = str
BUILT_IN, WORKSPACE, REPLACED = "built-in", "workspace", "workspace (replaces the built-in)"


@dataclass(frozen=True)
class Kpi:
    """A KPI in force.

    Args:
        origin: ``built-in``, ``workspace`` or ``workspace (replaces the built-in)``.
    """

    document: Document
    origin: Origin

    @property
    def key(self) -> str:
        """The document's key."""
        return self.document.key

    @property
    def spec(self) -> KpiSpec:
        """The document's content."""
        return cast(KpiSpec, self.document.spec)

    @property
    def terms(self) -> tuple[str, ...]:
        """Keys of the KPIs that its formula names; empty without a formula."""
        return () if self.spec.formula is None else parse_formula(self.spec.formula).names


Kpis = Mapping[str, Kpi]


@cache
def built_in() -> Mapping[str, Document]:
    """The documents in this room's ``kpis`` folder, by key; raises where one is not valid."""
    catalog, problems = load(Path(__file__).parent, [Kind("kpi", FOLDER, KpiSpec)], environ={})
    raise_errors(problem for problem in problems if problem.code != "NO_WORKSPACE")
    return {document.key: document for document in catalog.all("kpi")}


def built_in_kpis() -> dict[str, Kpi]:
    """The built-in KPIs alone, by key in alphabetical order."""
    return {key: Kpi(document, BUILT_IN) for key, document in sorted(built_in().items())}


def kpis(catalog: Catalog) -> dict[str, Kpi]:
    """All KPIs in force, by key in alphabetical order."""
    found = built_in_kpis()
    for document in catalog.all("kpi"):
        found[document.key] = Kpi(document, REPLACED if document.key in built_in() else WORKSPACE)
    return dict(sorted(found.items()))


def kpi_of(known: Kpis, key: str) -> Kpi:
    """The KPI ``key``; raises UNKNOWN_KPI with a near miss."""
    found = known.get(key)
    if found is None:
        next_step = suggestion(key, sorted(known), what="KPIs")
        raise UsageError("UNKNOWN_KPI", f"there is no KPI called {key!r}", next_step=next_step)
    return found


def leaves(kpi: Kpi, known: Kpis, above: Sequence[str] = ()) -> list[Kpi]:
    """The KPIs with SQL that ``kpi`` is made of, itself where it has SQL.

    Raises:
        UsageError: UNKNOWN_KPI, or DEFINITION_LOOP where a formula comes back to itself.
    """
    if kpi.key in above:
        way = " → ".join([*above[above.index(kpi.key) :], kpi.key])
        raise UsageError(
            LOOP,
            f"formulas refer to each other in a loop: {way}",
            thing=kpi.document.name,
            where=kpi.document.where,
            next_step="Take out one of the references.",
        )
    if kpi.spec.sql is not None:
        return [kpi]
    return [leaf for key in kpi.terms for leaf in leaves(kpi_of(known, key), known, [*above, kpi.key])]


def measure_of(kpi: Kpi, known: Kpis) -> Measure:
    """``event`` or ``stock``; raises MIXED_FORMULA where a formula mixes both."""
    found = {leaf.spec.measure: leaf.key for leaf in leaves(kpi, known)}
    if len(found) > 1:
        raise UsageError(
            "MIXED_FORMULA",
            f"the formula mixes {found['event']} (over a period) with {found['stock']} (at an instant)",
            thing=kpi.document.name,
            where=kpi.document.where,
            next_step="Use terms of one kind.",
        )
    return cast(Measure, next(iter(found)))


def reads_past(kpi: Kpi, known: Kpis) -> timedelta:
    """How far past its instant ``kpi`` or any of its terms reads."""
    return max(leaf.spec.reads_past for leaf in leaves(kpi, known))
