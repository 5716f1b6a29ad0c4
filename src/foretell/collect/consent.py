"""Messages of people who have not agreed: what is left of them, before anything is written to the disk.

For sources with ``consent: required``. Segment's consent object says what a person agreed to
(``context.consent.categoryPreferences``, category → true or false;
https://segment.com/docs/privacy/consent-management/). Where it is missing or does not grant, what remains of a
message is the kind of call, the event's name, its own id, its times and what was not agreed to. That names nobody,
and lies in quarantine under ``CONSENT_MISSING``.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import msgspec

WITHHELD = '"withheld":"consent"'
"""In the context of what remains."""
_KEPT = ("type", "event", "messageId", "timestamp", "originalTimestamp", "sentAt")
_read, _write = msgspec.json.Decoder().decode, msgspec.json.Encoder().encode


def with_consent(lines: bytes, categories: Collection[str]) -> bytes:
    """``lines`` with what remains of messages whose sender has not agreed in their place.

    Args:
        lines: one message each, with its newline.
        categories: those that must be granted; none: all that the message names, and at least one.
    """
    return b"".join(line if _grants(told := _told(line), categories) else _remains(told) for line in _each(lines))


def _each(lines: bytes) -> list[bytes]:
    return [line + b"\n" for line in lines.split(b"\n")[:-1]]


def _told(line: bytes) -> dict[str, Any]:
    try:
        told = _read(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def _preferences(told: dict[str, Any]) -> dict[str, bool]:
    found: Any = told
    for name in ("context", "consent", "categoryPreferences"):
        found = found.get(name) if isinstance(found, dict) else None
    if not isinstance(found, dict):
        return {}
    return {name: granted is True for name, granted in found.items()}


def _grants(told: dict[str, Any], categories: Collection[str]) -> bool:
    given = _preferences(told)
    wanted = categories or given
    return bool(wanted) and all(given.get(name) is True for name in wanted)


def _remains(told: dict[str, Any]) -> bytes:
    left: dict[str, Any] = {name: told[name] for name in _KEPT if isinstance(told.get(name), str)}
    consent = {"consent": {"categoryPreferences": _preferences(told)}}
    return _write({**left, "context": {**consent, "withheld": "consent"}}) + b"\n"
