"""What is said of a person apart from events: traits, scores, consent, persona, place, draw, run."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from foretell.condition import Bucket, Consent, Message, Near, Persona, Prediction
from tests.properties.naive_survivorship import survivor
from tests.properties.naive_terms import Asked, At, Event, History, arrived, moved, number_of, ordered, owner, text_of

_ZONES = available_timezones()


def trait(name: str, person: int, history: History, at: At) -> Any:
    """The value that stands."""
    rows = [row for row in history.traits_by_person.get(person, []) if row["ts"] <= at.as_of]
    return survivor([row for row in rows if arrived(row, at)], name, at.rules)


def clock_of(person: int, history: History, at: At) -> ZoneInfo:
    """The zone in which the person lives, as far as it is known."""
    told = [trait(name, person, history, at) for name in ("timezone", "zone")]
    known = [name for name in told if isinstance(name, str) and name in _ZONES]
    return ZoneInfo(known[0]) if known else at.zone


def score(part: Prediction, person: int, history: History, at: At) -> Decimal | None:
    """The latest score that is not too old."""
    horizons, max_age = at.predictions[part.key]
    horizon = part.horizon or horizons[0]
    rows = [
        row
        for row in history.scores
        if row["prediction"] == part.key and row["horizon"] == horizon
        and owner(row, history) == person and row["as_of"] <= at.as_of
    ]  # fmt: skip
    if max_age is not None:
        rows = [row for row in rows if row["as_of"] >= moved(at.as_of, max_age, -1, at.zone)]
    return Decimal(repr(_latest(rows, history)["score"])) if rows else None


def persona(part: Persona, person: int, history: History, at: At) -> bool:
    """Whether the persona assigned last is this one."""
    rows = [row for row in history.personas if owner(row, history) == person and row["as_of"] <= at.as_of]
    rows = [row for row in rows if arrived(row, at)]
    return bool(rows) and _latest(rows, history)["persona"] == part.key


def _latest(rows: list[Event], history: History) -> Event:
    return max(rows, key=lambda row: (row["as_of"], row["node"] not in history.owners, -row["node"]))


def near(part: Near, person: int, history: History, at: At) -> bool:
    """Whether the coordinates lie within reach, by the haversine formula."""

    def degrees(*names: str) -> float | None:
        told = [number_of(trait(f"{part.trait}.{name}", person, history, at)) for name in names]
        known = [number for number in told if number is not None]
        return float(known[0]) if known else None

    latitude, longitude = degrees("latitude", "lat"), degrees("longitude", "lon", "lng")
    if latitude is None or longitude is None or abs(latitude) > 90 or abs(longitude) > 180:
        return False
    here, there = math.radians(latitude), math.radians(float(part.latitude))
    across = math.radians(longitude - float(part.longitude))
    half = math.sin((there - here) / 2) ** 2 + math.cos(here) * math.cos(there) * math.sin(across / 2) ** 2
    return 2 * 6371.0088 * math.asin(math.sqrt(min(1.0, half))) <= float(part.km)


def bucket(part: Bucket, person: int, profile_id: Callable[[int], str]) -> bool:
    """Whether the person's place in the draw passes; ``between`` is open above."""
    digest = hashlib.md5(f"{part.key}:{profile_id(person)}".encode(), usedforsecurity=False).hexdigest()
    drawn = Fraction(int(digest[:13], 16), 16**13)
    for check in part.test:
        operands = [Fraction(one) for one in check.operands if isinstance(one, Decimal)]
        inside = check.name != "between" or drawn < operands[1]
        if (inside and ordered(check.name, drawn, operands)) == check.negated:
            return False
    return True


def consent(part: Consent, person: int, history: History, at: At) -> str | None:
    """The word that counts: each identity's latest, of all the strictest."""
    words = [
        row
        for row in history.consents
        if (row["channel"], row["purpose"]) == (part.channel, part.purpose)
        and owner(row, history) == person and row["ts"] <= at.as_of and arrived(row, at)
        and row["state"] in ("granted", "denied")
    ]  # fmt: skip
    latest = [
        row["state"] for row in words if row["ts"] == max(word["ts"] for word in words if word["node"] == row["node"])
    ]  # of each identity its own
    return "denied" if "denied" in latest else "granted" if latest else None


# ---- runs


def asked(person: int, at: At) -> Asked:
    """What is known of the person's run."""
    assert at.people is not None
    return at.people[person]


def past(person: int, history: History, at: At) -> list[Event]:
    """All that had happened and come in."""
    return [event for event in history.by_person.get(person, []) if event["ts"] <= at.as_of and arrived(event, at)]


def entry(person: int, history: History, at: At) -> Any:
    """The properties of the event that began the run; None where it is not the person's."""
    begun = [one for one in past(person, history, at) if one["message_id"] == asked(person, at).entry]
    return begun[0]["properties"] if begun else None


def message(part: Message, person: int, history: History, at: At) -> bool:
    """Whether a message of the run got that far; says nothing of ``negated``."""
    return any(_became(part, event, person, at) for event in past(person, history, at))


def _became(part: Message, event: Event, person: int, at: At) -> bool:
    channel, _, what = event["event"].partition(" ")
    if channel not in {"Email", "SMS", "Push", "Message"}:
        return False
    told = {name: text_of(event["properties"].get(name)) for name in ("run", "step", "machine")}
    run = asked(person, at).run
    if run is None or told["run"] != run or told["step"] != part.step:
        return False
    if part.state == "opened":
        return what in ("Link Clicked", "Replied") or (what == "Opened" and told["machine"] != "true")
    return {"clicked": "Link Clicked"}.get(part.state, part.state.capitalize()) == str(what)
