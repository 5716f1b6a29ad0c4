"""What the gate found, and what happened after, as sentences. Instants stand in ISO 8601, UTC, for whoever shows them
to turn into a person's own clock."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

_CONSENT = re.compile(r"(\w+)\.(\w+): (\w+)\Z")
_CAP = re.compile(r"(\d+) per (?:(\d+)s|calendar (\w+))(?: of (\w+))?(?: for (\w+))?\Z")
_ASKED = re.compile(r"asked (\S+) at (\S+), (\d+)s apart\Z")
_MEDIA = {"email": "e-mail", "sms": "text message", "push": "push message", "ads": "advertising", "alert": "alert"}
_AGREED: Mapping[str, str] = {
    "granted": "The person agreed to {purpose} by {medium}.",
    "not_needed": "{Purpose} messages by {medium} need no consent, and the person has not objected.",
    "none": "The person never agreed to {purpose} by {medium}.",
    "denied": "The person said no to {purpose} by {medium}.",
    "expired": "The person agreed to {purpose} by {medium}, and that has lapsed.",
    "objected": "The person objected to {purpose} by {medium}.",
    "restricted": "The person asked that their data be left alone.",
    "suppressed": "The person was erased, and is on the list of those who do not come back.",
    "minor": "The person is too young to agree to {purpose} by {medium}.",
}
_LISTED: Mapping[str, str] = {
    "bounced": "The address takes no mail: a message to it bounced.",
    "complained": "Somebody at this address called a message spam.",
    "stopped": "Somebody at this address wrote that they want no more messages.",
    "unsubscribed": "Somebody at this address unsubscribed.",
}
_FAULTS: Mapping[str, str] = {
    "template and channel are there": "The template and the channel are there.",
    "unknown_channel": "There is no such channel.",
    "unknown_template": "There is no such template.",
    "unfit_template": "The template has no text for this channel.",
}
_ADDRESSES: Mapping[str, str] = {
    "known": "There is an address to send to.",
    "none": "There is no address to send to.",
    "not valid": "What is told as the address is none.",
}
_SPANS = (("week", 604_800), ("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))


def says(check: str, found: str) -> str:
    """A check of the gate as a sentence; ``found`` alone where nothing is known of such a check."""
    worded = _CHECKS.get(check)
    return worded(found) if worded else found


def _consent(found: str) -> str:
    told = _CONSENT.match(found)
    sentence = _AGREED.get(told[3]) if told else None
    if told is None or sentence is None:
        return found
    purpose = told[2].replace("_", " ")
    return sentence.format(medium=_MEDIA.get(told[1], told[1]), purpose=purpose, Purpose=purpose.capitalize())


def _suppression(found: str) -> str:
    if found == "not listed":
        return "The address is not on the suppression list."
    return _LISTED.get(found, f"The address is on the suppression list: {found}.")


def _contamination(found: str) -> str:
    if found == "runs of both arms":
        return "Two people turned out to be one, who has runs of both arms; the journey leaves them alone."
    return "The person has runs of one arm alone."


def _quiet(found: str) -> str:
    if found == "not quiet":
        return "It is not the person's quiet time."
    return f"It is the person's quiet time, until {found.removeprefix('quiet until ')}."


def _cap(found: str) -> str:
    if found == "below":
        return "No cap is reached."
    if found.startswith("takes the place of "):
        lost = found.removeprefix("takes the place of ")
        return f"A cap is reached, and this message takes the place of a less important one that had not left: {lost}."
    if found.startswith("outbid by "):
        rival, _, cap = found.removeprefix("outbid by ").partition(": ")
        rival = rival.removesuffix(" while it was queued")
        full = f" ({_limit(cap)})" if cap else ""
        return f"A more important message takes the room that a cap leaves{full}: {rival}."
    return f"A cap is reached: {_limit(found)}."


def _tired(found: str) -> str:
    told = _ASKED.match(found)
    if told is None:
        return "The person was not asked by a survey too short a time ago." if found == "rested" else found
    span = _span(int(told[3]))
    length = f"a {span}" if not span[0].isdigit() else span
    return f"The person was asked by the survey {told[1]} at {told[2]}, less than {length} apart."


def _limit(cap: str) -> str:
    told = _CAP.match(cap)
    if told is None:
        return cap
    count, seconds, unit, medium, purpose = told.groups()
    span = f"each {unit} on the person's calendar" if unit else f"any {_span(int(seconds))}"
    kind = f" by {_MEDIA.get(medium, medium)}" if medium else ""
    aim = f" for {purpose.replace('_', ' ')}" if purpose else ""
    return f"at most {count} message{'' if count == '1' else 's'}{kind}{aim} in {span}"


def _span(seconds: int) -> str:
    name, size = next((name, size) for name, size in _SPANS if seconds % size == 0)
    count = seconds // size
    return name if count == 1 else f"{count} {name}s"


_CHECKS: Mapping[str, Callable[[str], str]] = {
    "definitions": lambda found: _FAULTS.get(found, found),
    "consent": _consent,
    "address": lambda found: _ADDRESSES.get(found, found),
    "suppression": _suppression,
    "contamination": _contamination,
    "quiet_hours": _quiet,
    "survey_fatigue": _tired,
    "frequency_cap": _cap,
    "sandbox": lambda found: (
        "The sandbox lets messages out to this address."
        if found == "address listed"
        else "Sending is in the sandbox, and this address is not listed there: all checks passed, and nothing went out."
    ),
}
