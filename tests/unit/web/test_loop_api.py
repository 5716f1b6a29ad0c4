"""``/api`` around the loop: a journey runs, its mail lies in the inbox and the ledger, and a case waits."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args
from urllib.parse import urlsplit

import pyarrow as pa
import pytest

from foretell import app, deliver
from foretell.clock import SteppedClock, naive_utc
from foretell.engine import TIMESTAMP
from foretell.web.api.messages import Medium, State
from tests.support.journey_shop import DOCUMENTS
from tests.support.served_sending import BROWSER
from tests.support.served_workspace import Served, served
from tests.support.small_events import NOW
from tests.support.small_workspace import write

JOURNEY = """\
kind: journey
key: rescue
spec:
  title: Rescue
  description: For those who leave.
  enter: {prediction: churn, horizon: 90d, gte: 0.7}
  goal: {did: Order Completed}
  holdout: 0%
  steps:
    - {key: code, offer: winback}
    - {key: mail, send: we_miss_you, channel: email, topic: winback}
    - {key: silent, branch: {message: mail, is: opened}, then: finish, else: call}
    - {key: call, case: winback_call, title: Call them, priority: high, due: 48h, owner: service}
    - {key: finish, end: done}
"""
MANY = {name: text for name, text in DOCUMENTS.items() if not name.startswith(("journeys/", "audiences/"))}


def _arrived(name: str, *, mail: bool) -> list[dict[str, Any]]:
    at = (NOW - timedelta(days=9)).isoformat()
    head = {"userId": name, "timestamp": at, "originalTimestamp": at}
    who = {"type": "identify", "messageId": f"{name}-i", **head, "traits": {"email": f"{name}@customers.example"}}
    said = {"channel": "email", "purpose": "marketing", "state": "granted" if mail else "denied"}
    return [
        who,
        {"type": "track", "messageId": f"{name}-c", **head, "event": "Consent Updated", "properties": said},
    ]


@contextmanager
def _about_to_leave(folder: Path) -> Iterator[Served]:
    """Two people are about to leave, one of them may be written to; the journey is applied and not started."""
    write(folder, {**MANY, "journeys/rescue.yaml": JOURNEY})
    told = [*_arrived("ann", mail=True), *_arrived("bob", mail=False)]
    with served(folder, events="\n".join(map(json.dumps, told)), clock=SteppedClock(NOW)) as found:
        place = found.site.workspace
        assert not place.problems
        app.apply(place)
        keys = [key for (key,) in place.engine.ops.query("SELECT node_key FROM node_seen")]
        rows = {
            "prediction": pa.array(["churn"] * len(keys)),
            "horizon": pa.array(["90d"] * len(keys)),
            "node_key": pa.array(keys, pa.int64()),
            "as_of": pa.array([naive_utc(NOW)] * len(keys), TIMESTAMP),
            "score": pa.array([0.9] * len(keys)),
            "low": pa.array([0.8] * len(keys)),
            "high": pa.array([0.95] * len(keys)),
            "model": pa.array(["m"] * len(keys)),
            "reasons": pa.array(["[]"] * len(keys)),
        }
        place.engine.publish("predict", {"score_rows": pa.table(rows)}, now=NOW)
        yield found


def _played(shop: Served) -> Served:
    assert shop.browser.post("/api/journeys/rescue/start").status_code == 200
    for hours in (0, 1):
        _go_on(shop, hours)
    return shop


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Served]:
    """Before the journey is started."""
    with _about_to_leave(tmp_path) as found:
        yield found


@pytest.fixture
def played(shop: Served) -> Served:
    """The journey has run, an hour long."""
    return _played(shop)


@pytest.fixture(scope="module")
def unchanged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The same for tests that change nothing."""
    with _about_to_leave(tmp_path_factory.mktemp("unchanged")) as found:
        yield _played(found)


def _go_on(shop: Served, hours: float) -> None:
    clock = shop.site.workspace.clock
    assert isinstance(clock, SteppedClock)
    clock.instant = NOW + timedelta(hours=hours)
    app.advance(shop.site.workspace, clock.instant)
    shop.site.cache.forget()


def test_a_journey_is_started_and_paused(shop: Served) -> None:
    def asked(what: str, status: int = 200, key: str = "rescue") -> Any:
        answer = shop.browser.post(f"/api/journeys/{key}/{what}")
        assert answer.status_code == status, answer.text
        return answer.json()

    (row,) = shop.get("journeys")["rows"]
    assert (row["key"], row["title"], row["state"], row["changed_at"]) == ("rescue", "Rescue", "draft", None)
    assert asked("pause", 409)["error"]["code"] == "NOT_STARTED"
    assert asked("start")["state"] == "live"
    assert asked("start") == asked("start"), "again is no other start"
    assert asked("pause")["state"] == "paused"
    _go_on(shop, 1)
    assert shop.get("journeys")["rows"][0]["entered"] == 0, "a paused journey lets nobody in"
    for what in ("start", "pause"):
        assert asked(what, 404, "nothing")["error"]["code"] == "UNKNOWN_DEFINITION"


def test_a_journey_that_was_not_applied_does_not_start(shop: Served) -> None:
    place = shop.site.workspace
    write(place.root, {"journeys/other.yaml": JOURNEY.replace("key: rescue", "key: other")})
    app.reload_definitions(place)
    answer = shop.browser.post("/api/journeys/other/start")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "NOT_APPLIED")


def test_a_journey_with_its_steps(unchanged: Served) -> None:
    body = unchanged.get("journeys/rescue")
    assert (body["description"], body["state"], body["entered"], body["active"]) == (
        "For those who leave.",
        "live",
        2,
        0,
    )
    assert (body["arms"], body["holdout"]) == ({"treated": 2, "held_out": 0}, 0.0)
    assert (body["sent"], body["refused"]) == (1, {"no_consent": 1})
    assert body["lift"]["answer"] == "not yet"
    assert unchanged.get("journeys")["rows"][0]["lift"] == body["lift"]
    assert body["enter"]["condition"] == {"prediction": "churn", "horizon": "90d", "gte": 0.7}
    assert body["enter"]["says"].startswith("People whose latest churn score")
    steps = {step["key"]: step for step in body["steps"]}
    assert list(steps) == ["code", "mail", "silent", "call", "finish"]
    assert steps["mail"]["counts"] == {"in": 2, "done": 2, "here": 0, "sent": 1, "refused": 1, "deferred": 0}
    assert (steps["silent"]["then"], steps["silent"]["else"]) == ("finish", "call")
    assert steps["silent"]["says"] == "People whose message mail was opened."
    assert unchanged.get("journeys/nothing", status=404)["error"]["code"] == "UNKNOWN_DEFINITION"


def test_the_ledger_lists_what_was_sent_and_what_was_not(unchanged: Served) -> None:
    ledger = unchanged.get("messages")
    rows = {row["person"]: row for row in ledger["rows"]}
    assert (ledger["total"], set(rows)) == (2, {"ann@customers.example", "bob@customers.example"})
    sent, refused = rows["ann@customers.example"], rows["bob@customers.example"]
    assert (sent["decision"], sent["reason"], sent["state"]) == ("send", "ok", "delivered")
    assert (sent["journey"], sent["step"], sent["address"]) == ("rescue", "mail", "ann@customers.example")
    assert (refused["decision"], refused["reason"], refused["state"]) == ("refuse", "no_consent", None)
    assert (refused["journey"], refused["step"], refused["address"]) == ("rescue", "mail", None)
    assert (refused["medium"], refused["template"], refused["at"]) == ("email", "we_miss_you", sent["at"])
    people = {refused["profile_id"]: "bob", sent["profile_id"]: "ann"}
    every = {"medium": "email", "channel": "email", "journey": "rescue", "step": "mail", "template": "we_miss_you"}
    chosen: list[tuple[dict[str, Any], str]] = [
        ({}, "ann bob"),
        (every, "ann bob"),
        ({"profile_id": "ann"}, "ann"),
        ({"decision": "refuse", "reason": "no_consent"}, "bob"),
        ({"decision": "send"} | every, "ann"),
        ({"decision": "defer"}, ""),
        ({"state": "delivered"}, "ann"),
        ({"medium": "sms"}, ""),
        ({"lane": "bulk"}, "ann bob"),
        ({"lane": "transactional"}, ""),
        ({"q": "bob@"}, "bob"),
        ({"q": "miss you"}, "ann bob"),
        ({"q": "nobody"}, ""),
        ({"since": sent["at"]}, "ann bob"),
        ({"since": _at(2)}, ""),
    ]
    for filters, names in chosen:
        found = unchanged.get("messages", **filters)
        told = sorted(people[row["profile_id"]] for row in found["rows"])
        assert (told, found["total"]) == (names.split(), len(names.split())), filters
    empty = {"total": 2, "page": 2, "rows": [], "in_doubt": 0, "given_up": 0, "sandboxes": []}
    assert unchanged.get("messages", page=2) == empty
    assert unchanged.get("messages", profile_id="nobody", status=404)["error"]["code"] == "PROFILE_UNKNOWN"
    for wrong in ({"page": 0}, {"decision": "perhaps"}, {"since": "yesterday"}, {"state": "lost"}, {"medium": "fax"}):
        assert unchanged.get("messages", **wrong, status=422)["error"]["where"] == f"query.{next(iter(wrong))}"
    assert [row["decision"] for row in unchanged.get("people/bob")["messages"]] == ["refuse"]
    assert unchanged.get("workspace")["counts"]["messages"] == 2


def test_a_filter_that_nothing_can_have_is_told_with_what_there_is(unchanged: Served) -> None:
    allowed = {"channel": "sms", "template": "we_miss_you", "journey": "rescue", "step": "mail", "reason": "no_consent"}
    for name, near in allowed.items():
        told = unchanged.get("messages", **{name: near[:-1]}, status=400)["error"]
        assert (told["code"], told["where"]) == ("BAD_FILTER", f"query.{name}")
        assert near in told["next_step"]
    assert unchanged.get("messages", channel="zz", status=400)["error"]["code"] == "BAD_FILTER"
    assert unchanged.get("messages", channel="push")["total"] == 0, "it is there, and nothing went over it"
    told = unchanged.get("inbox", channel="zz", status=422)["error"]
    assert told["where"] == "query.channel"
    assert "'email'" in told["what"]
    assert unchanged.get("people", status=404, segment="zz")["error"]["code"] == "UNKNOWN_DEFINITION"
    assert unchanged.get("people/ann/timeline", status=422, kind="zz")["error"]["where"] == "query.kind"


def test_the_words_for_states_and_media_are_those_of_the_outbox() -> None:
    assert get_args(State) == deliver.STATES
    assert get_args(Medium) == deliver.MEDIA


def test_a_message_says_why(unchanged: Served) -> None:
    for decision, reason, failed in (("send", "ok", []), ("refuse", "no_consent", ["consent"])):
        (row,) = unchanged.get("messages", decision=decision)["rows"]
        told = unchanged.get(f"messages/{row['message_id']}")
        assert told["message"] == row
        (found,) = told["decisions"]
        assert (found["decision"], found["reason"], found["at"]) == (decision, reason, row["at"])
        assert [check["check"] for check in found["checks"] if not check["passed"]] == failed
        assert all(check["says"].endswith(".") for check in found["checks"])
        assert told["story"][-1].startswith("Handed over" if decision == "send" else "It was never queued.")
        assert "consent" in [check["check"] for check in found["checks"]]
    assert unchanged.get("messages/nothing", status=404)["error"]["code"] == "MESSAGE_UNKNOWN"


def test_somebody_says_what_came_of_a_message_in_doubt(played: Served) -> None:
    (row,) = played.get("messages", decision="send")["rows"]

    def settle(message_id: str, went_out: bool) -> tuple[int, Any]:
        answer = played.browser.post(f"/api/messages/{message_id}/settle", json={"went_out": went_out})
        return answer.status_code, answer.json()

    status, told = settle(row["message_id"], False)
    assert (status, told["error"]["code"]) == (400, "MESSAGE_CERTAIN")
    with played.site.workspace.engine.ops.write() as tx:
        tx.execute("UPDATE messages SET state = 'uncertain', next_at = NULL, sent_at = NULL")
    assert played.get("messages")["in_doubt"] == 1
    status, told = settle(row["message_id"], True)
    assert (status, told["message"]["state"]) == (200, "sent")
    status, told = settle("nothing", True)
    assert told["error"]["code"] == "MESSAGE_UNKNOWN"


def test_the_inbox_leads_to_the_server_that_shows_it(played: Served) -> None:
    (row,) = played.get("inbox", channel="email")["rows"]
    assert (row["subject"], row["address"], row["person"]) == ("We miss you", *2 * ("ann@customers.example",))
    assert (row["journey"], row["step"]) == ("rescue", "mail")
    assert played.get("inbox", channel="sms")["total"] == 0
    path = f"/api/inbox/{row['message_id']}"
    here = {"host": "localhost:4711"}
    mail = played.browser.get(path, headers=here).json()
    page = played.browser.get(mail["html_url"], headers=here)
    assert "sandbox" in page.headers["content-security-policy"]
    for told in (page.text, mail["html"], mail["text"], mail["headers"]["List-Unsubscribe"], *mail["links"]):
        assert "http://localhost:4711/s/" in told
        assert "https://shop.example/s/" not in told
    picture = next(part for part in page.text.split('"') if "/s/o/" in part)
    assert played.browser.get(urlsplit(picture).path, headers=BROWSER).status_code == 200
    assert played.get("messages", decision="send")["rows"][0]["opened_at"] is not None
    assert played.get("inbox/nothing", status=404)["error"]["code"] == "MESSAGE_UNKNOWN"
    assert played.browser.get("/api/inbox/nothing/html").status_code == 404


def _post(shop: Served, path: str, status: int = 200, **body: Any) -> Any:
    answer = shop.browser.post(f"/api/{path}", json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


def test_cases_are_changed_and_closed(played: Served) -> None:
    found = played.get("cases")
    assert found["total"] == 2
    first = next(row for row in found["rows"] if row["person"] == "ann@customers.example")
    assert (first["title"], first["priority"], first["owner"], first["late"]) == ("Call them", "high", "service", False)
    case = f"cases/{first['case_id']}"
    assert (first["due_at"], first["journey"], first["step"]) == (_at(48), "rescue", "call")

    taken = _post(
        played, case, owner="eve", state="in_progress", note="She is away.", by="eve", version=first["version"]
    )
    assert (taken["owner"], taken["state"], taken["version"]) == ("eve", "in_progress", first["version"] + 1)
    assert [step["what"] for step in taken["history"]] == ["opened", "state", "owner", "note"]
    assert played.get(case) == taken
    assert [played.get("cases", owner=name)["total"] for name in ("eve", "service", "nobody")] == [1, 1, 0]
    assert [played.get("cases", state=state)["total"] for state in ("open", "in_progress", "all")] == [1, 1, 2]
    assert played.get("cases", profile_id="ann")["total"] == 1

    late = _post(played, case, 409, owner="bob", version=first["version"])
    assert late["error"]["code"] == "CASE_CHANGED"
    assert played.get(case)["owner"] == "eve"

    closed = _post(played, f"{case}/close", outcome="reached", by="eve", version=taken["version"])
    assert (closed["state"], closed["outcome"], closed["history"][-1]["by"]) == ("closed", "reached", "eve")
    assert _post(played, f"{case}/close", outcome="reached") == closed, "closing again with the same is no change"
    assert _post(played, f"{case}/close", 409, outcome="solved")["error"]["code"] == "CASE_CLOSED"
    assert played.get("cases")["total"] == 1
    assert played.get("cases", state="closed")["rows"][0]["case_id"] == first["case_id"]


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"state": "closed"}, "body.state"),
        ({"stat": "open"}, "body.stat"),
        ({"priority": "!"}, "body.priority"),
        ({"due_at": "2024-06-01T00:00:00"}, "body.due_at"),
        ({"due_at": "9999-12-31T23:59:59-12:00"}, "body.due_at"),
        ({"due_at": "0001-01-01T00:00:00+12:00"}, "body.due_at"),
        ({"note": "x" * 10_001}, "body.note"),
        ({"by": ""}, "body.by"),
    ],
)
def test_a_change_that_makes_no_sense_changes_nothing(unchanged: Served, body: dict[str, Any], where: str) -> None:
    row = unchanged.get("cases")["rows"][0]
    wrong = _post(unchanged, f"cases/{row['case_id']}", 422, **body)["error"]
    assert (wrong["code"], wrong["where"]) == ("BAD_REQUEST", where)
    assert unchanged.get(f"cases/{row['case_id']}")["version"] == row["version"]


def test_cases_that_are_not_there(unchanged: Served) -> None:
    assert unchanged.get("cases/nothing", status=404)["error"]["code"] == "UNKNOWN_CASE"
    assert _post(unchanged, "cases/nothing", 404, note="x")["error"]["code"] == "UNKNOWN_CASE"
    assert _post(unchanged, "cases/nothing/close", 404, outcome="solved")["error"]["code"] == "UNKNOWN_CASE"
    assert _post(unchanged, "cases/nothing/close", 422, outcome="!")["error"]["where"] == "body.outcome"
    assert unchanged.get("cases", state="!", status=422)["error"]["code"] == "BAD_REQUEST"


def _at(hours: float) -> str:
    return (NOW + timedelta(hours=hours)).isoformat().replace("+00:00", "Z")
