"""``refresh``: train and score anew what is due, and tell whose band changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from graphlib import CycleError, TopologicalSorter
from importlib import import_module
from typing import TYPE_CHECKING

from foretell.clock import Duration, naive_utc, utc
from foretell.condition import CatalogReferences, Condition, Reader, parse, references
from foretell.definitions import Catalog
from foretell.engine import Engine
from foretell.errors import ForetellError
from foretell.predict.bands import tell_crossings
from foretell.predict.document import spec_of
from foretell.predict.life.outcomes import check_outcomes
from foretell.predict.life.retraining import retrain_due, retrain_moved, retraining_due
from foretell.predict.registry import is_trained
from foretell.predict.send_time.kept import refresh_send_times, send_times_due

if TYPE_CHECKING:
    from foretell.predict.scoring import Scored


_EXACT_REASONS_UP_TO = 2_000
"""By the schedule reasons are approximated for more people than this, or they would take nine tenths of the time."""


def refresh(engine: Engine, catalog: Catalog, reader: Reader, *, now: datetime) -> list[Scored]:
    """Train what is to be trained anew, score what is due as of ``now``, and tell whose band changed.

    Due is what was last scored one schedule ago or more, or never. A prediction that has a model but
    nobody in its population is passed over. Of predictions with ``bands`` every scoring is told once,
    also one made by hand and one that a crash left untold. Stored scores whose outcomes have become complete are held
    against them. Best hours and channels of people are worked out once a day.
    """
    made = []
    for key in in_order(catalog):
        if engine.ops.query("SELECT 1 FROM models LIMIT 1") or spec_of(catalog, key).imported:
            check_outcomes(engine, catalog, reader, key, now=now)
        said = retrain_due(engine, catalog, reader, key, now=now)
        due = _due(engine, catalog, key, now)
        if due is not None and due <= now:
            one = _score_somebody(engine, catalog, reader, key, now)
            if one is not None:
                made.append(_retrained(engine, catalog, reader, key, one, said, now))
    for key in in_order(catalog):
        tell_crossings(engine, catalog, key, now=now)
    refresh_send_times(engine, catalog, now=now)
    return made


def _retrained(
    engine: Engine, catalog: Catalog, reader: Reader, key: str, scored: Scored, said: str, now: datetime
) -> Scored:
    """The scores with what became of a training; scored again by the new model where drift called for one."""
    if not said:
        said = retrain_moved(engine, catalog, reader, key, scored.moved, now=now)
        if said:
            scored = _score_somebody(engine, catalog, reader, key, now) or scored
    return replace(scored, retrained=said)


def _score_somebody(engine: Engine, catalog: Catalog, reader: Reader, key: str, now: datetime) -> Scored | None:
    """Loads the model libraries, which take longer to load than a look at what is due, only where they are used."""
    make = import_module("foretell.predict.scoring").score
    try:
        made: Scored = make(engine, catalog, reader, key, as_of=now, now=now, exact_up_to=_EXACT_REASONS_UP_TO)
    except ForetellError as error:
        if error.code != "NOBODY":
            raise
        return None
    return made


def next_due(engine: Engine, catalog: Catalog, *, now: datetime) -> datetime | None:
    """When :func:`refresh` will have something to score or train; ``now`` where it has already, None for never."""
    found = [
        due
        for key in in_order(catalog)
        for due in (_due(engine, catalog, key, now), retraining_due(engine, catalog, key, now=now))
        if due is not None
    ]
    sending = send_times_due(engine, now=now)
    found += [] if sending is None else [sending]
    return max(min(found), now) if found else None


def _due(engine: Engine, catalog: Catalog, key: str, now: datetime) -> datetime | None:
    spec = spec_of(catalog, key)
    if spec.schedule is None or not is_trained(engine.ops, key, now):
        return None
    last = _last_scored(engine, key, now)
    return now if last is None else Duration.parse(spec.schedule).after(last, catalog.settings.zone_info)


def in_order(catalog: Catalog) -> list[str]:
    """The keys of all predictions; one whose population reads another's scores comes after it."""
    known = CatalogReferences(catalog)
    keys = [document.key for document in catalog.all("prediction")]
    reads = {key: set(_predictions(parse(spec_of(catalog, key).about), known, frozenset())) for key in keys}
    try:
        return [key for key in TopologicalSorter(reads).static_order() if key in reads]
    except CycleError:
        return keys


def _predictions(tree: Condition, known: CatalogReferences, inside: frozenset[str]) -> Iterator[str]:
    named = references(tree)
    yield from named.predictions
    for key in named.segments:
        if key not in inside:
            yield from _predictions(known.segment(key)[0], known, inside | {key})


def _last_scored(engine: Engine, key: str, now: datetime) -> datetime | None:
    found = engine.analytics.query(
        "SELECT max(as_of) AS as_of FROM score_rows WHERE prediction = $prediction AND as_of <= $now",
        {"prediction": key, "now": naive_utc(now)},
    )["as_of"][0].as_py()
    return None if found is None else utc(found)
