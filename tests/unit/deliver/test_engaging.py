"""Openings, clicks and what follows: once each, machines apart; the preference page; audiences."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from foretell import deliver
from foretell.clock import naive_utc
from foretell.definitions import Catalog
from foretell.engine import TIMESTAMP, Engine
from foretell.errors import ForetellError, UsageError
from foretell.identify import find
from tests.support.small_events import NOW, event
from tests.support.small_sending import arrive, ask, candidates, catalog, open_sending, person, states, told


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with open_sending(tmp_path) as opened:
        arrive(opened, *person("ann", "email", "sms", "ads"), *person("bo"))
        yield opened


@pytest.fixture
def read(engine: Engine, tmp_path: Path) -> Catalog:
    found = catalog(tmp_path)
    ask(engine, found, {"id": "m1", "who": "ann"}, {"id": "s1", "who": "ann", "channel": "sms"})
    deliver.dispatch(engine, found, now=NOW)
    return found


def report(
    engine: Engine, read: Catalog, *rows: tuple[str, str, float] | tuple[str, str, float, str], **more: Any
) -> int:
    """Rows of message, kind, hours after NOW and address."""
    at: list[datetime] = [naive_utc(NOW + timedelta(hours=row[2])) for row in rows]
    table = pa.table(
        {
            "message_id": pa.array([row[0] for row in rows]),
            "kind": pa.array([row[1] for row in rows]),
            "at": pa.array(at, TIMESTAMP),
            "url": pa.array([row[3] if len(row) > 3 else None for row in rows], pa.string()),
            "machine": pa.array([more.get("machine")] * len(rows), pa.bool_()),
        }
    )
    return deliver.engaged(engine, read, table, now=NOW + timedelta(days=1))


def test_the_first_opening_counts_once_and_a_machine_is_told_apart(engine: Engine, read: Catalog) -> None:
    assert report(engine, read, ("m1", "open", 1), machine=True) == 1
    assert engine.ops.query("SELECT opened_at FROM messages WHERE message_id = 'm1'") == [(None,)]
    assert report(engine, read, ("m1", "open", 2), ("m1", "open", 3)) == 1
    assert report(engine, read, ("m1", "open", 2.5)) == 0
    events = told(engine, "Email Opened")
    assert [json.loads(one["properties"]).get("machine") for one in events] == [True, None]
    assert events[1]["timestamp"] == naive_utc(NOW + timedelta(hours=2))
    assert json.loads(events[1]["properties"])["step"] == "first"
    (why,) = deliver.why(engine, "m1")
    assert [(one.what, one.machine) for one in why.happened] == [("open", True), ("open", False)]
    assert why.message is not None
    assert why.message["opened_at"] == NOW + timedelta(hours=2)


def test_a_click_counts_once_a_second_and_address(engine: Engine, read: Catalog) -> None:
    same = ("m1", "click", 1.0, "https://a.example/")
    rows = [
        same,
        same,
        ("m1", "click", 1 + 0.2 / 3600, "https://a.example/"),
        ("m1", "click", 1.0, "https://b.example/"),
    ]
    assert report(engine, read, *rows) == 2
    assert report(engine, read, ("m1", "click", 2.0, "https://a.example/")) == 1
    assert len(told(engine, "Email Link Clicked")) == 3
    assert report(engine, read, ("s1", "click", 1.0, "https://a.example/")) == 1
    assert len(told(engine, "SMS Link Clicked")) == 1
    row = engine.analytics.query("SELECT opened_at, clicked_at FROM messages WHERE message_id = 'm1'").to_pylist()[0]
    assert row["opened_at"] == row["clicked_at"] == naive_utc(NOW + timedelta(hours=1))


def test_bounces_and_complaints_stop_what_follows(engine: Engine, read: Catalog) -> None:
    assert report(engine, read, ("m1", "bounce", 1), ("s1", "spam", 1), ("nobody", "open", 1)) == 2
    assert states(engine) == {"m1": "bounced", "s1": "delivered"}
    assert len(told(engine, "SMS Marked as Spam")) == 1
    again = ask(engine, read, {"id": "m2", "who": "ann"}, {"id": "s2", "who": "ann", "channel": "sms"})
    assert again == [("refuse", "suppressed")] * 2


def test_what_is_no_engagement_is_refused(engine: Engine, read: Catalog) -> None:
    with pytest.raises(ForetellError, match="yawn"):
        report(engine, read, ("m1", "open", 1), ("m1", "yawn", 1))
    assert told(engine, "Email Opened") == []


def test_one_click_unsubscribes_from_the_channel_alone(engine: Engine, read: Catalog) -> None:
    assert report(engine, read, ("m1", "unsubscribe", 1)) == 1
    assert report(engine, read, ("m1", "unsubscribe", 1)) == 0
    again = ask(engine, read, {"id": "m2", "who": "ann"}, {"id": "s2", "who": "ann", "channel": "sms"})
    assert again == [("refuse", "no_consent"), ("send", "ok")]
    service = {"id": "m3", "who": "ann", "purpose": "service"}
    assert ask(engine, read, service) == [("send", "ok")]


def test_the_preference_page_reads_and_writes_consent(engine: Engine, read: Catalog) -> None:
    signer = deliver.signer_of(engine, read.settings)
    token = deliver.preferences_url(signer, "m1").rpartition("/")[2]
    page = deliver.preferences(engine, read, token)
    assert page.address == "a•••@customers.example"
    assert {(row.channel, row.state) for row in page.rows} == {
        ("email", "granted"), ("sms", "granted"), ("ads", "granted"),
    }  # fmt: skip
    wanted = {("email", "marketing"): False, ("sms", "marketing"): True}
    changed = deliver.set_preferences(engine, read, token, wanted, now=NOW)
    assert changed.state("email", "marketing") == "denied"
    assert len(told(engine, "Consent Updated")) == 1, "only what changes is told"
    with pytest.raises(UsageError, match="phone"):
        deliver.set_preferences(engine, read, token, {("phone", "marketing"): True}, now=NOW)
    click = deliver.click_url(signer, "m1", "https://a.example").rpartition("/")[2]
    with pytest.raises(UsageError):
        deliver.preferences(engine, read, click)


def join(engine: Engine, read: Catalog, who: str, hours: float = 0) -> list[str]:
    rows = candidates(engine, [{"id": "x", "who": who, "hours": hours}]).select(
        ["profile_key", "node_key", "at", "run"]
    )
    for name, value in (("code", "C1"), ("journey", "rescue"), ("step", "ads")):
        rows = rows.append_column(name, pa.array([value]))
    answers: list[pa.Table] = []
    context = deliver.Sending(read, NOW)
    engine.act(
        "test", lambda tx, batch: answers.append(deliver.join_audience(tx, batch, "winback", rows, context)), now=NOW
    )
    return [str(value) for value in answers[0]["reason"].to_pylist()]


def test_an_audience_is_joined_once_told_to_the_platform_and_left(engine: Engine, read: Catalog) -> None:
    assert (join(engine, read, "ann"), join(engine, read, "ann", 1), join(engine, read, "bo")) == (
        ["ok"],
        ["ok"],
        ["no_consent"],
    )
    assert len(told(engine, "Audience Joined")) == 1
    assert deliver.dispatch(engine, read, now=NOW + timedelta(hours=1)).sent == {"ads": 1}
    (row,) = deliver.inbox(engine, "ads").rows
    assert json.loads(row.text) == {
        "audience": "winback",
        "platform": "Big Ads",
        "action": "join",
        "hashed_email": hashlib.sha256(b"ann@customers.example").hexdigest(),
        "code": "C1",
    }
    denied = {"channel": "ads", "purpose": "marketing", "state": "denied"}
    arrive(engine, event("Consent Updated", "no", 2, ids={"user_id": "ann"}, properties=denied))
    deliver.dispatch(engine, read, now=NOW + timedelta(hours=3))
    left, joined = deliver.inbox(engine, "ads").rows
    assert json.loads(left.text)["action"] == "leave"
    assert {(row.journey, row.step) for row in (left, joined)} == {("rescue", "ads")}
    (member,) = engine.analytics.query("SELECT joined_at, left_at FROM audiences").to_pylist()
    assert member["left_at"] == naive_utc(NOW + timedelta(hours=3))
    decisions = engine.analytics.query("SELECT reason FROM decisions WHERE channel = 'ads' ORDER BY 1")
    assert decisions["reason"].to_pylist() == ["no_consent", "ok", "ok"]


def test_people_who_are_one_share_messages_and_one_membership_until_they_are_two(engine: Engine, read: Catalog) -> None:
    arrive(engine, *person("anne", "email", "ads"))
    ask(engine, read, {"id": "n1", "who": "anne"})
    join(engine, read, "anne", 1)
    join(engine, read, "ann", 2)
    ann, anne = (find(engine, f"user_id:{name}").profile_key for name in ("ann", "anne"))
    mine = "SELECT message_id FROM messages WHERE profile_key = ? AND medium = 'email' ORDER BY 1"
    members = "SELECT profile_key, node_key FROM audience_members ORDER BY 1"
    with engine.ops.write() as tx:
        deliver.DeliverStage().rekey(tx, pa.table({"loser_key": [anne], "winner_key": [ann]}))
    assert engine.ops.query(mine, (ann,)) == [("m1",), ("n1",)]
    assert engine.ops.query(members) == [(ann, ann), (ann, anne)], "both addresses are there"
    capped = catalog(engine.data, settings={"sending": {"caps": [{"messages": 2, "per": "7d", "channel": "email"}]}})
    assert ask(engine, capped, {"id": "n2", "who": "ann"}) == [("refuse", "frequency_cap")]
    with engine.ops.write() as tx:
        splits = pa.table({"node_key": [anne], "profile_key": [anne], "from_key": [ann]})
        deliver.DeliverStage().unmerge(tx, splits)
    assert engine.ops.query(mine, (anne,)) == [("n1",)]
    assert engine.ops.query(members) == [(ann, ann), (anne, anne)]


def test_forgotten_people_leave_nothing(engine: Engine, read: Catalog) -> None:
    report(engine, read, ("m1", "open", 1))
    join(engine, read, "ann")
    key = engine.ops.query("SELECT profile_key FROM messages LIMIT 1")[0][0]
    with engine.ops.write() as tx:
        deliver.DeliverStage().erase(tx, pa.table({"profile_key": [key]}))
    for table in ("messages", "inbox", "engagements", "audience_members"):
        assert engine.ops.query(f"SELECT count(*) FROM {table}") == [(0,)], table


def test_scanners_with_the_name_of_a_browser(engine: Engine, read: Catalog) -> None:
    """Who follows the trap, or several links at once, is no person; who comes later is one again."""
    second = 1 / 3600
    assert report(engine, read, ("m1", "click", 1.0, ""), machine=True) == 1
    assert report(engine, read, ("m1", "click", 1 + 20 * second, "https://a.example/"), ("m1", "open", 1.01)) == 2
    assert engine.ops.query("SELECT opened_at, clicked_at FROM messages WHERE message_id = 'm1'") == [(None, None)]
    links = [f"https://{name}.example/" for name in "abc"]
    report(engine, read, *(("s1", "click", 1 + place * second, link) for place, link in enumerate(links)))
    assert engine.ops.query("SELECT clicked_at FROM messages WHERE message_id = 's1'") == [(None,)]
    report(engine, read, ("m1", "click", 2.0, links[0]), ("m1", "click", 2 + 5 * second, links[1]))
    assert engine.ops.query("SELECT clicked_at IS NULL FROM messages WHERE message_id = 'm1'") == [(0,)]
