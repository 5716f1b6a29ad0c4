"""Looking for issues: for whom something goes wrong now, and for whom it is over.

A look is set-wise: each condition is asked once, and what a document finds and ends is one recorded batch. Doing it
again at the same instant changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from foretell.care.changing import close_all
from foretell.care.issues.document import IssueSpec, spec_of, title_of
from foretell.care.issues.parts import CLEARED, LAPSED, MERGED, OPEN, WITHDRAWN
from foretell.care.model import US
from foretell.care.opening import open_cases
from foretell.care.rule_document import rule_of
from foretell.clock import Duration, from_micros, micros
from foretell.condition import Reader, parse
from foretell.definitions import Catalog, Document
from foretell.engine import TIMESTAMP, Batch, Engine, Tx, python_rows, scratch, table_of
from foretell.ids import stable_id, text_keys, unit_intervals

HELD_OUT, TREATED = "held_out", "treated"
_STORED = {
    "issue_id": pa.string(), "issue": pa.string(), "profile_key": pa.int64(), "node_key": pa.int64(),
    "severity": pa.string(), "arm": pa.string(), "state": pa.string(), "detected_at": pa.int64(),
    "ended_at": pa.int64(), "case_id": pa.string(),
}  # fmt: skip
_COLUMNS = ", ".join(_STORED)
_RECENT = (
    "SELECT DISTINCT i.profile_key FROM issue_people p JOIN issues i ON i.profile_key = p.profile_key "
    "WHERE i.issue = ? AND (i.state = 'open' OR i.ended_at > ?)"
)


@dataclass(frozen=True)
class IssuesReport:
    """What a look found; all are counts.

    Args:
        lapsed: issues that went on for longer than they may last, or whose document is gone.
        cases: that were opened.
    """

    detected: int = 0
    cleared: int = 0
    lapsed: int = 0
    cases: int = 0

    def plus(self, other: IssuesReport) -> IssuesReport:
        """Both together."""
        return IssuesReport(
            self.detected + other.detected, self.cleared + other.cleared, self.lapsed + other.lapsed,
            self.cases + other.cases,
        )  # fmt: skip


def refresh(engine: Engine, catalog: Catalog, reader: Reader, *, now: datetime) -> IssuesReport:
    """Look for every issue that there is a document of, as of ``now``."""
    total = _withdraw(engine, catalog, now)
    for document in catalog.all("issue"):
        total = total.plus(_Look(engine, catalog, reader, document, now).made())
    return total


@dataclass(frozen=True)
class _Look:
    """One document's look."""

    engine: Engine
    catalog: Catalog
    reader: Reader
    document: Document
    now: datetime

    @property
    def spec(self) -> IssueSpec:
        return spec_of(self.document)

    def made(self) -> IssuesReport:
        wrong = self.reader.members(parse(self.spec.detect), as_of=self.now)["profile_key"].combine_chunks()
        standing = _open(self.engine, self.document.key)
        ended = self._ended(standing, wrong)
        fresh = self._fresh(wrong, standing.filter(pc.invert(pc.is_in(standing["issue_id"], ended["issue_id"]))))
        if not ended.num_rows and not fresh.num_rows:
            return IssuesReport()
        cases = 0

        def work(tx: Tx, batch: Batch) -> None:
            nonlocal cases
            _end(tx, batch, ended, title_of(self.document))
            cases = self._begin(tx, batch, fresh)

        self.engine.act("care_issues", work, now=self.now)
        self._close_cases(ended)
        cleared = pc.sum(pc.equal(ended["state"], CLEARED)).as_py() or 0
        return IssuesReport(fresh.num_rows, cleared, ended.num_rows - cleared, cases)

    def _ended(self, standing: pa.Table, wrong: pa.Array) -> pa.Table:
        """Those of ``standing`` that are over, with their new ``state`` and ``ended_at``."""
        if not standing.num_rows:
            return standing
        over = self._cleared(standing, wrong)
        begun = np.array([self._lasts_until(at) for at in standing["detected_at"].to_pylist()], dtype=np.int64)
        lapsed = begun <= micros(self.now)
        twice = scratch(
            "SELECT row_number() OVER (PARTITION BY profile_key ORDER BY detected_at, issue_id) > 1 AS twice, place "
            "FROM s ORDER BY place",
            {"s": standing.append_column("place", pa.array(np.arange(standing.num_rows)))},
        )["twice"]
        state = np.select([twice.to_numpy(), over, lapsed], [MERGED, CLEARED, LAPSED], OPEN)
        told = _replaced(standing, state=pa.array(state, pa.string()), ended_at=micros(self.now))
        return told.filter(pc.not_equal(told["state"], OPEN))

    def _cleared(self, standing: pa.Table, wrong: pa.Array) -> np.ndarray:
        """For each whether it is over by its condition."""
        if self.spec.clears is None:
            return np.asarray(pc.invert(pc.is_in(standing["profile_key"], wrong)))
        asked = scratch(
            "SELECT profile_key, make_timestamp(min(detected_at)) AS since FROM s GROUP BY profile_key", {"s": standing}
        )
        found = self.reader.members(parse(self.spec.clears), as_of=self.now, of="all", people=asked)
        return np.asarray(pc.is_in(standing["profile_key"], found["profile_key"].combine_chunks()))

    def _lasts_until(self, detected_at: int) -> int:
        length = Duration.parse(self.spec.lasts)
        if length.exact is not None:
            return detected_at + int(length.exact.total_seconds() * 1_000_000)
        zone = self.catalog.settings.zone_info
        return micros(length.after(from_micros(detected_at), zone))

    def _fresh(self, wrong: pa.Array, standing: pa.Table) -> pa.Table:
        """New issues: columns :data:`_STORED` and ``profile_id``."""
        wrong = wrong.filter(pc.invert(pc.is_in(wrong, standing["profile_key"].combine_chunks())))
        if not len(wrong):
            return pa.table({name: pa.array([], kind) for name, kind in {**_STORED, "profile_id": pa.string()}.items()})
        barred = self._barred(wrong)
        people = pa.table({"profile_key": wrong.filter(pc.invert(pc.is_in(wrong, barred)))})
        named = self.engine.analytics.query(
            "SELECT p.profile_key, n.profile_id FROM p JOIN nodes n ON n.node_key = p.profile_key ORDER BY 1",
            tables={"p": people},
        )
        ids = named["profile_id"].to_pylist()
        made = [stable_id("i", self.document.key, one, str(micros(self.now))) for one in ids]
        rows = named.append_column("issue_id", pa.array(made, pa.string()))
        rows = _replaced(
            rows, issue=self.document.key, node_key=rows["profile_key"], state=OPEN, detected_at=micros(self.now),
            ended_at=None, case_id=None, arm=self._arms(ids), severity=self._severities(rows),
        )  # fmt: skip
        return rows.select([*_STORED, "profile_id"])

    def _barred(self, people: pa.Array) -> pa.Array:
        """People who have it already, or had it so lately that it is not told anew."""
        again = self.spec.again_after
        since = self.now if again is None else Duration.parse(again).before(self.now, self.catalog.settings.zone_info)
        with self.engine.ops.write() as tx:
            tx.put("issue_people", pa.table({"profile_key": people}), key="profile_key")
            found = tx.query(_RECENT, (self.document.key, micros(since) - (1 if again is None else 0)))
        return pa.array([key for (key,) in found], pa.int64())

    def _arms(self, profile_ids: list[str]) -> pa.Array:
        answer = self.spec.answer
        share = 0.0 if answer is None else answer.holdout
        drawn = unit_intervals(f"arm:issue:{self.document.key}", text_keys(profile_ids))
        return pa.array(np.where(drawn < share, HELD_OUT, TREATED), pa.string())

    def _severities(self, rows: pa.Table) -> pa.Array:
        found = np.full(rows.num_rows, self.spec.severity, dtype=object)
        for one in reversed(self.spec.severities):
            asked = rows.select(["profile_key"])
            held = self.reader.members(parse(one.when), as_of=self.now, of="all", people=asked)["profile_key"]
            found[np.asarray(pc.is_in(rows["profile_key"], held.combine_chunks()))] = one.severity
        return pa.array(found.tolist(), pa.string())

    def _begin(self, tx: Tx, batch: Batch, fresh: pa.Table) -> int:
        """Write new issues, tell them, and open their cases; returns how many cases."""
        if not fresh.num_rows:
            return 0
        answer = self.spec.answer
        if answer is not None:
            ids = [stable_id("case", one) for one in fresh["issue_id"].to_pylist()]
            treated = pc.equal(fresh["arm"], TREATED)
            fresh = _replaced(fresh, case_id=pc.if_else(treated, pa.array(ids, pa.string()), None))
        tx.executemany(
            f"INSERT INTO issues ({_COLUMNS}) VALUES ({', '.join('?' * len(_STORED))}) "
            "ON CONFLICT (issue_id) DO NOTHING",
            python_rows(fresh.select(list(_STORED))),
        )
        _publish(batch, fresh)
        _tell(batch, fresh, "Issue Detected", title_of(self.document))
        return 0 if answer is None else open_cases(tx, batch, self._cases(fresh), self.catalog)

    def _cases(self, fresh: pa.Table) -> pa.Table:
        answer = self.spec.answer
        assert answer is not None
        rows = fresh.filter(pc.is_valid(fresh["case_id"]))
        count = rows.num_rows
        rule = rule_of(self.catalog, answer.case)
        own = None if rule is not None and rule.title is not None else title_of(self.document)
        told = {
            "title": answer.title or own, "reason": f"issue {self.document.key}", "owner": None,
            "journey": None, "run": None, "step": None, "rule": answer.case,
        }  # fmt: skip
        columns = {name: rows[name] for name in ("case_id", "profile_key", "node_key")}
        columns |= {name: pa.array([value] * count, pa.string()) for name, value in told.items()}
        columns["priority"] = rows["severity"] if rule is None else pa.nulls(count, pa.string())
        columns["opened_at"] = rows["detected_at"].cast(TIMESTAMP)
        columns["due_at"] = pa.nulls(count, TIMESTAMP)
        return pa.table(columns)

    def _close_cases(self, ended: pa.Table) -> None:
        """Cases that nobody has begun with are closed where the issue is over by itself."""
        if self.spec.answer is None or not self.spec.answer.close:
            return
        cleared = ended.filter(pc.and_(pc.equal(ended["state"], CLEARED), pc.is_valid(ended["case_id"])))
        ids = cleared["case_id"].to_pylist()
        waiting = [one for one in ids if self.engine.ops.query(_UNTOUCHED, (one,))]
        if waiting:
            note = f"the issue {self.document.key} is over"
            close_all(self.engine, self.catalog, waiting, outcome="not_needed", by=US, now=self.now, note=note)


_UNTOUCHED = "SELECT 1 FROM cases WHERE case_id = ? AND state = 'open' AND first_contact_at IS NULL"


def _withdraw(engine: Engine, catalog: Catalog, now: datetime) -> IssuesReport:
    """End the issues of documents that were taken out."""
    keys = [key for (key,) in engine.ops.query("SELECT DISTINCT issue FROM issues WHERE state = 'open'")]
    gone = [key for key in keys if not catalog.has("issue", key)]
    total = IssuesReport()
    for key in gone:
        rows = _replaced(_open(engine, key), state=WITHDRAWN, ended_at=micros(now))
        engine.act("care_issues", lambda tx, batch, rows=rows, key=key: _end(tx, batch, rows, key), now=now)  # type: ignore[misc]
        total = total.plus(IssuesReport(lapsed=rows.num_rows))
    return total


def _open(engine: Engine, key: str) -> pa.Table:
    rows = engine.ops.query(
        f"SELECT {_COLUMNS} FROM issues WHERE issue = ? AND state = 'open' ORDER BY issue_id", (key,)
    )
    return table_of(_STORED, rows)


def _end(tx: Tx, batch: Batch, ended: pa.Table, title: str) -> None:
    """Write what is over, and tell it where it came about by itself."""
    if not ended.num_rows:
        return
    tx.executemany(
        "UPDATE issues SET state = ?, ended_at = ? WHERE issue_id = ?",
        python_rows(ended.select(["state", "ended_at", "issue_id"])),
    )
    _publish(batch, ended)
    _tell(batch, ended.filter(pc.equal(ended["state"], CLEARED)), "Issue Resolved", title)


def _publish(batch: Batch, rows: pa.Table) -> None:
    batch.emit(
        "issue_rows",
        scratch(
            "SELECT issue_id, node_key, issue, severity, arm, state, make_timestamp(detected_at) AS detected_at, "
            "make_timestamp(ended_at) AS ended_at, case_id FROM r",
            {"r": rows},
        ),
    )


def _tell(batch: Batch, rows: pa.Table, event: str, title: str) -> None:
    """``Issue Detected`` and ``Issue Resolved``, with how long it took."""
    if not rows.num_rows:
        return
    batch.tell(
        scratch(
            "SELECT issue_id || $mark AS message_id, $event AS event, "
            "make_timestamp(coalesce(ended_at, detected_at)) AS ts, node_key, issue, issue_id, $title AS title, "
            "severity, arm, case_id, CAST((ended_at - detected_at) // 1000000 AS VARCHAR) AS seconds "
            "FROM r ORDER BY issue_id",
            {"r": rows},
            {"event": event, "title": title, "mark": "_detected" if event == "Issue Detected" else "_resolved"},
        )
    )


def _replaced(rows: pa.Table, **columns: object) -> pa.Table:
    """``rows`` with columns replaced or added; one value stands for all rows."""
    for name, value in columns.items():
        array = value
        if not isinstance(value, pa.Array | pa.ChunkedArray):
            array = pa.array([value] * rows.num_rows, _STORED[name])
        place = rows.schema.get_field_index(name)
        rows = rows.append_column(name, array) if place < 0 else rows.set_column(place, name, array)
    return rows
