"""Who is barred: restriction of processing, suppression, minors and guardians."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from foretell import app, collect, identify, profile, protect
from foretell.clock import FixedClock
from foretell.errors import UsageError
from foretell.profile import privacy
from tests.support.small_workspace import write

NOW = datetime(2026, 4, 1, 9, tzinfo=UTC)


def told(user: str, born: str | None, *, message: str = "", at: str = "2026-03-01T10:00:00Z") -> dict[str, object]:
    traits = {"email": f"{user}@customers.example"} | ({} if born is None else {"birth_date": born})
    return {"type": "identify", "messageId": f"m-{user}{message}", "userId": user, "timestamp": at, "traits": traits}


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[app.Workspace]:
    write(tmp_path, {"foretell.yaml": "name: Shop\ncurrency: EUR\nzone: UTC\nprivacy: {age_of_consent: 16}\n"})
    file = tmp_path / "in.jsonl"
    people = [told("child", "2010-04-02"), told("just", "2010-04-01"), told("adult", "1990-01-01"), told("plain", None),
              told("odd", "yesterday")]  # fmt: skip
    file.write_text("".join(json.dumps(one) + "\n" for one in people), "utf-8")
    with app.open_workspace(tmp_path, "write", FixedClock(NOW)) as found:
        collect.import_files(found.engine, found.catalog, [file], None, now=NOW, reader=found.frames)
        yield found


def key(shop: app.Workspace, user: str) -> int:
    return identify.find(shop.engine, f"user_id:{user}").profile_key


def barred(shop: app.Workspace, at: datetime = NOW) -> dict[str, list[str]]:
    names = ["child", "just", "adult", "plain", "odd"]
    keys = {key(shop, name): name for name in names}
    found = profile.restricted(shop.engine.ops, pa.array(list(keys), pa.int64()), at)
    result: dict[str, list[str]] = {}
    for row in found.to_pylist():
        result.setdefault(keys[row["profile_key"]], []).append(row["kind"])
    return result


def test_minors_are_who_is_younger_than_the_age_on_that_day(shop: app.Workspace) -> None:
    assert barred(shop) == {"child": ["minor"]}
    assert barred(shop, NOW + timedelta(days=1)) == {}
    assert barred(shop, NOW - timedelta(days=1)) == {"child": ["minor"], "just": ["minor"]}
    answer = profile.allowed(shop.engine.ops, pa.array([key(shop, "child")]), "profiling", NOW)
    assert (answer["allowed"].to_pylist(), answer["reason"].to_pylist()) == ([False], ["minor"])


def test_a_guardian_agrees_for_a_minor(shop: app.Workspace) -> None:
    place = app.protected(shop)
    protect.restrict(place, "user_id:child", "guardian", reason="letter of the mother", made_by="dpo", now=NOW)
    assert barred(shop) == {}
    protect.lift(place, "user_id:child", "guardian", now=NOW)
    assert barred(shop) == {"child": ["minor"]}


def test_a_birth_date_told_later_counts(shop: app.Workspace, tmp_path: Path) -> None:
    file = tmp_path / "more.jsonl"
    later = told("child", "1980-01-01", message="2", at="2026-03-05T10:00:00Z")
    earlier = told("adult", "2015-01-01", message="2", at="2026-02-01T10:00:00Z")
    file.write_text("".join(json.dumps(one) + "\n" for one in (later, earlier)), "utf-8")
    collect.import_files(shop.engine, shop.catalog, [file], None, now=NOW, reader=shop.frames)
    assert barred(shop) == {}


def test_restriction_is_reversible_and_keeps_its_history(shop: app.Workspace) -> None:
    place = app.protected(shop)
    for _ in range(2):
        protect.restrict(place, "user_id:adult", "restriction", reason="disputes it", made_by="dpo", now=NOW)
    assert barred(shop) == {"adult": ["restriction"], "child": ["minor"]}
    protect.lift(place, "user_id:adult", "restriction", now=NOW + timedelta(days=2))
    assert barred(shop, NOW + timedelta(days=1))["adult"] == ["restriction"]
    assert "adult" not in barred(shop, NOW + timedelta(days=3))
    (row,) = privacy.restrictions_of(shop.engine.ops, key(shop, "adult"))
    assert (row["reason"], row["until"]) == ("disputes it", NOW + timedelta(days=2))
    with pytest.raises(UsageError, match="nothing is in force"):
        protect.lift(place, "user_id:adult", "restriction", now=NOW)


def test_suppression_bars_the_person_and_what_arrives(shop: app.Workspace, tmp_path: Path) -> None:
    place = app.protected(shop)
    done = protect.suppress(place, "email:Adult@customers.example", reason="asked", made_by="dpo", now=NOW)
    assert done["identifiers"] == 2
    assert barred(shop) == {"adult": ["suppression"], "child": ["minor"]}
    assert protect.suppress(place, "email:New@customers.example", reason="asked", made_by="dpo", now=NOW) == {
        "person": None, "identifiers": 1,
    }  # fmt: skip
    file = tmp_path / "more.jsonl"
    events = [told("adult", None, message="3"), told("new", None), told("other", None)]
    file.write_text("".join(json.dumps(one) + "\n" for one in events), "utf-8")
    collect.import_files(shop.engine, shop.catalog, [file], None, now=NOW, reader=shop.frames)
    assert [row["events"] for row in privacy.held_back(shop.engine.ops)] == [2]
    with pytest.raises(UsageError):
        identify.find(shop.engine, "user_id:new")
    assert identify.find(shop.engine, "user_id:other").kind == "user_id"
    protect.unsuppress(place, "user_id:adult", now=NOW)
    assert barred(shop) == {"child": ["minor"]}
    with pytest.raises(UsageError, match="not suppressed"):
        protect.unsuppress(place, "user_id:adult", now=NOW)


def test_a_shared_phone_takes_nobody_else_along(shop: app.Workspace, tmp_path: Path) -> None:
    protect.suppress(app.protected(shop), "phone:+4930123456", reason="asked", made_by="dpo", now=NOW)
    file = tmp_path / "more.jsonl"
    event = told("spouse", None)
    event["traits"] = {"phone": "+4930123456", "city": "Kiel"}
    file.write_text(json.dumps(event) + "\n", "utf-8")
    collect.import_files(shop.engine, shop.catalog, [file], None, now=NOW, reader=shop.frames)
    assert identify.find(shop.engine, "user_id:spouse").kind == "user_id"
    with pytest.raises(UsageError):
        identify.find(shop.engine, "phone:+4930123456")


def test_requests_have_a_term_of_thirty_days(shop: app.Workspace) -> None:
    place = app.protected(shop)
    received = NOW - timedelta(days=20)
    made = protect.ask(place, "user_id:adult", "access", received_at=received, note="by letter", made_by="dpo", now=NOW)
    assert (made.due_at, made.days_left(NOW)) == (received + timedelta(days=30), 10)
    late = protect.ask(place, "user_id:plain", "rectification", received_at=NOW - timedelta(days=40), note="",
                       made_by="dpo", now=NOW)  # fmt: skip
    assert [one.request for one in privacy.list_requests(shop.engine.ops)] == [late.request, made.request]
    privacy.close_request(shop.engine, late.request, "refused", made_by="dpo", now=NOW, note="not the person")
    closed = privacy.show_request(shop.engine.ops, late.request)
    assert (closed.state, [step.what for step in closed.history]) == ("refused", ["received", "refused"])
    with pytest.raises(UsageError, match="is closed"):
        privacy.close_request(shop.engine, late.request, "done", made_by="dpo", now=NOW)
    with pytest.raises(UsageError, match="in the future"):
        protect.ask(place, "user_id:adult", "access", received_at=NOW + timedelta(days=1), note="", made_by="dpo",
                    now=NOW)  # fmt: skip


def test_an_erasure_closes_its_request_and_keeps_no_name_in_it(shop: app.Workspace) -> None:
    place = app.protected(shop)
    made = protect.ask(place, "user_id:adult", "erasure", received_at=None, note="adult wrote", made_by="dpo", now=NOW)
    done = protect.erase_people(place, ["user_id:adult"], made_by="dpo", now=NOW)
    assert done.requests == (made.request,)
    closed = privacy.show_request(shop.engine.ops, made.request)
    assert (closed.state, closed.subject, closed.note, closed.profile_key) == ("done", "", "", None)
    assert set(closed.hashes) <= set(done.certificate["subjects"] if done.certificate else ())
