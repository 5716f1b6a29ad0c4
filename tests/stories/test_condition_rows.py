"""Every row of the condition language's table on the demo shop: it holds for some people and not for all, and an
evaluator that takes one person and one event at a time finds the same ones."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Set
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from foretell import app, collect, demo, identify
from foretell.clock import Duration, SteppedClock, naive_utc
from foretell.condition import parse
from foretell.demo import living
from foretell.demo.shop import ShopSettings, ShopWorld
from tests.properties.naive import Asked, At, History, members
from tests.properties.naive_terms import universe
from tests.support.condition_rows import ROWS, Row
from tests.support.told_history import told_history

PEOPLE, DAYS, HORIZON = 220, 327, Duration(60, "d")
"""At the end of these days, five weekly newsletters lie in the last thirty days but thirty."""
PETS = "kind: table\nkey: pets\nspec:\n  row_key: pet\n  link: {user_id: owner}\n  columns: {species: string}\n"
PAGES = ("/c/outdoor", "/c/kitchen", "/")


class Silent:
    """Nobody watches the progress."""

    def begin(self, title: str, total: float | None = None) -> None:
        """The next piece of work begins."""

    def done(self, completed: float, total: float) -> None:
        """The present piece stands at ``completed`` of ``total``."""


@dataclass
class Shop:
    """The shop at an instant, what it has stored as plain dictionaries, and people in the middle of runs."""

    workspace: app.Workspace
    history: History
    as_of: datetime
    people: dict[int, Asked]

    def asked(self, row: Row) -> tuple[Set[int], Set[int], Set[int]]:
        """The people whom the row is asked of, those whom the compiler finds, and those whom the evaluator finds."""
        future, journey, decision = (row.asked == kind for kind in ("future", "run", "decision"))
        tree = parse(row.condition, future=future, journey=journey, decision=decision)
        at = At(self.as_of, self.workspace.settings.zone_info, lists=self.history.lists,
                predictions={"churn": (("90d",), None)})  # fmt: skip
        more: dict[str, Any] = {}
        if future:
            begin = self.as_of - timedelta(days=HORIZON.count)
            more, at = {"future": HORIZON}, replace(at, as_of=begin, future=HORIZON)
        elif row.asked:
            more, at = self._of_runs(), replace(at, people=self.people)
        found = self.workspace.reader.members(tree, as_of=at.as_of, **more)["profile_key"].to_pylist()
        everybody = universe(self.history, replace(at, of="known")) & set(at.people or self.history.by_person)
        return everybody, set(found), members(tree, self.history, at, "known")

    def _of_runs(self) -> dict[str, Any]:
        keys = list(self.people)
        told = [(key, name, value) for key in keys for name, value in self.people[key].context.items()]
        return {
            "people": pa.table({
                "profile_key": pa.array(keys, pa.int64()),
                "run": pa.array([self.people[key].run for key in keys], pa.string()),
                "entry_message_id": pa.array([self.people[key].entry for key in keys], pa.string()),
            }),
            "context": pa.table({
                "profile_key": pa.array([key for key, _, _ in told], pa.int64()),
                "name": [name for _, name, _ in told], "s": [value for *_, value in told],
                "n": pa.nulls(len(told), pa.int64()),
            }),
        }  # fmt: skip


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    root = tmp_path_factory.mktemp("rows") / "shop"
    dataset = demo.DATASETS["shop"]
    assert dataset.world is not None
    begin = dataset.world.begin
    as_of = begin + timedelta(days=DAYS)
    dataset.write(root)
    (root / "tables").mkdir(exist_ok=True)
    (root / "tables" / "pets.yaml").write_text(PETS)
    clock = SteppedClock(begin)
    with app.open_workspace(root, "write", clock) as workspace:
        world = ShopWorld(ShopSettings(PEOPLE, dataset.world.seed, begin, workspace.settings.zone))
        zips = [one for one in sorted(set(world.shop.identities["postal_code"].to_pylist())) if one[-1] in "0123456"]
        _write_list(root, zips)
    clock.instant = as_of
    with app.open_workspace(root, "write", clock) as workspace:
        app.apply(workspace)
        living.tell_history(workspace, world, as_of, Silent())
        collect.refresh_sessions(workspace.engine, workspace.catalog, now=as_of)
        workspace.engine.apply_pending()
        yield _furnished(workspace, root, as_of, zips)


def _write_list(root: Path, zips: list[str]) -> None:
    (root / "reference").mkdir(exist_ok=True)
    with (root / "reference" / "hiking_zips.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["postal_code"], *([one] for one in zips)])


def _furnished(workspace: app.Workspace, root: Path, as_of: datetime, zips: list[str]) -> Shop:
    """With pets, accounts, a topic, scores, personas and runs."""
    engine, catalog = workspace.engine, workspace.catalog
    known = engine.ops.query("SELECT value FROM identifiers WHERE kind = 'user_id' ORDER BY value")
    users = [str(value) for (value,) in known]
    lines = [line for number, user in enumerate(users) for line in _lines(number, user, as_of)]
    (root / "more.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    collect.import_files(engine, catalog, [root / "more.jsonl"], now=as_of, reader=workspace.frames)
    pets = [{"pet": f"pet{number}", "owner": user, "species": ("dog", "cat")[number % 2]}
            for number, user in enumerate(users) if number % 3 == 0]  # fmt: skip
    collect.load_rows(engine, catalog, "pets", pets, now=as_of)
    engine.apply_pending()
    keys = [identify.find(engine, f"user_id:{user}").profile_key for user in users]
    engine.publish("predict", {"score_rows": _scores(keys, as_of)}, now=as_of)
    engine.publish("segment", {"persona_rows": _personas(keys, as_of)}, now=as_of)
    history = told_history(engine)
    history.lists = {"hiking_zips": [(as_of, frozenset(zips))]}
    history.rows = [
        {"seq": number, "ts": as_of, "known_at": as_of, "table": "pets", "key": pet["pet"], "account": None,
         "node": keys[users.index(pet["owner"])], "values": pet}
        for number, pet in enumerate(pets)
    ]  # fmt: skip
    people = {}
    for number, key in enumerate(keys):
        orders = [event["message_id"] for event in history.by_person[key] if event["event"] == "Order Completed"]
        context = {"page.path": PAGES[number % 3]} if number % 4 else {}
        people[key] = Asked(run=f"r{number}", entry=orders[-1] if orders else None, context=context)
    return Shop(workspace, history, as_of, people)


def _lines(number: int, user: str, as_of: datetime) -> Iterator[dict[str, Any]]:
    """What is told of one more customer, beside what the world tells."""

    def event(name: str, days: int, **properties: Any) -> dict[str, Any]:
        at = (as_of - timedelta(days=days)).isoformat()
        return {"type": "track", "event": name, "userId": user, "messageId": f"more-{number}-{name}-{days}",
                "timestamp": at, "properties": properties}  # fmt: skip

    if number % 3:
        yield event("Email Link Clicked", number % 50 + 1, topic="marathon training")
    if number % 7 == 0:
        at = (as_of - timedelta(days=200)).isoformat()
        yield {"type": "group", "userId": user, "groupId": f"club{number % 5}", "messageId": f"more-{number}",
               "timestamp": at, "traits": {}}  # fmt: skip
    if number % 2:
        yield event("Email Sent", 3, run=f"r{number}", step="miss_you")
    if number % 6 == 1:
        yield event("Email Opened", 2, run=f"r{number}", step="miss_you", machine=number % 12 == 1)


def _scores(keys: list[int], as_of: datetime) -> pa.Table:
    size = len(keys)
    return pa.table({
        "prediction": ["churn"] * size, "horizon": ["90d"] * size, "node_key": pa.array(keys, pa.int64()),
        "as_of": pa.array([naive_utc(as_of)] * size, pa.timestamp("us")),
        "score": [number % 10 / 10 for number in range(size)], "model": ["supplied"] * size,
    })  # fmt: skip


def _personas(keys: list[int], as_of: datetime) -> pa.Table:
    size, told = len(keys), pa.array([naive_utc(as_of)] * len(keys), pa.timestamp("us"))
    return pa.table({
        "node_key": pa.array(keys, pa.int64()), "persona": [("loyal", "saver")[key % 2] for key in keys],
        "as_of": told, "known_at": told, "fit": [1.0] * size, "build": pa.array([1] * size, pa.int64()),
    })  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.said)
def test_the_row_holds_for_some_and_not_for_all(shop: Shop, row: Row) -> None:
    everybody, found, expected = shop.asked(row)
    assert found == expected
    assert 0 < len(found) < len(everybody)
