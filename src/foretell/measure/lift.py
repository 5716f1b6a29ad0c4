"""Did a journey help? The treated against the held out, with what is left out and what is not known yet."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from foretell.clock import utc
from foretell.decide import HELD_OUT
from foretell.definitions import Catalog
from foretell.engine import Engine
from foretell.journey import spec_of
from foretell.measure.effects import CANNOT, Answer, Bools, Effect, Effects, effects, unanswered
from foretell.measure.lift_rows import Entries, read_entries
from foretell.measure.lift_words import SoFar, notes_of, verdict_of
from foretell.money import minor_digits
from foretell.stats import LEVEL, Floats


@dataclass(frozen=True)
class Lift:
    """What a journey changed, up to ``as_of``.

    Args:
        window: so long after the entry things count, as in the document's ``goal_within``.
        has_goal: without a goal there are no conversions, only revenue.
        effects: of the people whose window is over.
        so_far: of the others.
        received: treated people judged who got a message, an ad or a case at all.
        contaminated, other_revisions: people left out: in both arms by a merge; entered by a revision with
            another goal, window or holdout.
        answer: ``real change``, ``may be chance``, ``not yet`` or ``cannot answer``; ``verdict`` in a sentence.
    """

    journey: str
    title: str
    as_of: datetime
    currency: str
    window: str
    has_goal: bool
    effects: Effects
    so_far: SoFar
    received: int
    contaminated: int
    other_revisions: int
    answer: Answer
    verdict: str
    notes: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain values: ``conversions`` and ``revenue`` each with both arms, difference, bounds and word.

        Shares are 0 to 1, money in major units, instants aware datetimes.
        """
        found = self.effects
        own = {name: value for name, value in asdict(self).items() if name != "effects"}
        return {
            **own,
            "level": found.level,
            "treated": asdict(found.treated),
            "held_out": asdict(found.held_out),
            "conversions": _sides(found.conversions, found.treated.share, found.held_out.share)
            if self.has_goal
            else None,
            "revenue": _sides(found.revenue, found.treated.revenue_per_person, found.held_out.revenue_per_person),
        }


def journey_lift(engine: Engine, catalog: Catalog, key: str, *, now: datetime, level: float = LEVEL) -> Lift:
    """The lift of journey ``key`` as it stands at ``now``: conversions and revenue a person.

    Everybody counts once, with their first entry, in the arm they were drawn into (intention to treat), with
    what they did from the entry until ``goal_within`` after it. People whose window is not over wait in
    ``so_far``. Revenue is as in the KPI of that name: completed less refunded, in the workspace's currency.

    Where what people did had been stored before the journey let them in, it was played through history, which
    nothing could change any more: the answer is ``cannot answer``, with the bounds of
    :func:`~foretell.measure.effects.unanswered`; so it is where none of the treated received anything.

    Raises:
        UsageError: ``UNKNOWN_DEFINITION``.
    """
    spec, settings = spec_of(catalog.get("journey", key)), catalog.settings
    entries = read_entries(engine, key, spec, now=now, zone=settings.zone_info, currency=settings.currency)
    found = _effects(entries, settings.currency, level)
    waiting = _so_far(entries.waiting)
    window, has_goal = entries.spec.goal_within, entries.spec.goal is not None
    answer, verdict = verdict_of(found, entries, waiting, settings.currency)
    if answer == CANNOT:
        found = unanswered(found)
    return Lift(
        journey=key,
        title=spec.title or key,
        as_of=now,
        currency=settings.currency,
        window=window,
        has_goal=has_goal,
        effects=found,
        so_far=waiting,
        received=entries.received,
        contaminated=entries.contaminated,
        other_revisions=entries.otherwise,
        answer=answer,
        verdict=verdict,
        notes=tuple(notes_of(entries)),
    )


def judged_people(engine: Engine, catalog: Catalog, key: str, *, now: datetime) -> pa.Table:
    """What each person did who counts in :func:`journey_lift`, by ``profile_id``.

    Columns ``profile_id``, ``arm``, ``entered_at`` and ``until_at`` (the window, naive UTC), ``reached`` (0 or 1)
    and ``revenue`` (major units).
    """
    spec, settings = spec_of(catalog.get("journey", key)), catalog.settings
    entries = read_entries(engine, key, spec, now=now, zone=settings.zone_info, currency=settings.currency)
    revenue = pa.array(_revenue(entries.judged, settings.currency))
    return entries.judged.select(["profile_id", "arm", "entered_at", "until_at", "reached"]).append_column(
        "revenue", revenue
    )


def _effects(entries: Entries, currency: str, level: float) -> Effects:
    rows = entries.judged
    return effects(_held(rows), rows["reached"].to_numpy() == 1, _revenue(rows, currency), level=level)


def _revenue(rows: pa.Table, currency: str) -> Floats:
    """Of each person, major units."""
    found: Floats = rows["amount_minor"].cast(pa.float64()).to_numpy() / 10 ** minor_digits(currency)
    return found


def _held(rows: pa.Table) -> Bools:
    found: Bools = np.asarray(pc.equal(rows["arm"], HELD_OUT).to_numpy(), np.bool_)
    return found


def _so_far(waiting: pa.Table) -> SoFar:
    held, reached = _held(waiting), waiting["reached"].to_numpy() == 1
    ends = pc.min_max(waiting["until_at"]).as_py()
    first, last = (None if ends[name] is None else utc(ends[name]) for name in ("min", "max"))
    return SoFar(
        int((~held).sum()), int(held.sum()), int((~held & reached).sum()), int((held & reached).sum()), first, last
    )


def _sides(effect: Effect, treated: float | None, held_out: float | None) -> dict[str, Any]:
    return {"treated": treated, "held_out": held_out, **asdict(effect)}
