"""How people come into a journey, in words."""

from __future__ import annotations

from foretell.condition import parse, sentence
from foretell.journey.document import EntryCap, JourneySpec, Reentry
from foretell.journey.triggers import (
    ApiTrigger,
    ListTrigger,
    PredictionTrigger,
    ScheduleTrigger,
    SegmentTrigger,
    event_heads,
)


def entry_words(spec: JourneySpec, *, thing: str = "") -> str:
    """Who enters, as people say it: what lets them in, who of those, how often again, how many."""
    told = _trigger(spec, thing)
    if spec.enter is not None:
        who = sentence(parse(spec.enter, thing=thing, journey=spec.trigger is not None))
        told = who if not told else f"{told.rstrip('.')}; of those, {_lower(who)}"
    return told if told.endswith(".") else f"{told}."


def reentry_words(again: object) -> str:
    """How often somebody may enter."""
    if again == "always":
        return "again whenever they are let in and no run goes on"
    if not isinstance(again, Reentry):
        return "once"
    parts = [] if again.per is None else [f"once for each {again.per}"]
    return ", ".join(parts + ([] if again.after is None else [f"again {again.after} after the last entry"]))


def cap_words(cap: EntryCap | None) -> str:
    """How many may enter; empty where there is no limit."""
    return "" if cap is None else f"at most {cap.most:,} in {cap.per}"


def _trigger(spec: JourneySpec, thing: str) -> str:
    trigger = spec.trigger
    if isinstance(trigger, SegmentTrigger):
        return f"People who {'enter' if trigger.does == 'entered' else 'leave'} the segment {trigger.segment}"
    if isinstance(trigger, PredictionTrigger):
        side = "into" if trigger.does == "entered" else "out of"
        horizon = f" over {trigger.horizon}" if trigger.horizon else ""
        return f"People whose {trigger.prediction}{horizon} moves {side} the band {trigger.band}"
    if isinstance(trigger, ScheduleTrigger):
        return f"On a schedule, {_schedule(trigger)}"
    if isinstance(trigger, ApiTrigger):
        return "People whom the API, a file or another journey lets in"
    if isinstance(trigger, ListTrigger):
        return f"People on the list {trigger.list}"
    heads = list(event_heads(trigger))
    return f"Each time: {_lower(sentence(parse(heads[0], thing=thing)))}" if heads else ""


def _schedule(trigger: ScheduleTrigger) -> str:
    if trigger.schedule == "daily":
        return f"daily at {trigger.at}"
    if trigger.schedule == "weekly":
        return f"weekly on {', '.join(day.capitalize() for day in trigger.weekdays or ['monday'])} at {trigger.at}"
    if trigger.schedule == "monthly":
        return f"monthly on day {trigger.day or 1} at {trigger.at}"
    return f"by {trigger.schedule}"


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
