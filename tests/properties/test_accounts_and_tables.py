"""``account`` and ``table`` against an evaluator that takes one person, one event, one row at a time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pytest

from foretell import app, collect, identify
from foretell.clock import FixedClock
from foretell.condition import parse
from tests.support.small_workspace import write

BEGIN = datetime(2025, 1, 1, tzinfo=UTC)
PEOPLE = [f"u{number}" for number in range(14)]
ACCOUNTS = ["acme", "beta", "gamma", "delta"]
EVENTS = ["Ticket Opened", "Ticket Solved", "Order Completed"]
INDUSTRIES = ["retail", "bank"]
DOCUMENTS = {
    "foretell.yaml": "name: Shop\ncurrency: EUR\nzone: Europe/Berlin\n",
    "tables/pets.yaml": "kind: table\nkey: pets\nspec:\n  row_key: pet\n  link: {user_id: owner}\n"
    "  columns: {species: string, weight: number}\n  refresh: {mode: replace}\n",
    "tables/contracts.yaml": "kind: table\nkey: contracts\nspec:\n  row_key: id\n  link: {account: company}\n"
    "  columns: {plan: string, seats: number}\n",
}
Row = dict[str, Any]


class World:
    """What is told, and when; kept as plain lists beside the store."""

    def __init__(self, seed: int) -> None:
        rng = Random(seed)
        self.calls: list[Row] = []
        self.events: list[Row] = []
        self.loads: list[tuple[datetime, str, list[Row]]] = []
        for number in range(90):
            at = BEGIN + timedelta(hours=number * 4)
            person = rng.choice(PEOPLE)
            if number % 3:
                self.events.append({"at": at, "who": person, "event": rng.choice(EVENTS), "total": rng.randint(1, 9)})
            else:
                left = rng.random() < 0.25
                industry = rng.choice([*INDUSTRIES, None])
                self.calls.append(
                    {"at": at, "who": person, "account": rng.choice(ACCOUNTS), "left": left, "industry": industry}
                )
        for day in (2, 6, 11):
            pets = [
                {"pet": f"p{pet}", "owner": rng.choice(PEOPLE), "species": rng.choice(["dog", "cat"]),
                 "weight": rng.randint(1, 30)}
                for pet in rng.sample(range(20), 12)
            ]  # fmt: skip
            contracts = [
                {"id": f"c{one}", "company": rng.choice(ACCOUNTS), "plan": rng.choice(["gold", "free"]), "seats": one}
                for one in rng.sample(range(8), 4)
            ]
            at = BEGIN + timedelta(days=day, hours=1)
            self.loads += [(at, "pets", pets), (at, "contracts", contracts)]

    def lines(self) -> str:
        """All that comes in as messages."""
        told = [
            {"type": "identify", "userId": who, "messageId": f"i-{who}", "timestamp": BEGIN.isoformat(), "traits": {}}
            for who in PEOPLE
        ]
        for number, one in enumerate(self.events):
            told.append({"type": "track", "event": one["event"], "userId": one["who"], "messageId": f"e{number}",
                         "timestamp": one["at"].isoformat(), "properties": {"total": one["total"]}})  # fmt: skip
        for number, one in enumerate(self.calls):
            traits = {"left": True} if one["left"] else {}
            traits |= {"industry": one["industry"]} if one["industry"] else {}
            told.append({"type": "group", "groupId": one["account"], "userId": one["who"], "messageId": f"g{number}",
                         "timestamp": one["at"].isoformat(), "traits": traits})  # fmt: skip
        return "".join(json.dumps(one) + "\n" for one in told)

    def belongs(self, at: datetime) -> dict[str, set[str]]:
        """Account → members at ``at``."""
        found: dict[str, set[str]] = {}
        for one in self.calls:
            if one["at"] <= at:
                members = found.setdefault(one["account"], set())
                (members.discard if one["left"] else members.add)(one["who"])
        return found

    def industry(self, account: str, at: datetime) -> str | None:
        """The account's latest industry."""
        told = [one["industry"] for one in self.calls if one["account"] == account and one["at"] <= at]
        told = [one for one in told if one]
        return told[-1] if told else None

    def rows(self, table: str, key: str, at: datetime) -> list[Row]:
        """The rows of a table at ``at``; pets are replaced by each load, contracts merged."""
        found: dict[str, Row] = {}
        for when, name, rows in self.loads:
            if name == table and when <= at:
                found = ({} if table == "pets" else found) | {row[key]: row for row in rows}
        return list(found.values())


@pytest.fixture(scope="module", params=[1, 2])
def told(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    world = World(request.param)
    root = tmp_path_factory.mktemp("accounts")
    write(root, DOCUMENTS | {"events.jsonl": world.lines()})
    with app.open_workspace(root, "write", FixedClock(BEGIN + timedelta(days=60))) as workspace:
        collect.import_files(workspace.engine, workspace.catalog, [root / "events.jsonl"], now=workspace.clock.now())
        for at, table, rows in world.loads:
            _load(workspace, root, table, rows, at)
        keys = {who: identify.find(workspace.engine, f"user_id:{who}").profile_key for who in PEOPLE}
        yield world, workspace, keys


def _load(workspace: app.Workspace, root: Path, table: str, rows: list[Row], at: datetime) -> None:
    path = root / f"{table}.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    report = collect.load_file(workspace.engine, workspace.catalog, table, path, now=at)
    assert report.rows == len(rows)
    assert report.refused == 0


def _person_cases(rng: Random) -> tuple[Row, Any]:
    species, least, times = rng.choice(["dog", "cat", "cow"]), rng.randint(1, 30), rng.choice([0, 1, {"gte": 2}])
    raw: Row = {"table": "pets", "where": {"species": species, "weight": {"gte": least}}}
    if rng.random() < 0.6:
        raw["times"] = times

    def holds(world: World, who: str, at: datetime) -> bool:
        mine = [row for row in world.rows("pets", "pet", at) if row["owner"] == who]
        number = sum(row["species"] == species and row["weight"] >= least for row in mine)
        wanted = raw.get("times", {"gte": 1})
        return number >= wanted["gte"] if isinstance(wanted, dict) else number == wanted

    return raw, holds


def _account_part(rng: Random, depth: int = 0) -> tuple[Row, Any]:
    kind = rng.choice(["did", "did_not", "trait", "table", "last", *(["all", "any", "not"] if depth < 2 else [])])
    if kind in ("all", "any"):
        parts = [_account_part(rng, depth + 1) for _ in range(2)]
        join = all if kind == "all" else any
        return {kind: [raw for raw, _ in parts]}, lambda w, a, m, t: join(test(w, a, m, t) for _, test in parts)
    if kind == "not":
        raw, test = _account_part(rng, depth + 1)
        return {"not": raw}, lambda w, a, m, t: not test(w, a, m, t)
    if kind == "trait":
        industry, negated = rng.choice(INDUSTRIES), rng.random() < 0.5
        return (
            {"trait": "industry", "is_not" if negated else "is": industry},
            lambda w, a, _, t: (w.industry(a, t) == industry) != negated,
        )
    if kind == "table":
        plan = rng.choice(["gold", "free"])
        return (
            {"table": "contracts", "where": {"plan": plan}},
            lambda w, a, _, t: any(r["company"] == a and r["plan"] == plan for r in w.rows("contracts", "id", t)),
        )
    name, days = rng.choice(EVENTS), rng.choice([2, 5, 30])
    if kind == "last":

        def last(w: World, a: str, m: set[str], t: datetime) -> bool:
            mine = [e for e in w.events if e["who"] in m and e["event"] == name and e["at"] <= t]
            return bool(mine) and mine[-1]["total"] >= 5

        return {"last": name, "is": {"total": {"gte": 5}}}, last

    def did(w: World, a: str, m: set[str], t: datetime) -> bool:
        mine = [e for e in w.events if e["who"] in m and e["event"] == name and t - timedelta(days=days) < e["at"] <= t]
        return bool(mine) == (kind == "did")

    return {kind: name, "within": f"{days}d"}, did


def _people(workspace: app.Workspace, keys: dict[str, int], raw: Row, at: datetime) -> set[str]:
    found = set(workspace.reader.members(parse(raw), as_of=at)["profile_key"].to_pylist())
    return {who for who, key in keys.items() if key in found}


def test_accounts_agree_with_the_slow_way(told: Any) -> None:
    world, workspace, keys = told
    rng = Random(7)
    sizes = set()
    for _ in range(60):
        raw, test = _account_part(rng)
        at = BEGIN + timedelta(hours=rng.randint(24, 24 * 16))
        members = world.belongs(at)
        # an account is one of those ever named by then, but only members belong to it
        expected = {who for account, mine in members.items() if test(world, account, mine, at) for who in mine}
        assert _people(workspace, keys, {"account": raw}, at) == expected, (raw, at)
        asked = set(rng.sample(PEOPLE, 5))
        some = pa.table({"profile_key": pa.array([keys[who] for who in asked], pa.int64())})
        found = workspace.reader.members(parse({"account": raw}), as_of=at, of="all", people=some)
        assert set(found["profile_key"].to_pylist()) == {keys[who] for who in asked & expected}, (raw, at)
        sizes.add(len(expected))
    assert len(sizes) > 4, "the conditions say something"


def test_tables_agree_with_the_slow_way(told: Any) -> None:
    world, workspace, keys = told
    rng = Random(11)
    sizes = set()
    for _ in range(40):
        raw, holds = _person_cases(rng)
        at = BEGIN + timedelta(hours=rng.randint(24, 24 * 16))
        expected = {who for who in PEOPLE if holds(world, who, at)}
        assert _people(workspace, keys, raw, at) == expected, (raw, at)
        assert _people(workspace, keys, {"not": raw}, at) == set(PEOPLE) - expected, (raw, at)
        sizes.add(len(expected))
    assert len(sizes) > 2


def test_a_merge_brings_accounts_and_rows_together(tmp_path: Path) -> None:
    write(tmp_path, DOCUMENTS)
    at = BEGIN.isoformat()
    first = [
        {"type": "group", "userId": "u1", "groupId": "acme", "messageId": "g1", "timestamp": at, "traits": {}},
        {"type": "identify", "anonymousId": "a1", "messageId": "i1", "timestamp": at, "traits": {}},
        {"type": "track", "event": "Ticket Opened", "anonymousId": "a1", "messageId": "t1", "timestamp": at},
    ]
    join = {"type": "identify", "userId": "u1", "anonymousId": "a1", "messageId": "i2", "timestamp": at, "traits": {}}
    with app.open_workspace(tmp_path, "write", FixedClock(BEGIN + timedelta(days=1))) as workspace:
        raw = {"account": {"did": "Ticket Opened"}}
        for number, lines in enumerate((first, [join])):
            path = tmp_path / f"{number}.jsonl"
            path.write_text("".join(json.dumps(one) + "\n" for one in lines))
            collect.import_files(workspace.engine, workspace.catalog, [path], now=workspace.clock.now())
            found = workspace.reader.members(parse(raw), as_of=workspace.clock.now())
            assert found.num_rows == number, "the ticket is the account's once the two are one person"
        person = identify.find(workspace.engine, "anonymous_id:a1")
        (account,) = identify.accounts_of(workspace.engine.ops, [person.profile_key])
        assert account["account_id"] == "acme"
