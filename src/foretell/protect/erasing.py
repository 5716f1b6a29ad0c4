"""Erasing people: in the stores, in files, in back-ups, and once more in a back-up that is restored."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from foretell import predict
from foretell.clock import Clock, FixedClock
from foretell.collect import telling_words
from foretell.definitions import Catalog
from foretell.engine import Engine, RoomParts
from foretell.errors import UsageError
from foretell.identify import Match, find
from foretell.profile import privacy
from foretell.protect.artifacts import erase_artifacts
from foretell.protect.backups import (
    BackupReport,
    erased_hashes,
    made_at,
    make_backup,
    note_erased,
)
from foretell.protect.unpacking import unpack_backup, unpacked_beside

ALSO_COUNTED = ("case_history", "engagements", "inbox", "journey_sends", "suppressions")
"""Operational tables that hold something of people without naming them by a key."""
_NOT_COUNTED = {"batches", "erasure_people", "privacy_requests", "property_columns", "seen_messages"}
Told = Callable[[str], None]


@dataclass(frozen=True)
class Opened:
    """A workspace, as this room sees it.

    Args:
        rooms: what all rooms own in the stores.
        open: opens another workspace for writing, by its folder and a clock.
    """

    root: Path
    engine: Engine
    catalog: Catalog
    rooms: Sequence[RoomParts]
    open: Callable[[Path, Clock], AbstractContextManager[Opened]]

    @property
    def key(self) -> bytes:
        """The workspace's key for identifiers."""
        return privacy.hashing_key(self.engine.settings, self.catalog.settings)


def erase_people(
    place: Opened, identifiers: Iterable[str], *, made_by: str, now: datetime, told: Told | None = None
) -> privacy.Erasure:
    """Erase the people of these identifiers everywhere; what an earlier erasure left undone is done first.

    Raises:
        UsageError: ``PROFILE_UNKNOWN``, ``PROFILE_AMBIGUOUS``, ``ALREADY_ERASED``; nothing has changed then.
        ForetellError: ``DISK_FULL`` and the like; it is gone on with by the next erasure and by ``foretell run``.
    """
    name = begin_erasure(place, identifiers, made_by=made_by, now=now)
    for one in privacy.unfinished(place.engine):
        _carried_out(place, one, now=now, told=told)
    return privacy.show_erasure(place.engine, name)


def begin_erasure(place: Opened, identifiers: Iterable[str], *, made_by: str, now: datetime) -> str:
    """Note durably that people are to be erased; :func:`go_on` does it. Returns the erasure's name, where all of them
    are being erased already that of theirs.

    Raises:
        UsageError: ``PROFILE_UNKNOWN``, ``PROFILE_AMBIGUOUS``, ``ALREADY_ERASED``; nothing has changed then.
    """
    keys = sorted({found_or_erased(place, one).profile_key for one in identifiers})
    begun = privacy.under_way(place.engine, keys)
    keys = [key for key in keys if key not in begun]
    if not keys and begun:
        return min(begun.values())
    requests = privacy.open_requests_of(place.engine.ops, keys, "erasure")
    return privacy.begin(place.engine, keys, requests=requests, made_by=made_by, now=now)


def go_on(place: Opened, *, now: datetime, told: Told | None = None) -> list[privacy.Erasure]:
    """Finish the erasures that a crash or an error stopped."""
    return [_carried_out(place, name, now=now, told=told) for name in privacy.unfinished(place.engine)]


def found_or_erased(place: Opened, identifier: str) -> Match:
    """The person, or an error that says that they were erased, where that is so."""
    try:
        return find(place.engine, identifier)
    except UsageError as error:
        kind, colon, value = identifier.partition(":")
        kinds = [kind] if colon else ["user_id", "email", "phone", "anonymous_id"]
        asked = value if colon else identifier
        told = pa.table({"kind": kinds, "value": [asked.strip().lower() if one == "email" else asked for one in kinds]})
        at = privacy.erasure_of(place.engine, told, place.key)
        if error.code != "PROFILE_UNKNOWN" or at is None:
            raise
        raise UsageError(
            "ALREADY_ERASED",
            f"the person with this identifier was erased on {at:%Y-%m-%d}",
            next_step="See foretell privacy certificates.",
        ) from error


def back_up(place: Opened, path: Path, *, now: datetime) -> BackupReport:
    """Write a back-up; erasures find it there later."""
    _ = place.key  # it is made on first use, and the back-up has to hold it
    return make_backup(place.engine, place.root, path, place.rooms, now=now)


def restore(
    path: Path,
    root: Path,
    rooms: Sequence[RoomParts],
    open_: Callable[[Path, Clock], AbstractContextManager[Opened]],
    clock: Clock,
    made_by: str,
) -> BackupReport:
    """Restore a back-up into an empty folder and empty stores, and erase again whoever was erased since.

    Raises:
        UsageError: ``NOT_EMPTY``; ForetellError: see :func:`~foretell.protect.unpacking.unpack_backup`.
    """
    manifest = unpack_backup(path, root, rooms)
    with open_(root, clock) as place:
        again = _erase_listed(place, erased_hashes(root), place.key, made_by=made_by, now=clock.now())
    files = manifest["files"]
    return BackupReport(
        str(path), len(files), sum(one["bytes"] for one in files.values()), manifest["made_at"], erased_again=again
    )


def _erase_listed(place: Opened, hashes: pa.Table, key: bytes, *, made_by: str, now: datetime) -> int:
    """Erase who has one of the keyed hashes ``hashes``, made with ``key``; returns how many people they are."""
    keys = privacy.people_with(place.engine, hashes, key) if hashes.num_rows else []
    if keys:
        name = privacy.begin(place.engine, keys, made_by=made_by, now=now)
        _carried_out(place, name, now=now, told=None)
    return len(keys)


def _carried_out(place: Opened, name: str, *, now: datetime, told: Told | None) -> privacy.Erasure:
    erasure = privacy.carry_out(place.engine, name, _how(place), now=now, told=told)
    if erasure.certificate is not None:
        note_erased(place.root, erasure.certificate["subjects"], now)
    return erasure


def _how(place: Opened) -> privacy.Erasing:
    """How people are erased in this workspace."""
    named = {table for room in place.rooms for table in (*room.people, *room.rebuilt)}
    counted = sorted((named - _NOT_COUNTED) | set(ALSO_COUNTED))
    doors: dict[str, privacy.Door] = {
        "model files": lambda words: predict.forget_models(place.engine, long_words(words)),
        "exports and back-ups": lambda words: erase_artifacts(
            place.engine, words, lambda path, gone: _erase_in_backup(place, path, gone)
        ),
    }
    return privacy.Erasing(place.key, place.catalog.settings.zone, counted, doors)


def _erase_in_backup(place: Opened, path: Path, words: pa.Table) -> int:
    """Erase people in a back-up where it lies; returns how many were found in it."""
    hashes = privacy.keyed_hashes(words, place.key).select(["hash"])
    with unpacked_beside(path, place.rooms) as (root, manifest):
        clock = FixedClock(made_at(manifest))
        with place.open(root, clock) as inner:
            for one in inner.engine.ops.query("SELECT path FROM artifacts"):
                _forget_artifact(inner.engine, one[0])  # they are erased from where they lie, not from here
            found = _erase_listed(inner, hashes, place.key, made_by="back-up", now=clock.now())
            if found:
                make_backup(inner.engine, root, path, place.rooms, now=clock.now(), register=False)
    return found


def _forget_artifact(engine: Engine, path: str) -> None:
    with engine.ops.write() as tx:
        tx.execute("DELETE FROM artifacts WHERE path = ?", (path,))


def long_words(words: pa.Table) -> pa.Array:
    """The words that tell a person wherever they stand, in lower case."""
    found = telling_words(words)
    return found.filter(found["telling"])["word"].combine_chunks()


def certificates(engine: Engine) -> list[dict[str, Any]]:
    """The certificates of all erasures, the latest first."""
    return [dict(one.certificate) for one in privacy.list_erasures(engine) if one.certificate is not None]
