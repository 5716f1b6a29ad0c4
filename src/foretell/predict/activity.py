"""Which events people did themselves."""

from __future__ import annotations

from foretell.engine import UNSENT

_BY_PEOPLE = (
    *("Unsubscribed", "Consent Updated", "Survey Answered"),
    *(f"{channel} {what}" for channel in ("Email", "SMS", "Push", "Message") for what in ("Link Clicked", "Replied")),
)
_NAMES = ", ".join(f"'{name}'" for name in _BY_PEOPLE)
DONE_BY_PEOPLE = f"(coalesce(e.source, '') NOT IN ({UNSENT}) OR e.event IN ({_NAMES}))"
"""Rows of own tables are nobody's doing. Of the events ``e`` that Foretell tells itself only what people
did. That somebody's band was crossed or that they were sent a message is no activity of theirs, or a score
would move itself; an open may be a machine's; and what a session held counts by its own events, or a visit
would count twice once it is over."""


def by_people(machine: str | None) -> str:
    """:data:`DONE_BY_PEOPLE` without what a program did, such as a scanner that follows the links of a mail.

    Args:
        machine: column of the log with the texts of the property ``machine``; None where nothing ever said so.
    """
    return DONE_BY_PEOPLE if machine is None else f"{DONE_BY_PEOPLE} AND coalesce(e.{machine}, '') <> 'true'"
