"""Protect: what may people ask of us, and is it done everywhere?

Enters: requests of people (to see, to forget, to leave alone) and a workspace with all its rooms. Leaves: copies of
everything about a person, erasures with their certificates, back-ups that know who was erased since, the record of
processing. Called by ``app`` and the doors. What is kept of it lies in ``profile``; this room reaches the rooms that
come after that one: model files, messages as sent, exports, back-ups.
"""

from __future__ import annotations

from foretell.protect.acting import ask, lift, restrict, suppress, unsuppress
from foretell.protect.artifacts import artifacts, keeping, register_artifact
from foretell.protect.backups import BackupReport
from foretell.protect.erasing import (
    Opened,
    back_up,
    begin_erasure,
    certificates,
    erase_people,
    found_or_erased,
    go_on,
    restore,
)
from foretell.protect.exporting import everything_about, export_person
from foretell.protect.record import processing_record, record_markdown

__all__ = [
    "BackupReport",
    "Opened",
    "artifacts",
    "ask",
    "back_up",
    "begin_erasure",
    "certificates",
    "erase_people",
    "everything_about",
    "export_person",
    "found_or_erased",
    "go_on",
    "keeping",
    "lift",
    "processing_record",
    "record_markdown",
    "register_artifact",
    "restore",
    "restrict",
    "suppress",
    "unsuppress",
]
