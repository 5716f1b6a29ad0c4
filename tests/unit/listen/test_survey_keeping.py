"""What is kept of responses: by survey and id, whose they are, for how long; and anonymous ones in leaves."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from foretell import app, collect, protect
from foretell.clock import FixedClock, micros
from foretell.errors import UsageError
from foretell.listen import asking, surveys
from foretell.listen.surveys import Answering, leaves
from tests.support.small_events import NOW
from tests.support.small_workspace import write
from tests.unit.listen.test_survey_answering import SURVEY, key_of

OTHER = SURVEY.replace("key: delivery", "key: support")
SECRET = SURVEY.replace("key: delivery", "key: secret").replace("  title: Us\n", "  title: Us\n  anonymous: true\n")
SETTINGS = """\
name: Shop
currency: EUR
zone: UTC
privacy: {retention: [{event: Survey Answered, keep: 30d}]}
"""


@pytest.fixture
def place(tmp_path: Path) -> Iterator[app.Workspace]:
    files = {"foretell.yaml": SETTINGS, "surveys/delivery.yaml": SURVEY, "surveys/support.yaml": OTHER}
    write(tmp_path, {**files, "surveys/secret.yaml": SECRET})
    told = [
        {"type": "identify", "messageId": f"i-{user}", "userId": user, "timestamp": NOW.isoformat(),
         "traits": {"email": f"{user}@customers.example"}}
        for user in ("u1", "u2")
    ]  # fmt: skip
    (tmp_path / "people.jsonl").write_text("\n".join(map(json.dumps, told)))
    with app.open_workspace(tmp_path, clock=FixedClock(NOW)) as found:
        file = tmp_path / "people.jsonl"
        collect.import_files(found.engine, found.catalog, [file], None, now=NOW, reader=found.frames)
        yield found


def rows(place: app.Workspace) -> list[dict[str, Any]]:
    sql = "SELECT * FROM survey_responses ORDER BY survey, response_id"
    found: list[dict[str, Any]] = place.engine.analytics.query(sql).to_pylist()
    return found


def say(place: app.Workspace, answering: Answering, minutes: float = 0) -> surveys.Answered:
    return surveys.answer(place.engine, place.catalog, answering, now=NOW + timedelta(minutes=minutes))


def count(place: app.Workspace, table: str) -> int:
    return int(place.engine.ops.query(f"SELECT count(*) FROM {table}")[0][0])


def test_the_same_id_in_two_surveys_is_two_responses(place: app.Workspace) -> None:
    one, two = key_of(place, "u1"), key_of(place, "u2")
    say(place, Answering("delivery", {"mood": 1}, "r", one))
    assert say(place, Answering("support", {"mood": 5}, "r", two)).told == {"mood": 5}
    assert say(place, Answering("delivery", {"why": "Late"}, "r", one), 1).told == {"mood": 1, "why": "Late"}
    assert [(row["survey"], row["score"], row["text"]) for row in rows(place)] == [
        ("delivery", 1.0, "Late"), ("support", 5.0, None),
    ]  # fmt: skip
    say(place, Answering("secret", {"mood": 3}, "r"))
    standing = surveys.standing(place.engine, place.catalog, "secret", "r")
    assert (standing.told, standing.is_begun) == ({"mood": 3}, True)


def test_an_answer_beside_an_erasure_is_refused(place: app.Workspace) -> None:
    """The page was opened before, the answer is taken in after."""
    key = key_of(place, "u1")
    protect.erase_people(app.protected(place), ["user_id:u1"], made_by="dpo", now=NOW)
    for link in ("", "https://shop.example/s/survey/delivery?mood=4"):
        with pytest.raises(UsageError) as raised:
            say(place, Answering("delivery", {"mood": 4}, "r", key, survey_message="m", link=link))
        assert raised.value.code == "INVITATION_GONE"
    assert (count(place, "survey_given"), count(place, "survey_held"), rows(place)) == (0, 0, [])


def test_an_answer_beside_a_merge_is_the_winner_s(place: app.Workspace) -> None:
    loser = key_of(place, "u2")
    app.merge_people(place, "user_id:u1", "user_id:u2", force=True)
    winner = key_of(place, "u1")
    say(place, Answering("delivery", {"mood": 4}, "r", loser))
    say(place, Answering("delivery", {"mood": 2}, "h", loser, survey_message="m", link="x?mood=2"))
    for table in ("survey_given", "survey_held"):
        assert place.engine.ops.query(f"SELECT profile_key, node_key FROM {table}") == [(winner, loser)]
    app.split_person(place, "user_id:u2", dry_run=False)
    for table in ("survey_given", "survey_held"):
        assert place.engine.ops.query(f"SELECT profile_key FROM {table}") == [(loser,)]


def test_what_was_told_for_an_identifier_stays_with_it_when_the_person_is_split(place: app.Workspace) -> None:
    app.merge_people(place, "user_id:u1", "user_id:u2", force=True)
    asking.respond(place.engine, place.catalog, "delivery", "email:u2@customers.example", "2", now=NOW)
    assert [row["profile_id"] for row in rows(place)] == [public_id(place, "u1")]
    app.split_person(place, "user_id:u2", dry_run=False)
    assert [row["profile_id"] for row in rows(place)] == [public_id(place, "u2")]


def public_id(place: app.Workspace, user: str) -> str:
    ((name,),) = place.engine.ops.query("SELECT profile_id FROM nodes WHERE node_key = ?", (key_of(place, user),))
    return str(name)


def test_what_is_past_its_time_goes_from_what_pages_keep(place: app.Workspace) -> None:
    one = key_of(place, "u1")
    say(place, Answering("delivery", {"mood": 1, "why": "oldword"}, "old", one))
    say(place, Answering("secret", {"mood": 1, "why": "oldword"}, "kept"))
    say(place, Answering("delivery", {"mood": 2}, "held", one, survey_message="m", link="x?mood=2"))
    app.advance(place, NOW)
    say(place, Answering("delivery", {"mood": 5}, "young", one), 60 * 24 * 20)
    later = NOW + timedelta(days=31)
    place.clock = FixedClock(later)
    report = app.advance(place, later)
    assert report.retained.events == 3
    assert place.engine.ops.query("SELECT response_id FROM survey_given") == [("young",)]
    assert (count(place, "survey_kept"), count(place, "survey_held")) == (0, 0)
    again = surveys.answer(place.engine, place.catalog, Answering("delivery", {"mood": 3}, "old", one), now=later)
    assert (again.part, again.is_new) == (1, True)
    assert {row["response_id"]: row["score"] for row in rows(place)} == {"young": 5.0, "old": 3.0}


def test_a_copy_of_a_person_s_data_holds_their_answers_and_no_anonymous_one(place: app.Workspace) -> None:
    one = key_of(place, "u1")
    say(place, Answering("delivery", {"mood": 1, "why": "mine"}, "r", one))
    say(place, Answering("secret", {"mood": 2, "why": "nobody's"}, "s", use="thread"))
    surveys.tell_anonymous(place.engine, place.catalog, now=NOW + timedelta(days=1, hours=2))
    opened = app.protected(place)
    told = protect.everything_about(opened, protect.found_or_erased(opened, "user_id:u1"), now=NOW)
    assert [row["text"] for row in told["survey_responses"]] == ["mine"]
    assert "nobody's" not in json.dumps(told)


def test_nothing_says_which_link_gave_which_answer(place: app.Workspace) -> None:
    """Neither a row of its own, whose transaction or place a store would keep, nor an order."""
    given = [f"t{number}" for number in range(9)]
    for place_, thread in enumerate(given):
        say(place, Answering("secret", {"mood": 1 + place_ % 5}, use=thread), place_)
    ((marks,),) = place.engine.ops.query("SELECT rows FROM survey_marks")
    ((kept, day),) = place.engine.ops.query("SELECT rows, day FROM survey_kept")
    assert (len(json.loads(marks)), len(json.loads(kept))) == (9, 9)
    for text in (marks, kept):
        assert list(json.loads(text)) == sorted(json.loads(text))
    assert day == micros(NOW.replace(hour=0, minute=0, second=0, microsecond=0))
    with pytest.raises(UsageError) as raised:
        say(place, Answering("secret", {"mood": 5}, use="t3"), 30)
    assert raised.value.code == "LINK_USED"
    surveys.tell_anonymous(place.engine, place.catalog, now=NOW + timedelta(days=1, hours=2))
    told = place.engine.analytics.query("SELECT response_id, answered_at FROM survey_responses ORDER BY response_id")
    log = place.engine.analytics.query("SELECT seq, ts, known_at FROM event_log WHERE event = 'Survey Answered'")
    assert len(set(log["ts"].to_pylist())) == len(set(log["known_at"].to_pylist())) == 1
    assert sorted(json.loads(kept)) == told["response_id"].to_pylist()


def test_a_long_leaf_is_cut_into_two_crowds(place: app.Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leaves, "LONG_CHARACTERS", 2_000)
    keys = [f"k{number}" for number in range(400)]
    with place.engine.ops.write() as tx:
        for key in keys:
            leaves.put(tx, "survey_marks", "s", 0, key, {"of": key})
        leaves.put(tx, "survey_marks", "s", 0, "k7", {"of": "again"})
        leaves.take_out(tx, "survey_marks", "s", 0, "k8")
        leaves.take_out(tx, "survey_marks", "s", 0, "never")
    found = [json.loads(text) for (text,) in place.engine.ops.query("SELECT rows FROM survey_marks")]
    assert len(found) > 4
    assert min(len(one) for one in found) >= leaves.LEAST_ROWS // 2 - 1
    assert sorted(key for one in found for key in one) == sorted(set(keys) - {"k8"})
    for key in keys:
        wanted = None if key == "k8" else {"of": "again" if key == "k7" else key}
        assert leaves.leaf_of(place.engine.ops, "survey_marks", "s", 0, key).rows.get(key) == wanted


def test_what_an_earlier_release_kept_is_found() -> None:
    base = sqlite3.connect(":memory:")
    first, second = (text.replace("/*clustered*/", "WITHOUT ROWID") for text in surveys.PARTS.migrations)
    base.executescript(first)
    base.execute("INSERT INTO survey_given VALUES ('r', 's', 1, 2, 3, '{}', '[]', '{}', 1, 4, 5)")
    for name in ("a", "b"):
        told = json.dumps({"mood": 3, "why": 'he said "no"'})
        base.execute(
            "INSERT INTO survey_kept VALUES (?, 's', 7, ?, '[\"mood\"]', '{\"channel\": null}', 1)", (name, told)
        )
    base.executescript(second)
    assert base.execute("SELECT * FROM survey_given").fetchall() == [("s", "r", 1, 2, 3, "{}", "[]", "{}", 1, 4, 5)]
    kept = [json.loads(text) for (text,) in base.execute("SELECT rows FROM survey_kept WHERE survey = 's' AND day = 7")]
    assert sorted(key for one in kept for key in one) == ["a", "b"]
    assert kept[0]["a" if "a" in kept[0] else "b"] == {
        "told": {"mood": 3, "why": 'he said "no"'}, "seen": ["mood"], "about": {"channel": None}, "complete": 1,
    }  # fmt: skip


def test_a_draft_is_found_for_an_hour(place: app.Workspace) -> None:
    spec = surveys.spec_of(place.catalog.get("survey", "secret"))
    name = surveys.keep_draft(place.engine, spec, now=NOW)
    assert surveys.keep_draft(place.engine, spec, now=NOW + timedelta(minutes=30)) == name
    assert surveys.draft(place.engine, name, now=NOW + timedelta(minutes=89)) == spec
    assert surveys.draft(place.engine, name, now=NOW + timedelta(minutes=91)) is None
    surveys.keep_draft(place.engine, surveys.spec_of(place.catalog.get("survey", "delivery")), now=NOW + timedelta(2))
    assert count(place, "survey_drafts") == 1
