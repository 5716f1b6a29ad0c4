"""Buttons of messages to the team: what they ask for is done, and answered where they were pressed."""

from __future__ import annotations

from datetime import datetime

from foretell import care, deliver
from foretell.app import Workspace
from foretell.errors import ForetellError


def do_asked(place: Workspace, channel_key: str, asked: deliver.Asked, now: datetime) -> str:
    """Let whoever asks have the case; returns what they are told. Whoever has it keeps it."""
    told = _taken(place, asked, now)
    deliver.answer_asked(place.catalog, channel_key, asked, told)
    return told


def _taken(place: Workspace, asked: deliver.Asked, now: datetime) -> str:
    try:
        case = care.show(place.engine, asked.case_id)
        if case.state == "closed":
            return f"Case {asked.case_id} is closed."
        if case.owner == asked.by:
            return f"{asked.by} has case {asked.case_id} already."
        if case.owner:
            return f"{case.owner} has case {asked.case_id}."
        change = care.CaseChange(owner=asked.by, version=case.version)
        care.change(place.engine, place.catalog, asked.case_id, change, by=asked.by, now=now)
    except ForetellError as error:
        return f"Case {asked.case_id}: {error}"
    return f"{asked.by} has taken case {asked.case_id}."
