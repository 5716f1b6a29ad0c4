"""Who is it: limits, blocked values, merges in one batch and over batches, forgetting."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from foretell import identify
from foretell.clock import FixedClock
from foretell.engine import Engine, EngineSettings, open_engine
from tests.support.small_events import NOW, decode, event, frame, open_small


def told(engine: Engine, *identifiers: Mapping[str, str], **more: Any) -> None:
    """A batch of events, one for each set of identifiers."""
    start = engine.ops.query("SELECT coalesce(max(value), 0) FROM counters WHERE name = 'seq'")[0][0]
    events = [event("Seen", f"m{start + n}", start + n, ids=ids, **more) for n, ids in enumerate(identifiers)]
    engine.spool_append([frame(events)])
    engine.apply_pending()


def people(engine: Engine) -> list[list[str]]:
    """The identifiers of every profile, by the operational store."""
    rows = engine.ops.query(
        "SELECT coalesce(m.profile_key, i.node_key), i.kind, i.value FROM identifiers i "
        "LEFT JOIN merged m ON m.node_key = i.node_key ORDER BY 1, 2, 3"
    )
    found: dict[int, list[str]] = {}
    for key, kind, value in rows:
        found.setdefault(key, []).append(f"{kind}:{value}")
    return list(found.values())


def published(engine: Engine) -> list[list[str]]:
    """The same by the analytics store."""
    rows = engine.analytics.query(
        "SELECT i.profile_id, i.kind, i.value FROM identifiers i JOIN nodes n ON n.profile_id = i.profile_id "
        "ORDER BY n.node_key, 2, 3"
    ).to_pylist()
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(row["profile_id"], []).append(f"{row['kind']}:{row['value']}")
    return list(found.values())


def user(name: str, **more: str) -> dict[str, str]:
    return {"user_id": name, **more}


def anonymous(name: str, **more: str) -> dict[str, str]:
    return {"anonymous_id": name, **more}


def test_identifiers_of_one_event_belong_to_one_person(tmp_path: Path) -> None:
    with open_small(tmp_path) as engine:
        told(engine, {"user_id": "ann", "email": "a@x.example", "card": "77"}, anonymous("d1"))
        expected = [["card:77", "email:a@x.example", "user_id:ann"], ["anonymous_id:d1"]]
        assert people(engine) == published(engine) == expected


@pytest.mark.parametrize("batches", [1, 4])
def test_merges_chain_to_the_oldest(tmp_path: Path, batches: int) -> None:
    """d1, d2, d3, then the links d3-e, d2-e, d1-e: three merges into the first."""
    device = [anonymous(f"d{n}") for n in (1, 2, 3)]
    links = [anonymous(f"d{n}", email="a@x.example") for n in (3, 2, 1)]
    with open_small(tmp_path) as engine:
        told(engine, *device)
        if batches == 1:
            told(engine, *links)
        else:
            for link in links:
                told(engine, link)
        whole = [["anonymous_id:d1", "anonymous_id:d2", "anonymous_id:d3", "email:a@x.example"]]
        assert people(engine) == published(engine) == whole
        assert engine.ops.query("SELECT DISTINCT profile_key FROM merged") == [(1,)]
        assert engine.ops.query("SELECT sum(events) FROM node_seen") == [(6,)]
        owners = engine.analytics.query("SELECT DISTINCT profile_key FROM log_events")
        assert owners["profile_key"].to_pylist() == [1]
        keys = engine.analytics.query("SELECT node_key, count(*) AS n FROM merged GROUP BY 1 HAVING count(*) > 1")
        assert keys.num_rows == 0, "a node has two owners"


def test_a_merge_is_written_down_for_its_undoing(tmp_path: Path) -> None:
    with open_small(tmp_path) as engine:
        told(engine, anonymous("d1"), user("ann"))
        told(engine, user("ann", anonymous_id="d1"))
        assert engine.ops.query("SELECT loser_key, winner_key, batch FROM merges") == [(2, 1, 2)]


def test_rows_keep_the_node_they_came_with(tmp_path: Path) -> None:
    with open_small(tmp_path) as engine:
        told(engine, anonymous("d1"), user("ann"))
        told(engine, user("ann", anonymous_id="d1"))
        found = engine.analytics.query(
            "SELECT node_key, profile_key FROM log_events WHERE source = 'test' ORDER BY seq"
        ).to_pylist()
        assert [tuple(row.values()) for row in found] == [(1, 1), (2, 1), (2, 1)]


@pytest.mark.parametrize("together", [True, False])
def test_a_shared_device_stays_with_the_first_user(tmp_path: Path, together: bool) -> None:
    events = [user("ann", anonymous_id="d"), user("bob", anonymous_id="d"), user("cid", anonymous_id="d")]
    with open_small(tmp_path) as engine:
        for part in [events] if together else [[one] for one in events]:
            told(engine, *part)
        assert people(engine) == [["anonymous_id:d", "user_id:ann"], ["user_id:bob"], ["user_id:cid"]]


def test_limits_count_over_batches_and_over_merges(tmp_path: Path) -> None:
    with open_small(tmp_path) as engine:
        for number in range(7):
            told(engine, user("ann", email=f"{number}@x.example"))
        sizes = sorted(len(found) for found in people(engine))
        assert sizes == [1, 1, 6], "one user id and five addresses; two addresses stay alone"
        told(engine, anonymous("d", email="6@x.example"))
        told(engine, user("ann", anonymous_id="d"))
        assert sorted(len(found) for found in people(engine)) == [1, 2, 6]


def test_an_event_with_very_many_identifiers_glues_nobody_to_its_neighbours(tmp_path: Path) -> None:
    many = user("ann", anonymous_id="d") | {f"card{number}": "77" for number in range(1_500)}
    others = [user(f"u{number}", anonymous_id="d", card=f"c{number}") for number in range(3)]
    with open_small(tmp_path) as engine:
        told(engine, many, *others)
        found = people(engine)
    assert len(found[0]) == 1_502
    assert found[1:] == [[f"card:c{number}", f"user_id:u{number}"] for number in range(3)]


@pytest.mark.parametrize("value", ["unknown", "UNKNOWN", " Unknown ", "\tnull\n", "0", "", "undefined"])
def test_values_that_many_share_identify_nobody(tmp_path: Path, value: str) -> None:
    with open_small(tmp_path) as engine:
        told(engine, user(value, anonymous_id="d1"), user(value, anonymous_id="d2"), user(value))
        assert people(engine) == [["anonymous_id:d1"], ["anonymous_id:d2"]]
        nobody = engine.analytics.query("SELECT message_id, profile_id FROM events WHERE profile_id = ''")
        assert nobody["message_id"].to_pylist() == ["m2"]


def test_own_blocked_values_count_in_any_spelling(tmp_path: Path) -> None:
    rules = identify.IdentityRules(blocked=frozenset({" KIOSK-1 "}))
    with open_engine(
        EngineSettings(tmp_path), [identify.PARTS], [identify.IdentifyStage(rules)], {"small": decode}, FixedClock(NOW)
    ) as engine:
        told(engine, user("kiosk-1", anonymous_id="d1"), user("Kiosk-1", anonymous_id="d2"))
        assert people(engine) == [["anonymous_id:d1"], ["anonymous_id:d2"]]


def test_any_text_is_an_identifier(tmp_path: Path) -> None:
    odd = ["'; DROP TABLE identifiers; --", "ünï 😀", "a:b:c", "x" * 500, "%", "a\x01b", "a\x1fb"]
    with open_small(tmp_path) as engine:
        told(engine, *(user(name) for name in odd))
        told(engine, *(user(name) for name in odd))
        assert people(engine) == [[f"user_id:{name}"] for name in odd]


def test_forgetting_takes_every_identifier_node_and_merge(tmp_path: Path) -> None:
    with open_small(tmp_path) as engine:
        told(engine, anonymous("d1"), user("ann"), user("bob", email="b@x.example"))
        told(engine, user("ann", anonymous_id="d1"))
        stage = identify.IdentifyStage()
        with engine.ops.write() as tx:
            stage.erase(tx, pa.table({"profile_key": [1]}))
        assert people(engine) == [["email:b@x.example", "user_id:bob"]]
        for table in ("merged", "merges"):
            assert engine.ops.query(f"SELECT count(*) FROM {table}") == [(0,)], table
        assert engine.ops.query("SELECT node_key FROM nodes") == [(3,)]
        told(engine, user("ann"))
        assert engine.ops.query("SELECT node_key FROM identifiers WHERE value = 'ann'") == [(4,)], "a new person"


def test_rekeying_points_everything_at_the_winner(tmp_path: Path) -> None:
    with open_small(tmp_path) as engine, engine.ops.write() as tx:
        tx.executemany("INSERT INTO merged VALUES (?, ?)", [(5, 3), (6, 3), (9, 8)])
        identify.IdentifyStage().rekey(tx, pa.table({"loser_key": [3, 4], "winner_key": [1, 1]}))
        assert tx.query("SELECT * FROM merged ORDER BY 1") == [(3, 1), (4, 1), (5, 1), (6, 1), (9, 8)]


def test_first_sightings_are_the_frontier_of_both_clocks(tmp_path: Path) -> None:
    with open_small(tmp_path) as engine:
        events = [
            event("Seen", "a", 5, known=10, ids=anonymous("d")),
            event("Seen", "b", 6, known=7, ids=anonymous("d")),
            event("Seen", "c", 7, known=8, ids=anonymous("d")),
            event("Seen", "d", 4, known=12, ids=user("ann", anonymous_id="d")),
        ]
        engine.spool_append([frame(events)])
        engine.apply_pending()
        found = engine.analytics.query(
            "SELECT date_diff('hour', TIMESTAMP '2026-01-01', ts) AS t, "
            "date_diff('hour', TIMESTAMP '2026-01-01', known_at) AS k, known FROM log_sightings ORDER BY known, t"
        )
        assert [tuple(row.values()) for row in found.to_pylist()] == [(5, 10, False), (6, 7, False), (4, 12, True)]
