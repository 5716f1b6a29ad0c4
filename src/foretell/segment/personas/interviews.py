"""Whom to ask: the most loyal and those who left lately, spread over personas, who may be asked."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc

from foretell.clock import Duration, from_micros, micros, naive_utc, utc
from foretell.definitions import Catalog
from foretell.engine import Analytics, Engine, OperationalStore, Tx, scratch
from foretell.errors import UsageError
from foretell.ids import stable_id
from foretell.profile import purposes_of, way_out
from foretell.segment.personas.document import Interviews, PersonaSpec, spec_of
from foretell.segment.personas.membership import PERSONAS

INTERVIEWS = way_out("segment.interviews", "", "people who are asked for an interview")

Cause = Literal["loyal", "churned"]
States = Literal["picked", "invited", "done", "declined"]
STATES: tuple[States, ...] = ("picked", "invited", "done", "declined")

_DONE = """
SELECT p.profile_key, p.persona, count(*) AS times, min(e.ts) AS first_at, max(e.ts) AS last_at,
  count(CASE WHEN e.ts > $since THEN 1 END) AS recent
FROM log_events e JOIN people p ON p.profile_key = e.profile_key WHERE e.event = $event AND e.ts <= $as_of
GROUP BY p.profile_key, p.persona"""
_SPREAD = """
WITH sorted AS (
  SELECT d.*, CASE WHEN last_at > $left THEN 'loyal' ELSE 'churned' END AS cause,
    percent_rank() OVER (PARTITION BY CASE WHEN last_at > $left THEN 1 ELSE 0 END ORDER BY times) AS often,
    percent_rank() OVER (PARTITION BY CASE WHEN last_at > $left THEN 1 ELSE 0 END ORDER BY first_at DESC) AS long,
    percent_rank() OVER (PARTITION BY CASE WHEN last_at > $left THEN 1 ELSE 0 END ORDER BY last_at) AS late
  FROM done d WHERE times >= 2 AND last_at > $lately
), scored AS (
  SELECT *, CASE WHEN cause = 'loyal' THEN 2 * often + long ELSE often + late END AS score FROM sorted
), placed AS (
  SELECT *, row_number() OVER (PARTITION BY cause, persona ORDER BY score DESC, profile_key) AS place FROM scored
), chosen AS (
  SELECT *, row_number() OVER (PARTITION BY cause ORDER BY place, score DESC, profile_key) AS number FROM placed
)
SELECT profile_key, persona, cause, times, first_at, last_at FROM chosen
WHERE (cause = 'loyal' AND number <= $loyal) OR (cause = 'churned' AND number <= $churned)
ORDER BY cause DESC, number"""


@dataclass(frozen=True)
class Picked:
    """Somebody to ask.

    Args:
        times, first_at, last_at: how often they did what loyal people do, and when first and last (UTC).
    """

    profile_key: int
    persona: str
    cause: Cause
    times: int
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True)
class Interview:
    """An interview that is planned, or was held.

    Args:
        guide: what to ask, each with ``about`` (why it is asked) and ``question``.
    """

    interview_id: str
    profile_key: int
    profile_id: str
    persona: str
    cause: Cause
    state: States
    guide: tuple[Mapping[str, str], ...]
    picked_at: datetime
    changed_at: datetime
    by: str

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        told = {name: value for name, value in vars(self).items() if name != "profile_key"}
        instants = {name: told[name].isoformat() for name in ("picked_at", "changed_at")}
        return {**told, **instants, "guide": [dict(one) for one in self.guide]}


def sample(
    engine: Engine, catalog: Catalog, spec: PersonaSpec, people: pa.Table, *, as_of: datetime, now: datetime
) -> list[Picked]:
    """The most loyal, and those who left lately, of ``people`` (profile_key, persona): a few of each persona.

    Only whom the document's purpose allows to be asked; who was interviewed before, or declined, is not asked again.
    """
    asked, zone = spec.interviews, catalog.settings.zone_info
    free = _free(engine, catalog, people, now)
    if not free.num_rows:
        return []
    done = _done(engine.analytics, asked, spec, free, as_of, catalog)
    chosen = scratch(
        _SPREAD,
        {"done": done},
        {
            "left": naive_utc(Duration.parse(asked.gone_after).before(as_of, zone)),
            "lately": naive_utc(Duration.parse(asked.gone_within).before(as_of, zone)),
            "loyal": asked.loyal,
            "churned": asked.churned,
        },
    )
    return [
        Picked(
            row["profile_key"], row["persona"], row["cause"], row["times"], utc(row["first_at"]), utc(row["last_at"])
        )
        for row in chosen.to_pylist()
    ]


def _free(engine: Engine, catalog: Catalog, people: pa.Table, now: datetime) -> pa.Table:
    past = [int(key) for (key,) in engine.ops.query(
        "SELECT DISTINCT profile_key FROM persona_interviews WHERE state <> 'picked'")]  # fmt: skip
    new = people.filter(pc.invert(pc.is_in(people["profile_key"], pa.array(past, pa.int64()))))
    if not new.num_rows:
        return new
    return new.filter(pc.is_in(new["profile_key"], _may_be_asked(engine, catalog, new["profile_key"], now)))


def _may_be_asked(engine: Engine, catalog: Catalog, people: pa.Array | pa.ChunkedArray, now: datetime) -> pa.Array:
    """Those who may be written to for it, and whose behaviour may be looked at to choose them."""
    purposes, purpose = purposes_of(catalog), spec_of(catalog).interviews.purpose
    judged = PERSONAS.only(engine.ops, people, now, purposes).kept
    return INTERVIEWS.only(engine.ops, judged, now, purposes, purpose).kept


def _done(
    analytics: Analytics, asked: Interviews, spec: PersonaSpec, people: pa.Table, as_of: datetime, catalog: Catalog
) -> pa.Table:
    since = Duration.parse(spec.window).before(as_of, catalog.settings.zone_info)
    values = {"event": asked.event, "as_of": naive_utc(as_of), "since": naive_utc(since)}
    return analytics.query(_DONE, values, {"people": people.select(["profile_key", "persona"])})


def put_interviews(
    tx: Tx, picked: Sequence[tuple[Picked, Sequence[Mapping[str, str]]]], *, now: datetime, by: str
) -> None:
    """Let newly picked people take the place of those who were picked before and not asked yet."""
    tx.execute("DELETE FROM persona_interviews WHERE state = 'picked'")
    at = micros(now)
    tx.executemany(
        "INSERT INTO persona_interviews (interview_id, node_key, profile_key, persona, cause, state, guide, picked_at, "
        "changed_at, changed_by) VALUES (?, ?, ?, ?, ?, 'picked', ?, ?, ?, ?)",
        [
            (stable_id("int", str(one.profile_key), str(at)), one.profile_key, one.profile_key, one.persona, one.cause,
             json.dumps(list(guide)), at, at, by)
            for one, guide in picked
        ],
    )  # fmt: skip


def interviews(engine: Engine, catalog: Catalog, *, now: datetime, persona: str | None = None) -> list[Interview]:
    """Who is to be asked, and who was; the most loyal first. Who may not be asked (any more) is not among those who
    wait, see the document's ``purpose``."""
    where, values = ("WHERE i.persona = ?", (persona,)) if persona else ("", ())
    rows = engine.ops.query(f"{_SELECT} {where} ORDER BY i.cause DESC, i.picked_at DESC, i.interview_id", values)
    found = [_interview(row) for row in rows]
    waiting = pa.array([one.profile_key for one in found if one.state in ("picked", "invited")], pa.int64())
    if not len(waiting):
        return found
    kept = set(_may_be_asked(engine, catalog, waiting, now).to_pylist())
    return [one for one in found if one.state in ("done", "declined") or one.profile_key in kept]


def change_interview(engine: Engine, interview_id: str, state: States, *, by: str, now: datetime) -> Interview:
    """Say how an interview stands: ``invited``, ``done``, ``declined`` or ``picked`` again.

    Raises:
        UsageError: ``UNKNOWN_INTERVIEW``, ``BAD_INTERVIEW_STATE``.
    """
    if state not in STATES:
        raise UsageError("BAD_INTERVIEW_STATE", f"{state!r} is no state", next_step=f"One of: {', '.join(STATES)}.")
    old = interview(engine.ops, interview_id)
    with engine.ops.write() as tx:
        tx.execute(
            "UPDATE persona_interviews SET state = ?, changed_at = ?, changed_by = ? WHERE interview_id = ?",
            (state, micros(now), by, interview_id),
        )
    return replace(old, state=state, changed_at=from_micros(micros(now)), by=by)


def interview(store: OperationalStore, interview_id: str) -> Interview:
    """One interview; raises ``UNKNOWN_INTERVIEW``."""
    rows = store.query(f"{_SELECT} WHERE i.interview_id = ?", (interview_id,))
    if not rows:
        step = "See `foretell persona interviews`."
        raise UsageError("UNKNOWN_INTERVIEW", f"there is no interview {interview_id!r}", next_step=step)
    return _interview(rows[0])


def interviews_of(store: OperationalStore, profile_key: int) -> list[Interview]:
    """Every interview of a person: for a copy of all that is known of them."""
    rows = store.query(f"{_SELECT} WHERE i.profile_key = ? ORDER BY i.picked_at, i.interview_id", (profile_key,))
    return [_interview(row) for row in rows]


def _interview(row: Sequence[Any]) -> Interview:
    interview_id, profile, profile_id, persona, cause, state, guide, picked, changed, by = row
    return Interview(
        interview_id, int(profile), profile_id or "", persona, cause, state, tuple(json.loads(guide)),
        from_micros(picked), from_micros(changed), by,
    )  # fmt: skip


_SELECT = (
    "SELECT i.interview_id, i.profile_key, n.profile_id, i.persona, i.cause, i.state, i.guide, i.picked_at, "
    "i.changed_at, i.changed_by FROM persona_interviews i LEFT JOIN nodes n ON n.node_key = i.profile_key"
)
