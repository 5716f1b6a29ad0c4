"""Audiences that follow a segment: who is in it joins, who is not in it any more leaves."""

from __future__ import annotations

from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from foretell import segment
from foretell.clock import micros, naive_utc
from foretell.definitions import Catalog
from foretell.deliver import audience_document
from foretell.deliver.audiences import judged, leave_audience, let_in
from foretell.deliver.deciding import Sending
from foretell.deliver.gate import SEND
from foretell.deliver.permissions import AUDIENCES
from foretell.engine import TIMESTAMP, Batch, Engine, Tx, table_of
from foretell.profile import purposes_of

_PEOPLE = {"profile_key": pa.int64(), "node_key": pa.int64()}
_INSIDE = "SELECT profile_key, node_key, run FROM audience_members WHERE audience = ? AND left_at IS NULL"


def follow_segments(engine: Engine, catalog: Catalog, *, now: datetime) -> tuple[int, int]:
    """Bring every audience that follows a segment to who is in it by the last look; returns how many joined and left.

    Whoever has entered since the time before leaves a decision row, whatever it is. Who may not join is not asked
    about again until advertising is allowed. People whom a journey put into the audience are the journey's to take
    out. An audience that follows nothing any more lets those go whom it took in by itself.
    """
    looked = dict(engine.ops.query("SELECT audience, looked_at FROM followed_audiences"))
    kept: frozenset[str] | None = None
    joined = left = 0
    followed = {
        document.key: key
        for document in catalog.all(audience_document.KIND.name)
        if (key := audience_document.spec_of(document).segment) is not None
    }
    for audience, key in followed.items():
        kept = segment.live.kept_segments(engine) if kept is None else kept
        if key in kept:
            one = _Following(engine, catalog, audience, looked.get(audience), now)
            came, went = one.become(segment.live.current(engine, key))
            joined, left = joined + came, left + went
    for audience in sorted(looked.keys() - followed.keys()):
        left += _let_go(engine, audience, now)
    return joined, left


class _Following:
    def __init__(self, engine: Engine, catalog: Catalog, audience: str, looked: int | None, now: datetime) -> None:
        self._engine, self._catalog, self._audience, self._now = engine, catalog, audience, now
        self._looked = -1 if looked is None else looked

    def become(self, wanted: pa.Table) -> tuple[int, int]:
        """Let come and go; ``wanted`` has profile_key and since."""
        inside = table_of(_PEOPLE | {"run": pa.string()}, self._engine.ops.query(_INSIDE, (self._audience,)))
        own = inside.filter(pc.is_null(inside["run"]))
        leaving = own.filter(pc.invert(pc.is_in(own["profile_key"], wanted["profile_key"].combine_chunks())))
        outside = wanted.filter(pc.invert(pc.is_in(wanted["profile_key"], inside["profile_key"].combine_chunks())))
        since = outside["since"].cast(TIMESTAMP).cast(pa.int64())
        outside = outside.append_column("fresh", pc.greater(since, self._looked))
        if outside.num_rows:
            may = AUDIENCES.only(self._engine.ops, outside["profile_key"], self._now, purposes_of(self._catalog)).kept
            outside = outside.filter(pc.or_(outside["fresh"], pc.is_in(outside["profile_key"], may)))
        if outside.num_rows + leaving.num_rows == 0 and self._looked >= 0:
            return 0, 0
        return self._act(outside, leaving)

    def _act(self, outside: pa.Table, leaving: pa.Table) -> tuple[int, int]:
        came: list[int] = []

        def work(tx: Tx, batch: Batch) -> None:
            if leaving.num_rows:
                leave_audience(
                    tx, batch, self._audience, _asking(leaving["profile_key"], leaving["node_key"], self._now)
                )
            if outside.num_rows:
                keys = outside["profile_key"]
                asked = judged(
                    tx, self._audience, _asking(keys, keys, self._now), Sending(self._catalog, self._now)
                ).append_column("fresh", outside["fresh"])
                # Who was refused before, and is again, was told of then.
                asked = asked.filter(pc.or_(asked["fresh"], pc.equal(asked["decision"], SEND))).drop_columns(["fresh"])
                came.append(let_in(tx, batch, self._audience, asked, self._catalog))
            tx.execute(
                "INSERT INTO followed_audiences VALUES (?, ?) "
                "ON CONFLICT (audience) DO UPDATE SET looked_at = excluded.looked_at",
                (self._audience, micros(self._now)),
            )

        self._engine.act("deliver", work, now=self._now)
        return sum(came), leaving.num_rows


def _let_go(engine: Engine, audience: str, now: datetime) -> int:
    rows = engine.ops.query(f"{_INSIDE} AND run IS NULL", (audience,))
    leaving = table_of(_PEOPLE | {"run": pa.string()}, rows)

    def work(tx: Tx, batch: Batch) -> None:
        if leaving.num_rows:
            leave_audience(tx, batch, audience, _asking(leaving["profile_key"], leaving["node_key"], now))
        tx.execute("DELETE FROM followed_audiences WHERE audience = ?", (audience,))

    engine.act("deliver", work, now=now)
    return int(leaving.num_rows)


def _asking(profile_keys: pa.ChunkedArray, node_keys: pa.ChunkedArray, now: datetime) -> pa.Table:
    height = len(profile_keys)
    return pa.table(
        {
            "profile_key": profile_keys,
            "node_key": node_keys,
            "at": pa.repeat(pa.scalar(naive_utc(now), TIMESTAMP), height),
            "run": pa.nulls(height, pa.string()),
        }
    )
