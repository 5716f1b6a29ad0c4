"""An audience that follows a segment has the people of the segment to whom advertising is allowed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import pyarrow as pa
import pytest

from foretell import collect, deliver, identify, profile, segment
from foretell.clock import SteppedClock
from foretell.condition import Reader
from foretell.definitions import load
from foretell.engine import EngineSettings, open_engine
from foretell.testing.webhook_receiver import ANSWERS, webhook_receiver
from tests.support.small_events import NOW, decode, event
from tests.support.small_sending import arrive, person

BUYERS = {"kind": "segment", "key": "buyers", "spec": {"condition": {"did": "Bought", "within": "7d"}}}
FOLLOWING = {"kind": "audience", "key": "lookalikes", "spec": {"segment": "buyers"}}


class Shop:
    """A workspace of one segment and one audience."""

    def __init__(self, root: Path) -> None:
        self.root, self.clock = root, SteppedClock(NOW)
        stages = [
            identify.IdentifyStage(), collect.CollectStage("EUR"), profile.ProfileStage(),
            segment.live.LiveStage(root / "data"), deliver.DeliverStage(),
        ]  # fmt: skip
        parts = [collect.PARTS, identify.PARTS, profile.PARTS, profile.PRIVACY_PARTS, segment.live.LIVE_PARTS]
        self.engine = open_engine(
            EngineSettings(root / "data"), [*parts, deliver.PARTS], stages, {"small": decode}, self.clock
        )
        self.define(BUYERS, FOLLOWING)

    def define(self, *documents: Mapping[str, Any]) -> None:
        """Let these be the documents."""
        for kind in ("segment", "audience", "channel"):
            (self.root / f"{kind}s").mkdir(exist_ok=True)
            of_kind = [json.dumps(one) for one in documents if one["kind"] == kind]
            (self.root / f"{kind}s" / "all.yaml").write_text("\n---\n".join(of_kind))
        (self.root / "foretell.yaml").write_text("name: Shop\nsecrets: {hook: '${HOOK}'}\n")
        kinds = [segment.KIND, deliver.AUDIENCE, deliver.CHANNEL]
        self.catalog, problems = load(self.root, kinds, environ={"HOOK": "shared"})
        assert [one.message for one in problems if one.severity == "error"] == []

    def go_to(self, hours: float) -> tuple[int, int]:
        """Look at the segments, and send; how many joined and left."""
        now = self.clock.instant = NOW + timedelta(hours=hours)
        segment.live.refresh(self.engine, self.catalog, Reader(self.engine, self.catalog), now=now)
        report = deliver.dispatch(self.engine, self.catalog, now=now)
        return report.joined_audiences, report.left_audiences

    def inside(self) -> list[str]:
        """First names of who is in the audience by the published view."""
        found = self.engine.analytics.query(
            "SELECT p.user_id FROM audiences a JOIN profiles p ON p.profile_id = a.profile_id "
            "WHERE a.audience = 'lookalikes' AND a.left_at IS NULL ORDER BY 1"
        )
        return [str(name) for name in found["user_id"].to_pylist()]

    def decisions(self) -> list[str]:
        """What was decided, in order."""
        found = self.engine.analytics.query("SELECT decision, reason FROM decisions ORDER BY decided_at, decision")
        return [f"{row['decision']} {row['reason']}" for row in found.to_pylist()]

    def told(self) -> list[str]:
        """What the platform was told, in order."""
        rows = self.engine.ops.query("SELECT variables FROM messages WHERE medium = 'ads' ORDER BY at, message_id")
        return [json.loads(variables)["action"] for (variables,) in rows]


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = Shop(tmp_path)
    with made.engine:
        yield made


def bought(name: str, hours: float, number: int = 1) -> dict[str, Any]:
    return event("Bought", f"{name}-b{number}", hours, ids={"user_id": name})


def test_who_is_in_joins_and_who_leaves_leaves(shop: Shop) -> None:
    arrive(shop.engine, *person("ann", "ads"), *person("bob", "ads"), *person("cid", "ads"), bought("ann", -1))
    assert shop.go_to(0) == (1, 0), "who is in when the audience begins"
    arrive(shop.engine, bought("bob", 1))
    assert shop.go_to(2) == (1, 0)
    assert shop.inside() == ["ann", "bob"]
    assert shop.go_to(2) == (0, 0)
    assert shop.go_to(3) == (0, 0)
    assert shop.go_to(24 * 7) == (0, 1), "the window of the first has lapsed"
    assert shop.inside() == ["bob"]
    arrive(shop.engine, bought("ann", 24 * 7 + 1, 2))
    assert shop.go_to(24 * 7 + 2) == (1, 1), "one comes back as the other leaves"
    assert shop.inside() == ["ann"]
    assert shop.told()[:3] == ["join", "join", "leave"]
    assert sorted(shop.told()[3:]) == ["join", "leave"]
    assert shop.decisions() == ["send ok"] * 3


def test_only_to_whom_advertising_is_allowed_and_each_refusal_once(shop: Shop) -> None:
    arrive(shop.engine, *person("ann"), *person("bob", "ads"), bought("ann", -1), bought("bob", -1))
    assert shop.go_to(0) == (1, 0)
    for hours in (1, 2, 3):
        assert shop.go_to(hours) == (0, 0)
    assert shop.inside() == ["bob"]
    assert len(shop.decisions()) == 2
    for name, state in (("ann", "granted"), ("bob", "denied")):
        words = {"channel": "ads", "purpose": "marketing", "state": state}
        arrive(shop.engine, event("Consent Updated", f"{name}-c", 3.5, ids={"user_id": name}, properties=words))
    assert shop.go_to(4) == (1, 1)
    assert shop.inside() == ["ann"]
    assert shop.go_to(5) == (0, 0)
    assert sorted(shop.decisions())[-2:] == ["send ok"] * 2


def test_an_audience_that_follows_nothing_any_more_lets_them_go(shop: Shop) -> None:
    arrive(shop.engine, *person("ann", "ads"), bought("ann", -1))
    assert shop.go_to(0) == (1, 0)
    shop.define(BUYERS, {**FOLLOWING, "spec": {}})
    assert shop.go_to(1) == (0, 1)
    assert shop.inside() == []
    assert shop.go_to(2) == (0, 0)
    shop.define(BUYERS, FOLLOWING)
    assert shop.go_to(3) == (1, 0)


def test_a_segment_that_nobody_has_looked_at_empties_nothing(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    arrive(shop.engine, *person("ann", "ads"), bought("ann", -1))
    assert shop.go_to(0) == (1, 0)
    other = {**BUYERS, "key": "others"}
    shop.define(BUYERS, other, {**FOLLOWING, "spec": {"segment": "others"}})
    report = deliver.dispatch(shop.engine, shop.catalog, now=NOW + timedelta(hours=1))
    assert (report.joined_audiences, report.left_audiences) == (0, 0)
    assert shop.go_to(2) == (0, 0), "the same person is in the other segment"
    assert shop.inside() == ["ann"]


def test_whom_a_journey_put_in_is_the_journeys(shop: Shop) -> None:
    arrive(shop.engine, *person("ann", "ads"), bought("ann", -24 * 30))
    key = identify.find(shop.engine, "user_id:ann").profile_key
    rows = _rows(key, NOW)
    context = deliver.Sending(shop.catalog, NOW)
    shop.engine.act("test", lambda tx, batch: deliver.join_audience(tx, batch, "lookalikes", rows, context), now=NOW)
    assert shop.go_to(1) == (0, 0)
    assert shop.inside() == ["ann"]


def test_entering_and_leaving_are_posted_again_until_they_are_taken(shop: Shop) -> None:
    with webhook_receiver("shared") as receiver:
        settings = {"url": receiver.url, "signing_secret": "hook", "allow_private": True}
        channel = {"kind": "channel", "key": "crm", "spec": {"uses": "webhook", "settings": settings}}
        shop.define(BUYERS, channel, {**FOLLOWING, "spec": {"segment": "buyers", "channel": "crm"}})
        arrive(shop.engine, *person("ann", "ads"), bought("ann", -1))
        hashed = hashlib.sha256(b"ann@customers.example").hexdigest()
        with mock.patch.dict(ANSWERS, {hashed: 503}):
            assert shop.go_to(0) == (1, 0)
            shop.go_to(1)
            assert receiver.taken == {}
        for hours in (2, 24 * 7, 24 * 7 + 1):
            shop.go_to(hours)
        told = [(one["action"], one["audience"], one["hashed_email"]) for one in receiver.taken.values()]
        assert told == [("join", "lookalikes", hashed), ("leave", "lookalikes", hashed)]
        assert sorted(receiver.attempts.values()) == [1, 3], "the same id each time"


def _rows(key: int, at: datetime) -> pa.Table:
    return pa.table({"profile_key": [key], "node_key": [key], "at": [at.replace(tzinfo=None)], "run": ["run-1"]})
