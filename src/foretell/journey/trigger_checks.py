"""What is wrong with how a journey lets people in."""

from __future__ import annotations

from collections.abc import Iterator

from foretell import predict
from foretell.definitions import Catalog, Document, Problem, suggestion
from foretell.errors import ForetellError
from foretell.journey.document import JourneySpec, Reentry
from foretell.journey.triggers import (
    EventTrigger,
    ListTrigger,
    PredictionTrigger,
    ScheduleTrigger,
    SegmentTrigger,
)

LOWEST = "none"
Path = tuple[str | int, ...]


def knows_its_run(spec: JourneySpec, path: Path) -> bool:
    """Whether a condition may speak of the run (``event``, ``message``): not where nobody has been let in yet."""
    return path != ("trigger",) and (path != ("enter",) or spec.trigger is not None)


def lengths(spec: JourneySpec) -> Iterator[tuple[Path, str]]:
    """The durations that must be more than nothing and within the calendar, with where they stand."""
    if isinstance(spec.reentry, Reentry) and spec.reentry.after is not None:
        yield ("reentry", "after"), spec.reentry.after
    if spec.entries is not None:
        yield ("entries", "per"), spec.entries.per
    if isinstance(spec.trigger, EventTrigger):
        yield ("trigger", "fresh"), spec.trigger.fresh


def refers(spec: JourneySpec) -> Iterator[tuple[str, str]]:
    """The documents that the trigger names."""
    if isinstance(spec.trigger, SegmentTrigger):
        yield "segment", spec.trigger.segment
    elif isinstance(spec.trigger, PredictionTrigger):
        yield "prediction", spec.trigger.prediction


def problems(document: Document, catalog: Catalog, spec: JourneySpec) -> Iterator[Problem]:
    """What is wrong with the trigger and with the rule of re-entry beside it."""
    trigger = spec.trigger

    def problem(path: Path, code: str, message: str, next_step: str) -> Problem:
        return Problem(code, message, document.name, document.positions.at(("spec", *path)), next_step)

    if isinstance(trigger, ScheduleTrigger) and spec.enter is None:
        message = "a schedule says when and not who"
        yield problem(("trigger",), "WHO_ENTERS", message, "Write under enter who enters then.")
    if isinstance(trigger, PredictionTrigger):
        yield from _band(document, catalog, trigger)
    if isinstance(trigger, ListTrigger) and trigger.list not in catalog.lists:
        message = f"there is no list called {trigger.list!r}"
        next_step = suggestion(trigger.list, sorted(catalog.lists), what="lists")
        yield problem(("trigger", "list"), "UNKNOWN_LIST", message, next_step)
    if spec.reentry == "always" and trigger is None:
        message = "without a trigger people would enter again at once"
        yield problem(("reentry",), "ENDLESS_REENTRY", message, "Write a trigger, or reentry: {after: 90d}.")
    if isinstance(spec.reentry, Reentry) and spec.reentry.per is not None and not _has_event(spec):
        message = f"no event lets people in that could have a {spec.reentry.per!r}"
        yield problem(("reentry", "per"), "NO_ENTRY_EVENT", message, "Write trigger: {event: NAME} or {api: true}.")


def _has_event(spec: JourneySpec) -> bool:
    return spec.trigger is not None and not isinstance(spec.trigger, ScheduleTrigger | ListTrigger)


def _band(document: Document, catalog: Catalog, trigger: PredictionTrigger) -> Iterator[Problem]:
    try:
        spec = predict.spec_of(catalog, trigger.prediction)
    except ForetellError:
        return  # there is no such prediction, which is told already
    where = document.positions.at(("spec", "trigger", "band"))
    known = [*(spec.bands or {}), LOWEST]
    if not spec.bands or trigger.band not in known:
        message = f"the prediction {trigger.prediction!r} has no band {trigger.band!r}"
        yield Problem("UNKNOWN_BAND", message, document.name, where, suggestion(trigger.band, known, what="bands"))
