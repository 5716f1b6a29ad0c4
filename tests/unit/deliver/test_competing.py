"""What decides besides consent: addresses, importance, caps of the calendar, the sandbox, and what is said of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from foretell import definitions, deliver
from foretell.definitions import Catalog, SendingSection
from foretell.engine import Engine
from foretell.errors import UsageError
from tests.support.small_events import NOW, event
from tests.support.small_sending import TEMPLATE, arrive, candidates, catalog, open_sending, person, states, told


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with open_sending(tmp_path) as opened:
        arrive(opened, *person("ann", "email", "sms"), *person("bob", "email"))
        yield opened


def ask(engine: Engine, read: Catalog, *rows: dict[str, Any], **columns: Any) -> list[tuple[str, str]]:
    """(decision, reason) of each of ``rows``, which may have ``priority`` and ``contaminated``."""
    asked = candidates(engine, rows)
    for name, kind, usual in (("priority", pa.int64(), 0), ("contaminated", pa.bool_(), None)):
        asked = asked.append_column(name, pa.array([row.get(name, usual) for row in rows], kind))
    answers: list[pa.Table] = []
    engine.act(
        "test", lambda tx, batch: answers.append(deliver.decide(tx, batch, deliver.Sending(read, NOW), asked)), now=NOW
    )
    return [(row["decision"], row["reason"]) for row in answers[0].to_pylist()]


def capped(root: Path, *caps: dict[str, Any], **sending: Any) -> Catalog:
    return catalog(root, settings={"sending": {"caps": list(caps), **sending}})


def says(engine: Engine, message_id: str, check: str) -> str:
    """What the last decision about a message says of a check."""
    (why,) = deliver.why(engine, message_id)
    return next(one.says for one in why.decisions[-1].checks if one.check == check)


@pytest.mark.parametrize(
    ("traits", "channel", "answer"),
    [
        ({"email": "Dan@Customers.example "}, "email", ("ok", "dan@customers.example")),
        ({"email": "dan@@customers"}, "email", ("invalid_address", None)),
        ({"email": "dan@mail.invalid"}, "email", ("invalid_address", None)),
        ({"email": ""}, "email", ("no_address", None)),
        ({"phone": "0044 20 7946 0958"}, "sms", ("ok", "+442079460958")),
        ({"phone": "020 7946 0958"}, "sms", ("ok", "+442079460958")),  # the workspace's locale is en-GB
        ({"phone": "ring me"}, "sms", ("invalid_address", None)),
        ({}, "sms", ("no_address", None)),
    ],
)
def test_addresses(
    engine: Engine, tmp_path: Path, traits: dict[str, str], channel: str, answer: tuple[str, str | None]
) -> None:
    arrive(engine, event("Identified", "dan", 0, ids={"user_id": "dan"}, traits=traits))
    ((_, reason),) = ask(
        engine, catalog(tmp_path), {"id": "m1", "who": "dan", "channel": channel, "purpose": "service"}
    )
    kept = engine.ops.query("SELECT address FROM messages")
    assert (reason, kept[0][0] if kept else None) == answer


def test_an_identifier_stands_in_where_what_is_told_is_no_address(engine: Engine, tmp_path: Path) -> None:
    arrive(engine, event("Identified", "bad", 0, ids={"user_id": "ann"}, traits={"email": "none", "phone": "?"}))
    rows: list[dict[str, Any]] = [{"id": f"m-{one}", "who": "ann", "channel": one} for one in ("email", "sms")]
    assert ask(engine, catalog(tmp_path), *rows) == [("send", "ok")] * 2
    found = engine.ops.query("SELECT address, address_node IS NOT NULL FROM messages ORDER BY message_id")
    assert found == [("ann@customers.example", 1), ("+491701234503", 1)]


def test_the_more_important_of_one_round_goes(engine: Engine, tmp_path: Path) -> None:
    read = capped(tmp_path, {"messages": 1, "per": "1d"})
    more = {"id": "m2", "who": "ann", "priority": 5}
    rows: list[dict[str, Any]] = [{"id": "m1", "who": "ann"}, more, {"id": "m3", "who": "bob"}]
    assert ask(engine, read, *rows) == [("refuse", "outbid"), ("send", "ok"), ("send", "ok")]
    assert says(engine, "m1", "frequency_cap") == (
        "A more important message takes the room that a cap leaves (at most 1 message in any day): m2."
    )
    assert ask(engine, read, {"id": "m4", "who": "ann"}) == [("refuse", "outbid")], "as long as it has not left"
    deliver.dispatch(engine, read, now=NOW)
    assert ask(engine, read, {"id": "m5", "who": "ann"}) == [("refuse", "frequency_cap")]
    assert ask(engine, read, {"id": "m6", "who": "ann", "priority": 9}) == [("refuse", "frequency_cap")], "it has left"


def test_a_queued_message_gives_way(engine: Engine, tmp_path: Path) -> None:
    read = capped(tmp_path, {"messages": 2, "per": "7d"}, {"messages": 1, "per": "1d", "channel": "sms"})
    news = {"id": "m1", "who": "ann", "priority": 1, "journey": "news"}
    first: list[dict[str, Any]] = [news, {"id": "m2", "who": "ann", "channel": "sms"}]
    assert ask(engine, read, *first) == [("send", "ok")] * 2
    assert ask(engine, read, {"id": "m3", "who": "ann", "channel": "sms", "priority": 7}) == [("send", "ok")]
    assert states(engine) == {"m1": "queued", "m2": "cancelled", "m3": "queued"}, "one makes room under both caps"
    assert engine.ops.query("SELECT error FROM messages WHERE message_id = 'm2'") == [("outbid by m3",)]
    row = deliver.ledger_row(engine, "m2")
    assert (row["decision"], row["reason"], row["state"]) == ("refuse", "outbid", "cancelled")
    assert [one["message_id"] for one in deliver.ledger(engine, {"reason": "outbid"}).rows] == ["m2"]
    assert "takes the place of a less important one that had not left: m2." in says(engine, "m3", "frequency_cap")
    (why,) = deliver.why(engine, "m2")
    assert [one.reason for one in why.decisions] == ["ok", "outbid"]
    assert why.story == ("It was taken back before it left: outbid by m3.",)
    assert deliver.dispatch(engine, read, now=NOW).sent == {"email": 1, "sms": 1}
    assert told(engine, "SMS Sent")[0]["message_id"] == "m3_sent"


def test_what_is_being_handed_over_does_not_give_way(engine: Engine, tmp_path: Path) -> None:
    read = capped(tmp_path, {"messages": 1, "per": "1d"})
    ask(engine, read, {"id": "m1", "who": "ann"})
    with engine.ops.write() as tx:
        tx.execute("UPDATE messages SET state = 'claimed'")
    assert ask(engine, read, {"id": "m2", "who": "ann", "priority": 3}) == [("refuse", "frequency_cap")]
    assert engine.ops.query("SELECT state FROM messages") == [("claimed",)]


def test_caps_of_purposes_and_of_the_calendar(engine: Engine, tmp_path: Path) -> None:
    arrive(engine, event("Identified", "zone", 0, ids={"user_id": "ann"}, traits={"timezone": "America/New_York"}))
    read = capped(tmp_path, {"messages": 1, "per": "1d", "calendar": True, "purpose": "service"})
    service = {"who": "ann", "purpose": "service"}
    # 19:00 on the last day of the year in New York; five hours later it is another day, and two days later another.
    rows = [{"id": f"m{hours}", "hours": hours, **service} for hours in (0, 4, 5, 28, 29)]
    assert [reason for _, reason in ask(engine, read, *rows)] == ["ok", "frequency_cap", "ok", "frequency_cap", "ok"]
    assert ask(engine, read, {"id": "x", "who": "ann"}) == [("send", "ok")], "another purpose"
    assert says(engine, "m4", "frequency_cap") == (
        "A cap is reached: at most 1 message for service in each day on the person's calendar."
    )


def test_transactional_mail_passes_caps_and_quiet_hours_and_does_not_count(engine: Engine, tmp_path: Path) -> None:
    read = capped(tmp_path, {"messages": 1, "per": "7d"}, quiet_hours={"from": "21:00", "to": "20:00"})
    rows = [{"id": f"m{number}", "who": "ann", "purpose": "transactional"} for number in range(3)]
    assert ask(engine, read, *rows) == [("send", "ok")] * 3
    assert ask(engine, read, {"id": "n", "who": "ann", "hours": 20}) == [("send", "ok")]
    assert deliver.ledger(engine, {"lane": "transactional"}).total == 3
    assert [row["message_id"] for row in deliver.ledger(engine, {"lane": "bulk"}).rows] == ["n"]


def test_people_of_both_arms_are_left_alone_where_it_is_asked(engine: Engine, tmp_path: Path) -> None:
    rows = [{"id": f"m{asked}", "who": "ann", "contaminated": asked} for asked in (None, False, True)]
    assert ask(engine, catalog(tmp_path), *rows) == [("send", "ok"), ("send", "ok"), ("refuse", "contaminated")]
    assert "runs of both arms" in says(engine, "mTrue", "contamination")
    with pytest.raises(StopIteration):
        says(engine, "mNone", "contamination")


def test_the_sandbox_decides_everything_and_lets_nothing_out(engine: Engine, tmp_path: Path) -> None:
    read = capped(tmp_path, {"messages": 1, "per": "7d"}, sandbox={"to": ["Bob@customers.example"]})
    rows = [{"id": "m1", "who": "ann"}, {"id": "m2", "who": "bob"}, {"id": "m3", "who": "ann", "template": "none"}]
    assert ask(engine, read, *rows) == [("refuse", "sandbox"), ("send", "ok"), ("refuse", "unknown_template")]
    assert ask(engine, read, {"id": "m4", "who": "ann"}) == [("refuse", "frequency_cap")], "a rehearsal counts"
    over = capped(tmp_path, {"messages": 1, "per": "7d"})
    assert ask(engine, over, {"id": "m5", "who": "ann"}) == [("send", "ok")], "and not when it is over"
    report = deliver.dispatch(engine, read, now=NOW)
    assert (report.sent, report.cancelled) == ({"email": 1}, 1), "and m5 is held back at the last look"
    assert [row.message_id for row in deliver.inbox(engine).rows] == ["m2"]
    assert states(engine) == {"m1": "sandboxed", "m2": "delivered", "m5": "cancelled"}
    (why,) = deliver.why(engine, "m1")
    assert why.story == ("Outside the sandbox it would have gone to ann@customers.example.",)


def test_a_channel_has_a_sandbox_of_its_own(engine: Engine, tmp_path: Path) -> None:
    spec = {"uses": "inbox_email", "sandbox": {"to": ["@customers.example"]}}
    channel = {"kind": "channel", "key": "email", "spec": spec}
    read = catalog(tmp_path, TEMPLATE, channel, settings={"sending": {"sandbox": {"to": []}}})
    rows = [{"id": "m1", "who": "ann"}, {"id": "m2", "who": "ann", "channel": "sms"}]
    assert ask(engine, read, *rows) == [("send", "ok"), ("refuse", "sandbox")]


def test_every_unsuccessful_attempt_is_told(engine: Engine, tmp_path: Path) -> None:
    read = catalog(tmp_path, settings={"sending": {"attempts": 2}})
    arrive(engine, event("Identified", "l", 0, ids={"user_id": "ann"}, traits={"email": "later@simulator.example"}))
    ask(engine, read, {"id": "m1", "who": "ann"})
    for hours in (0, 1):
        deliver.dispatch(engine, read, now=NOW + timedelta(hours=hours))
    (why,) = deliver.why(engine, "m1")
    assert [(one.number, one.outcome) for one in why.attempts] == [(1, "later"), (2, "failed")]
    assert all(one.said for one in why.attempts)
    assert why.story[0].startswith("Attempt 1, 2026-01-01T00:00:00Z: not now, ")
    assert why.story[-1].startswith("It was given up: ")


@pytest.mark.parametrize(
    ("caps", "doubts"),
    [
        ([{"messages": 3, "per": "1d"}, {"messages": 3, "per": "7d"}], [0]),
        ([{"messages": 1, "per": "1d"}, {"messages": 3, "per": "7d"}], []),
        ([{"messages": 2, "per": "7d"}, {"messages": 2, "per": "7d"}], [1]),
        ([{"messages": 2, "per": "7d"}, {"messages": 3, "per": "7d", "channel": "sms"}], [1]),
        ([{"messages": 2, "per": "7d", "channel": "sms"}, {"messages": 3, "per": "7d"}], []),
        ([{"messages": 1, "per": "2d"}, {"messages": 1, "per": "1d", "calendar": True}], [1]),
        ([{"messages": 1, "per": "1d"}, {"messages": 1, "per": "1d", "calendar": True}], []),
        ([{"messages": 1, "per": "1d", "purpose": "transactional"}], [0]),
    ],
)
def test_caps_that_never_stop_anything_are_doubted(caps: list[dict[str, Any]], doubts: list[int]) -> None:
    section = SendingSection.model_validate({"caps": caps})
    assert [path[1] for code, path, _, _ in section.doubts() if code == "CAP_NEVER_REACHED"] == doubts


def test_doubts_are_told_with_their_line(tmp_path: Path) -> None:
    text = "sending:\n  caps:\n    - {messages: 1, per: 7d}\n    - {messages: 2, per: 1d}\n  sandbox: {to: []}\n"
    (tmp_path / "foretell.yaml").write_text(text, encoding="utf-8")
    problems = definitions.read_settings(tmp_path, {}).problems
    assert [(one.code, one.where, one.severity) for one in problems] == [
        ("CAP_NEVER_REACHED", "foretell.yaml:4", "warning"),
        ("SANDBOX", "foretell.yaml:5", "warning"),
    ]


@pytest.mark.parametrize(
    "sending",
    [
        {"caps": [{"messages": 1, "per": "1mo"}]},
        {"caps": [{"messages": 1, "per": "2d", "calendar": True}]},
        {"domain_rates": {"gmail": {"messages": 1, "per": "1s"}}},
        {"domain_rates": {"gmail.com": {"messages": 5, "per": "1mo"}}},
        {"domain_rates": {"gmail.com": {"messages": 5, "per": "1s", "transactional": 5}}},
        {"sandbox": {"to": ["@nothing"]}},
    ],
)
def test_settings_that_cannot_be_meant(sending: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"SendingSection"):
        SendingSection.model_validate(sending)


def test_an_unknown_lane(engine: Engine) -> None:
    assert deliver.ledger(engine, {"lane": "fast"}).total == 0
    with pytest.raises(UsageError, match="chosen by 'colour'"):
        deliver.ledger(engine, {"colour": "red"})
