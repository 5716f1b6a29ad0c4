"""Keeping lists at platforms in step beside joins and leaves: memberships that end by themselves, and those that would
lapse over there, erased people, and asking what became of what was told.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

import pyarrow as pa
from pydantic import ValidationError

from foretell.clock import Duration, from_micros, micros, zone_of
from foretell.definitions import Catalog
from foretell.deliver import audience_document, channel_document, outbox
from foretell.deliver.audience_document import AudienceSpec
from foretell.deliver.audience_removals import due_removals, record_removals, settle_removals
from foretell.deliver.audience_rows import change, list_name
from foretell.deliver.audiences import leave_after, tell_again
from foretell.deliver.channels.base import Channel, ChannelPlace, ListKeeper, ListLook, Receipt, UploadLook
from foretell.engine import Batch, Engine, Tx, scratch, table_of
from foretell.errors import ForetellError

LOOK_EVERY = timedelta(hours=6)
"""So often a platform is asked how a list stands."""
_FIRST_LOOK = timedelta(minutes=30)
"""So long after a request its result is asked for (Google, *Diagnostics*), and so often again."""
_LAST_LOOK = timedelta(days=7)
"""What a platform has not settled by then it will not; it stays accepted."""
_MOST_UPLOADS = 20
_MOST_LOOKS = 400
_LOG = logging.getLogger("foretell.deliver")
_NAMES = """
SELECT coalesce(json_extract_string(m.told, '$.' || $split), '') AS part, count(*) AS told FROM m GROUP BY part
ORDER BY part"""
_LOOKED = (
    "INSERT INTO audience_looks (audience, list_name, looked_at, list_id, standing, size_low, size_high, match_low, "
    "match_high, life_days, rounding, told, error) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
    "ON CONFLICT (audience, list_name, looked_at) DO NOTHING"
)


@dataclass
class AudienceReport:
    """What a turn did.

    Args:
        lapsed: memberships that were over.
        renewed: memberships of which platforms were told again, so that they do not lapse there.
        removed: memberships of erased people whose removal a platform has taken.
        acknowledged: requests of which a platform has said that they are done.
        looked: lists that were looked at.
        failed: audiences of which a platform said nothing.
    """

    lapsed: int = 0
    renewed: int = 0
    removed: int = 0
    acknowledged: int = 0
    looked: int = 0
    failed: int = 0

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)


def keep_audiences(engine: Engine, catalog: Catalog, *, now: datetime) -> AudienceReport:
    """Do for every audience what is due; doing it again at the same instant does nothing."""
    report = AudienceReport()
    _forget(engine, catalog, now, report)
    for document in catalog.all(audience_document.KIND.name):
        spec = audience_document.spec_of(document)
        if spec.stays is not None:
            joined = Duration.parse(spec.stays).before(now, zone_of(catalog.settings.zone))
            report.lapsed += leave_after(engine, document.key, joined, now)
        life = _life(engine, document.key)
        if life is not None:
            report.renewed += tell_again(engine, document.key, now - life / 2, now)
        _look(engine, catalog, document.key, spec, now, report)
    return report


def _life(engine: Engine, audience: str) -> timedelta | None:
    """The shortest membership that a look at the audience's lists has told."""
    rows = engine.ops.query("SELECT min(life_days) FROM audience_looks WHERE audience = ?", (audience,))
    return timedelta(days=rows[0][0]) if rows[0][0] else None


def _forget(engine: Engine, catalog: Catalog, now: datetime, report: AudienceReport) -> None:
    """Tell platforms of erased people."""
    for audience, part in groupby(due_removals(engine, now), key=lambda one: one.audience):
        removals = list(part)
        receipts: Sequence[Receipt] = ()
        delivers = False
        try:
            key = audience_document.spec_of(catalog.get("audience", audience)).channel
            rows = [change(catalog, audience, one.removal_id, "leave", one.told, now) for one in removals]
            kind = channel_document.kind_of(catalog, key)
            delivers = kind is not None and (kind.capabilities.delivers or kind.development)
            with _opened(engine, catalog, key) as channel:
                size = kind.capabilities.batch_size if kind else len(rows)
                for start in range(0, len(rows), size):
                    receipts = [*receipts, *channel.send(rows[start : start + size], now=now)]
        except (ForetellError, ValidationError, OSError) as error:
            known = {receipt.message_id for receipt in receipts}
            lost = [one for one in removals if one.removal_id not in known]
            receipts = [*receipts, *(Receipt(one.removal_id, "later", error=str(error)) for one in lost)]
        found = {receipt.message_id: receipt for receipt in receipts}
        report.removed += record_removals(engine, removals, found, now, delivers=delivers)


@contextmanager
def _opened(engine: Engine, catalog: Catalog, key: str) -> Iterator[Channel]:
    channel = channel_document.open_channel(catalog, key, ChannelPlace(catalog.settings, engine.ops))
    if channel is None:
        raise ForetellError("UNKNOWN_DEFINITION", f"nothing serves the channel {key!r}")
    yield channel


def _look(
    engine: Engine, catalog: Catalog, audience: str, spec: AudienceSpec, now: datetime, report: AudienceReport
) -> None:
    """Ask the platform how its lists stand, and what became of what it takes in later."""
    kind = channel_document.kind_of(catalog, spec.channel)
    if kind is None or kind.development:
        return
    uploads = list(_open_uploads(engine, audience, now))
    looked = engine.ops.query("SELECT max(looked_at) FROM audience_looks WHERE audience = ?", (audience,))[0][0]
    due = looked is None or from_micros(looked) + LOOK_EVERY <= now
    if not uploads and not due:
        return
    try:
        with _opened(engine, catalog, spec.channel) as channel:
            if not isinstance(channel, ListKeeper):
                return
            try:
                for accepted_id in uploads:
                    state = channel.upload(accepted_id, now=now)
                    report.acknowledged += _settle(engine, audience, accepted_id, state, now)
                if due:
                    report.looked += _look_at_lists(engine, audience, spec, channel, now)
            finally:
                channel.close()
    except (ForetellError, ValidationError, OSError) as error:
        report.failed += 1
        _LOG.warning("audience %s: %s", audience, error)
        if due:
            _note(engine, audience, spec.title or audience, None, 0, str(error), now)
        with engine.ops.write() as tx:
            for accepted_id in uploads:
                _note_upload(tx, audience, accepted_id, UploadLook("processing", said=str(error)), now)


def _look_at_lists(engine: Engine, audience: str, spec: AudienceSpec, channel: ListKeeper, now: datetime) -> int:
    looked = 0
    for name, told in _lists(engine, audience, spec).items():
        found = channel.look(spec.list, name, told, now=now)
        if found is not None or told == 0:
            _note(engine, audience, name, found, told, "", now)
            looked += found is not None
    return looked


def _lists(engine: Engine, audience: str, spec: AudienceSpec) -> dict[str, int]:
    """The names of the audience's lists, and how many people are on each by what the platform was told."""
    rows = engine.ops.query("SELECT told FROM audience_members WHERE audience = ? AND left_at IS NULL", (audience,))
    if not spec.split:
        return {list_name(spec, audience, {}): len(rows)}
    members = table_of({"told": pa.string()}, rows)
    found = scratch(_NAMES, {"m": members}, {"split": spec.split}).to_pylist()
    return {list_name(spec, audience, {spec.split: row["part"]}): row["told"] for row in found}


def _note(
    engine: Engine, audience: str, name: str, look: ListLook | None, told: int, error: str, now: datetime
) -> None:
    said = look or ListLook("", name, "")
    row = (
        said.list_id, said.standing, said.size_low, said.size_high, said.match_low, said.match_high, said.life_days,
        said.rounding, told, error,
    )  # fmt: skip
    with engine.ops.write() as tx:
        tx.execute(_LOOKED, (audience, name, micros(now), *row))
        tx.execute(
            "DELETE FROM audience_looks WHERE audience = ? AND list_name = ? AND looked_at < "
            "(SELECT min(k.looked_at) FROM (SELECT l.looked_at FROM audience_looks l WHERE l.audience = ? "
            "AND l.list_name = ? ORDER BY l.looked_at DESC LIMIT ?) AS k)",
            (audience, name, audience, name, _MOST_LOOKS),
        )


def _open_uploads(engine: Engine, audience: str, now: datetime) -> Iterator[str]:
    """Requests that the platform takes in later and has not settled, the oldest first."""
    rows = engine.ops.query(
        "SELECT o.accepted_id FROM (SELECT m.accepted_id, max(m.handed_over_at) AS at FROM messages m "
        "WHERE m.medium = 'ads' AND m.template = ? AND m.state = 'sent' AND m.accepted_id <> '' GROUP BY m.accepted_id "
        "UNION ALL SELECT r.accepted_id, max(r.asked_at) AS at FROM audience_removals r "
        "WHERE r.audience = ? AND r.state = 'told' GROUP BY r.accepted_id) AS o "
        "LEFT JOIN audience_uploads u ON u.accepted_id = o.accepted_id "
        "WHERE coalesce(u.looked_at, o.at) <= ? AND o.at >= ? "
        "ORDER BY coalesce(u.looked_at, o.at), o.accepted_id LIMIT ?",
        (audience, audience, micros(now - _FIRST_LOOK), micros(now - _LAST_LOOK), _MOST_UPLOADS),
    )
    for (accepted_id,) in rows:
        yield str(accepted_id)


def _note_upload(tx: Tx, audience: str, accepted_id: str, state: UploadLook, now: datetime) -> None:
    tx.execute(
        "INSERT INTO audience_uploads (accepted_id, audience, state, rows, refused, said, looked_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (accepted_id) DO UPDATE SET state = excluded.state, "
        "rows = excluded.rows, refused = excluded.refused, said = excluded.said, looked_at = excluded.looked_at",
        (accepted_id, audience, state.state, state.rows, state.refused, state.said, micros(now)),
    )


def _settle(engine: Engine, audience: str, accepted_id: str, state: UploadLook, now: datetime) -> int:
    """Write what came of a request; returns 1 where the platform has done what it will do."""
    over = state.state != "processing"
    failed = state.state == "failed"
    why = f"the platform took none of the {state.rows} rows: {state.said}"

    def work(tx: Tx, batch: Batch) -> None:
        _note_upload(tx, audience, accepted_id, state, now)
        if not over:
            return
        found = tx.query(
            "SELECT message_id FROM messages WHERE medium = 'ads' AND template = ? AND state = 'sent' "
            "AND accepted_id = ? ORDER BY message_id",
            (audience, accepted_id),
        )
        settled = (
            (outbox.FAILED, "terminal", why, None, micros(now))
            if failed
            else (outbox.DELIVERED, None, None, micros(now), None)
        )
        tx.executemany(
            "UPDATE messages SET state = ?, failure = ?, error = ?, delivered_at = ?, ended_at = ? "
            "WHERE message_id = ?",
            [(*settled, message_id) for (message_id,) in found],
        )
        outbox.publish(tx, batch, pa.array([message_id for (message_id,) in found], pa.string()))
        settle_removals(tx, accepted_id, now, done=not failed, error=why)

    engine.act("deliver", work, now=now)
    return int(over)


@dataclass(frozen=True)
class Found:
    """One thing that was looked at.

    Args:
        what: in words.
        said: what was found, or what is wrong.
    """

    what: str
    ok: bool
    said: str


def check_audience(engine: Engine, catalog: Catalog, key: str, *, now: datetime) -> list[Found]:
    """Try an audience's way to its platform; the last thing is the first that is wrong. Nobody is told of anybody.

    Raises:
        ForetellError: ``UNKNOWN_DEFINITION``.
    """
    spec = audience_document.spec_of(catalog.get(audience_document.KIND.name, key))
    kind = channel_document.kind_of(catalog, spec.channel)
    if kind is None:
        return [Found("channel", False, f"nothing serves the channel {spec.channel}")]
    found = [Found("channel", True, f"{spec.channel} uses {kind.name}")]
    if kind.development:
        return [*found, Found("platform", True, "a development channel: changes land in the inbox, and nowhere else")]
    try:
        with _opened(engine, catalog, spec.channel) as channel:
            found.append(Found("settings", True, "the channel opens, its secrets are there"))
            if not isinstance(channel, ListKeeper):
                return [
                    *found,
                    Found("platform", True, "it is told of each change, and keeps no list that can be asked"),
                ]
            try:
                for name, told in _lists(engine, key, spec).items():
                    found.append(_found(name, channel.look(spec.list, name, told, now=now), told))
            finally:
                channel.close()
    except (ForetellError, ValidationError, OSError) as error:
        found.append(Found("platform" if len(found) > 1 else "settings", False, str(error)))
    return found


def _found(name: str, look: ListLook | None, told: int) -> Found:
    if look is None:
        return Found(f"list {name}", True, "there is none yet; it is made when the first person joins")
    sizes = sorted({str(size) for size in (look.size_low, look.size_high) if size is not None})
    size = f", {' to '.join(sizes)} people can be reached" if sizes else ""
    return Found(f"list {name}", True, f"id {look.list_id}, {look.standing or 'no state told'}{size}; {told} were told")
