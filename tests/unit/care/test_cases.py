"""Cases: opened once, changed by one person at a time, closed with an outcome, never lost in a merge."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from foretell import care, collect, identify, profile
from foretell.clock import utc
from foretell.definitions import Catalog, WorkspaceSettings
from foretell.engine import Engine, EngineSettings, open_engine
from foretell.errors import ForetellError

AT = datetime(2026, 3, 1, 9, 0)
NOW = utc(AT)
LATER = NOW + timedelta(hours=3)
CATALOG = Catalog(Path(), WorkspaceSettings(), {})
ROOMS = (collect.PARTS, identify.PARTS, profile.PARTS, care.PARTS)


class Now:
    def now(self) -> datetime:
        return NOW


@contextmanager
def opened(path: Path) -> Iterator[Engine]:
    stages = [identify.IdentifyStage(), profile.ProfileStage(), care.CareStage()]
    with open_engine(EngineSettings(path), ROOMS, stages, collect.decoders(collect.FrameReader()), Now()) as engine:
        yield engine


def cases(*rows: tuple[str, int, str, int | None], owner: str | None = "service") -> pa.Table:
    """(id, person, priority, due in hours)."""
    due = [None if hours is None else AT + timedelta(hours=hours) for *_, hours in rows]
    keys = pa.array([key for _, key, *_ in rows], pa.int64())
    columns = {"title": "Winback call", "reason": "no reaction for 72 h", "owner": owner, "journey": "rescue"}
    return pa.table(
        {
            "case_id": [name for name, *_ in rows],
            "profile_key": keys,
            "node_key": keys,
            "priority": [priority for _, _, priority, _ in rows],
            "opened_at": pa.array([AT] * len(rows), pa.timestamp("us")),
            "due_at": pa.array(due, pa.timestamp("us")),
            "run": [f"run-{name}" for name, *_ in rows],
            "step": pa.nulls(len(rows)),
            **{name: pa.array([value] * len(rows), pa.string()) for name, value in columns.items()},
        }
    )


def open_(engine: Engine, rows: pa.Table) -> None:
    engine.act("journey", lambda tx, batch: care.open_cases(tx, batch, rows), now=NOW)


def changed(engine: Engine, *, case_id: str = "c1", **asked: Any) -> care.Case:
    return care.change(engine, CATALOG, case_id, care.CaseChange(**asked), by="kim", now=LATER)


def send(engine: Engine, *lines: dict[str, object]) -> None:
    body = "\n".join(
        json.dumps({"type": "track", "event": "Seen", "timestamp": "2026-01-01T00:00:00Z", **x}) for x in lines
    )
    origin = collect.Origin("site", "", NOW)
    engine.spool_append([collect.lines_frame(body.encode(), origin, arrival="import", first_line=None)])
    engine.apply_pending()


def test_a_case_is_opened_once(tmp_path: Path) -> None:
    with opened(tmp_path) as engine:
        send(engine, {"userId": "ann"})
        for _ in range(2):
            open_(engine, cases(("c1", 1, "high", 48), ("c1", 1, "low", 1)))
        page = care.list_cases(engine)
        assert (page.total, [(c.case_id, c.state, c.version) for c in page.cases]) == (1, [("c1", "open", 1)])
        told = engine.analytics.query("SELECT event, profile_id FROM events WHERE source = 'foretell'").to_pylist()
        assert told == [{"event": "Case Opened", "profile_id": page.cases[0].profile_id}]
        assert [one.what for one in care.show(engine, "c1").history] == ["opened"]


def test_what_is_due_first_stands_first(tmp_path: Path) -> None:
    with opened(tmp_path) as engine:
        open_(engine, cases(("a", 1, "low", 5), ("b", 1, "urgent", None), ("c", 1, "high", 5), ("d", 2, "normal", 1)))
        open_(engine, cases(("e", 1, "normal", 2), owner=None))
        assert [case.case_id for case in care.list_cases(engine).cases] == ["d", "e", "c", "a", "b"]
        assert [case.case_id for case in care.list_cases(engine, limit=2, offset=1).cases] == ["e", "c"]
        assert [
            case.case_id for case in care.list_cases(engine, care.Wanted(owner="service", profile_key=2)).cases
        ] == ["d"]
        assert care.list_cases(engine, care.Wanted("closed")).total == 0


def test_changes_are_remembered_and_show_in_the_view(tmp_path: Path) -> None:
    with opened(tmp_path) as engine:
        send(engine, {"userId": "ann"})
        open_(engine, cases(("c1", 1, "high", 48)))
        changed(engine, state="in_progress", owner="kim", note=" rang, no answer ")
        assert changed(engine, owner="kim").version == 2
        closed = care.close(engine, CATALOG, "c1", outcome="reached", by="kim", now=LATER, note="will order again")
        assert (closed.state, closed.outcome, closed.closed_at, closed.version) == ("closed", "reached", LATER, 3)
        changes = [(one.by, one.what, one.before, one.after) for one in closed.history[1:]]
        assert changes == [
            ("kim", "state", "open", "in_progress"),
            ("kim", "owner", "service", "kim"),
            ("kim", "note", None, "rang, no answer"),
            ("kim", "closed", "in_progress", "reached"),
            ("kim", "note", None, "will order again"),
        ]
        view = engine.analytics.query("SELECT state, owner, outcome, closed_at, title FROM cases").to_pylist()
        closed_at = AT + timedelta(hours=3)
        assert view == [
            {"state": "closed", "owner": "kim", "outcome": "reached", "closed_at": closed_at, "title": "Winback call"}
        ]
        told = engine.analytics.query("SELECT count(*) AS n FROM events WHERE event = 'Case Resolved'")
        assert told["n"][0].as_py() == 1
        assert care.close(engine, CATALOG, "c1", outcome="reached", by="lee", now=LATER).version == 3
        reopened = changed(engine, state="open")
        assert (reopened.state, reopened.outcome, reopened.closed_at) == ("open", None, None)


def test_two_people_do_not_overwrite_each_other(tmp_path: Path) -> None:
    with opened(tmp_path) as engine:
        open_(engine, cases(("c1", 1, "high", 48)))
        seen = care.show(engine, "c1").version
        changed(engine, owner="kim", version=seen)
        with pytest.raises(ForetellError, match="somebody else has changed") as refused:
            care.close(engine, CATALOG, "c1", outcome="solved", by="lee", now=LATER, version=seen)
        assert (refused.value.code, refused.value.transient) == ("CASE_CHANGED", True)
        assert care.show(engine, "c1").owner == "kim"


@pytest.mark.parametrize(
    ("code", "wrong"),
    [
        ("UNKNOWN_CASE", {"case_id": "nope", "note": "x"}),
        ("BAD_CASE_STATE", {"state": "closed"}),
        ("BAD_CASE_STATE", {"state": "done"}),
        ("BAD_PRIORITY", {"priority": "asap"}),
    ],
)
def test_wrong_changes_are_refused(tmp_path: Path, code: str, wrong: dict[str, str]) -> None:
    with opened(tmp_path) as engine:
        open_(engine, cases(("c1", 1, "high", 48)))
        with pytest.raises(ForetellError) as refused:
            changed(engine, **{"case_id": "c1", **wrong})
        assert refused.value.code == code
        with pytest.raises(ForetellError) as refused:
            care.close(engine, CATALOG, "c1", outcome="whatever", by="kim", now=NOW)
        assert refused.value.code == "BAD_OUTCOME"
        assert care.show(engine, "c1").version == 1


def test_cases_follow_a_merge_and_are_forgotten(tmp_path: Path) -> None:
    with opened(tmp_path) as engine:
        send(engine, {"anonymousId": "a"}, {"anonymousId": "b"})
        open_(engine, cases(("c1", 1, "high", 48), ("c2", 2, "high", 48)))
        send(engine, {"userId": "ann", "anonymousId": "a"}, {"userId": "ann", "anonymousId": "b"})
        owner = engine.ops.query("SELECT profile_key FROM merged LIMIT 1")[0][0]
        assert {case.case_id for case in care.cases_of(engine, owner)} == {"c1", "c2"}
        assert engine.analytics.query("SELECT count(DISTINCT profile_id) AS n FROM cases")["n"][0].as_py() == 1
        with engine.ops.write() as tx:
            care.CareStage().erase(tx, pa.table({"profile_key": pa.array([owner], pa.int64())}))
        assert care.list_cases(engine, care.Wanted(None)).total == 0
        assert engine.ops.query("SELECT count(*) FROM case_history") == [(0,)]
