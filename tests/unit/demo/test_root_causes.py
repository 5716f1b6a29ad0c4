"""What the demo's service team hears on the telephone, and what it does about what it hears of most."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta

import pyarrow as pa
import pytest

from foretell import care, collect, listen
from foretell.app import Workspace, open_workspace
from foretell.clock import FixedClock, naive_utc
from foretell.demo import team
from foretell.demo.datasets import DATASETS
from foretell.demo.shop import topic_of
from tests.support.small_events import NOW

LATE, PRICE = "Delivery took far too long and nobody told me why.", "Zu teuer, anderswo gibt es das günstiger."
RULES = {"ann": "winback_call", "bob": "detractor_call", "cleo": "winback_call", "dan": "low_csat"}
OPENED = NOW - timedelta(days=60)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """Four people, each with a case by one of the shop's own rules."""
    folder = tmp_path_factory.mktemp("shop")
    DATASETS["shop"].write(folder / "shop")
    people = [
        {"type": "identify", "messageId": name, "userId": name, "timestamp": "2025-01-01T00:00:00Z",
         "traits": {"email": f"{name}@shop.example"}}
        for name in RULES
    ]  # fmt: skip
    (folder / "people.jsonl").write_text("".join(json.dumps(line) + "\n" for line in people))
    with open_workspace(folder / "shop", "write", FixedClock(NOW)) as place:
        collect.import_files(place.engine, place.catalog, [folder / "people.jsonl"], now=OPENED, reader=place.frames)
        assert team.improve(place, NOW) == 0, "nobody has named a cause yet"
        place.engine.act("care", lambda tx, batch: care.open_cases(tx, batch, cases(place), place.catalog), now=OPENED)
        team.calls(place, OPENED + timedelta(days=1))
        said = pa.table({"message_id": ["ann", "bob", "dan"], "text": [LATE, LATE, PRICE]})
        team.close_called(place, said, OPENED + timedelta(days=2))
        yield place


def cases(place: Workspace) -> pa.Table:
    """One each, called like its person."""
    keys = dict(place.engine.ops.query("SELECT value, node_key FROM identifiers WHERE kind = 'user_id'"))
    count, nobody = len(RULES), pa.nulls(len(RULES), pa.string())
    key = pa.array([keys[name] for name in RULES], pa.int64())
    at = pa.array([naive_utc(OPENED)] * count, pa.timestamp("us"))
    texts = dict.fromkeys(("priority", "owner", "journey", "run", "step", "title", "reason"), nobody)
    return pa.table(
        {"case_id": list(RULES), "profile_key": key, "node_key": key, "opened_at": at,
         "due_at": pa.nulls(count, pa.timestamp("us")), "rule": list(RULES.values()), **texts}
    )  # fmt: skip


def test_what_is_heard_is_the_root_cause_in_the_words_of_the_rule(shop: Workspace) -> None:
    found = {name: care.show(shop.engine, name) for name in RULES}
    assert {name: (one.outcome, one.root_cause) for name, one in found.items()} == {
        "ann": ("reached", "late delivery"),
        "bob": ("reached", "delivery"),
        "cleo": ("not_reached", "not reached"),
        "dan": ("reached", "not solved"),
    }


def test_the_team_does_something_about_late_parcels(shop: Workspace) -> None:
    assert team.improve(shop, NOW) == 1
    (made,) = listen.loop.improvements(shop.engine)
    assert made.root_causes == ("delivery", "late delivery")
    assert made.started_at == NOW - timedelta(days=21)


def test_only_what_people_of_the_shop_say_is_understood() -> None:
    assert [topic_of(text) for text in (LATE, PRICE, "Hello?")] == ["late", "price", None]
