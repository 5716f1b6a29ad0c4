"""Personas of a small shop with three kinds of customers: found, said in conditions, kept over builds, asked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from foretell.app import KINDS as KINDS_OF_DOCUMENTS
from foretell.app import Workspace, protected
from foretell.clock import naive_utc
from foretell.condition import Persona, parse
from foretell.definitions import load
from foretell.engine import TIMESTAMP
from foretell.errors import UsageError
from foretell.identify import find
from foretell.profile import allowed
from foretell.protect.exporting import everything_about
from foretell.segment import personas
from foretell.segment.personas.membership import stored
from foretell.web.application import create_app
from tests.support.planted_habits import DOCUMENT, DOCUMENTS, GONE_EVERY, KINDS, NOW, OBJECTS, OF_A_KIND, planted_shop
from tests.support.served_workspace import Browser, site_for
from tests.support.small_workspace import write

DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """Too few people half a year after the begin; built, and built again a day before and at the end."""
    with planted_shop(tmp_path_factory.mktemp("personas") / "shop") as opened:
        yield opened


@pytest.fixture(scope="module")
def built(shop: Workspace) -> personas.Build:
    return personas.build(shop.engine, shop.catalog, shop.reader, as_of=NOW - DAY, now=NOW - DAY, by="ann")


def key_of(shop: Workspace, who: str) -> int:
    return find(shop.engine, f"user_id:{who}").profile_key


def personas_by_kind(shop: Workspace) -> dict[str, str]:
    """Planted kind → the persona of most of its people."""
    facts = dict(
        zip(*(stored(shop.engine, as_of=NOW)[name].to_pylist() for name in ("profile_key", "persona")), strict=True)
    )
    found = {}
    for kind in KINDS:
        told = [facts.get(key_of(shop, f"{kind}-{number}")) for number in range(OF_A_KIND)]
        most = max(set(told) - {None}, key=told.count)
        assert told.count(most) > 0.9 * OF_A_KIND, kind
        found[kind] = str(most)
    return found


def test_the_planted_kinds_are_found(shop: Workspace, built: personas.Build) -> None:
    assert (built.state, built.kinds, built.by) == ("built", 3, "ann")
    assert built.left_out == {"objected": 2}
    assert built.with_history == 3 * OF_A_KIND - 2
    assert built.fidelity is not None
    assert built.fidelity > 0.95
    kinds = personas_by_kind(shop)
    assert len(set(kinds.values())) == 3
    cards = {one.key: one for one in personas.personas(shop.engine.ops)}
    assert set(cards) == set(kinds.values())
    assert cards[kinds["store"]].card["differences"][0]["behaviour"] == "store"
    assert cards[kinds["store"]].title.startswith("Store-going")
    assert "requent" in cards[kinds["frequent"]].title
    assert all(one.card["stability"] > 0.9 for one in cards.values())
    assert sum(one.card["share"] for one in cards.values()) == pytest.approx(1)
    why = {one["key"]: one["left_out"] for one in built.behaviours}
    assert [key for key, reason in why.items() if reason is None] == ["orders", "store"]
    assert why["order_value"] == "says the same as orders", "who buys seldom buys dear here"
    assert why["visits"] == "was never seen"


def test_facts_are_read_by_conditions(shop: Workspace, built: personas.Build) -> None:
    for one in personas.personas(shop.engine.ops):
        said = set(shop.reader.members(Persona(one.key), as_of=NOW)["profile_key"].to_pylist())
        told = stored(shop.engine, as_of=NOW)
        assert said == set(told.filter(pc.equal(told["persona"], one.key))["profile_key"].to_pylist())
        assert shop.reader.count(parse({"persona": one.key}), as_of=NOW - 2 * DAY) == 0, "nobody was anything before"


def test_each_rule_parses_explains_and_counts(shop: Workspace, built: personas.Build) -> None:
    facts = stored(shop.engine, as_of=NOW)
    for one in personas.personas(shop.engine.ops):
        tree = parse(one.card["rule"])
        named = shop.reader.members(tree, as_of=NOW - DAY)["profile_key"]
        judged = named.filter(pc.is_in(named, facts["profile_key"].combine_chunks()))
        own = facts.filter(pc.equal(facts["persona"], one.key))["profile_key"].combine_chunks()
        right = pc.sum(pc.is_in(judged, own)).as_py()
        assert right / len(judged) == pytest.approx(one.card["precision"]), "the language names whom the tree names"
        assert right / one.card["people"] == pytest.approx(one.card["recall"])
        why = shop.reader.why(tree, judged[0].as_py(), as_of=NOW - DAY)
        assert why.holds
        assert len(why.parts) >= 2


def test_a_rebuild_keeps_identities_and_the_title_people_gave(shop: Workspace, built: personas.Build) -> None:
    kinds = personas_by_kind(shop)
    personas.rename(shop.engine.ops, kinds["store"], "  Town   visitors ", by="ann")
    row = pa.table(
        {
            "node_key": pa.array([key_of(shop, OBJECTS[0])], pa.int64()), "persona": ["ghost"],
            "as_of": pa.array([naive_utc(NOW - DAY)], TIMESTAMP), "known_at": pa.array([naive_utc(NOW)], TIMESTAMP),
            "fit": [0.5], "build": pa.array([built.number], pa.int64()),
        }
    )  # fmt: skip
    shop.engine.publish("segment_personas", {"persona_rows": row}, now=NOW)
    with shop.engine.ops.write() as tx:
        card = json.dumps(personas.persona(shop.engine.ops, kinds["store"]).card)
        tx.execute("INSERT INTO personas VALUES ('ghost', 'Ghost', NULL, ?, ?, NULL)", (built.number, built.number))
        tx.execute("INSERT INTO persona_cards VALUES (?, 'ghost', 9, ?)", (built.number, card))
    again = personas.build(shop.engine, shop.catalog, shop.reader, as_of=NOW, now=NOW)
    assert (again.number, again.state, list(again.appeared)) == (built.number + 1, "built", [])
    assert list(again.vanished) == ["ghost"]
    assert personas_by_kind(shop) == kinds
    assert personas.persona(shop.engine.ops, kinds["store"]).title == "Town visitors"
    assert personas.persona(shop.engine.ops, "ghost").vanished == again.number
    assert "ghost" not in {one.key for one in personas.personas(shop.engine.ops)}
    assert "ghost" in {one.key for one in personas.personas(shop.engine.ops, vanished=True)}
    facts = stored(shop.engine, as_of=NOW)
    assert key_of(shop, OBJECTS[0]) not in facts["profile_key"].to_pylist(), "who is counted no longer is of none"
    assert len(personas.history_of(shop.engine.ops, kinds["store"])) == 2
    with pytest.raises(UsageError, match="later"):
        personas.build(shop.engine, shop.catalog, shop.reader, as_of=NOW - DAY, now=NOW)


def test_a_schedule_asks_for_the_next_build(shop: Workspace, built: personas.Build, tmp_path: Path) -> None:
    assert personas.next_due(shop.engine, shop.catalog, now=NOW) is None, "without a schedule never"
    document = DOCUMENT.replace("spec:\n", "spec:\n  schedule: 30d\n")
    write(tmp_path, {"foretell.yaml": DOCUMENTS["foretell.yaml"], "personas/customers.yaml": document})
    catalog, problems = load(tmp_path, KINDS_OF_DOCUMENTS)
    assert problems == []
    last = personas.last_build(shop.engine.ops)
    assert last is not None
    assert personas.next_due(shop.engine, catalog, now=NOW) == last.as_of + timedelta(days=30)
    assert personas.refresh(shop.engine, catalog, shop.reader, now=NOW) == ()


def test_too_few_people_are_said_and_change_nothing(shop: Workspace, built: personas.Build, tmp_path: Path) -> None:
    with planted_shop(tmp_path / "young") as young:
        early = NOW - timedelta(days=330)
        told = personas.build(young.engine, young.catalog, young.reader, as_of=early, now=early)
        assert (told.state, told.candidates) == ("too_few", ())
        assert told.says.startswith("Too few data: 0 of the 300 people that are needed")
        assert personas.personas(young.engine.ops) == []
        browser = Browser(create_app(site_for(young, tmp_path / "static")))
        listed = browser.get("/api/personas").json()
        assert (listed["rows"], listed["needed"], listed["with_history"]) == ([], 300, 0)
        assert listed["last"]["says"] == told.says


def test_whom_to_ask_is_loyal_or_left_and_may_be_asked(shop: Workspace, built: personas.Build) -> None:
    picked = personas.interviews(shop.engine, shop.catalog, now=NOW)
    loyal, left = ([one for one in picked if one.cause == cause] for cause in ("loyal", "churned"))
    assert len(loyal) == 12
    assert 5 <= len(left) <= 8
    assert {one.persona for one in loyal} == {one.key for one in personas.personas(shop.engine.ops)}
    keys = pa.array([one.profile_key for one in picked])
    assert all(allowed(shop.engine.ops, keys, "email.marketing", NOW)["allowed"].to_pylist())
    gone = {key_of(shop, f"{kind}-{number}") for kind in KINDS for number in range(0, OF_A_KIND, GONE_EVERY)}
    assert {one.profile_key for one in left} <= gone
    assert not {one.profile_key for one in loyal} & gone
    for one in picked:
        questions = [question["question"] for question in one.guide]
        assert len(questions) >= 4
        assert ("silent since" in one.guide[0]["about"]) == (one.cause == "churned")
    done = personas.change_interview(shop.engine, loyal[0].interview_id, "done", by="bob", now=NOW)
    assert (done.state, done.by) == ("done", "bob")


def test_notes_keep_their_history_and_fill_what_is_known(shop: Workspace, built: personas.Build) -> None:
    key = personas_by_kind(shop)["frequent"]
    before = personas.sayings(shop.engine, shop.catalog, key, as_of=NOW, now=NOW)
    assert before.findings["trigger"] == [], "what nobody told is empty"
    assert before.findings["habit"] == []
    assert [(one.text, one.source, one.event) for one in before.findings["motivation"]] == [
        ("for frequent days", "answer", "Survey Answered")
    ]
    assert before.findings["motivation"][0].people == 22
    assert "I like being frequent." in {one.text for one in before.quotes}
    person = key_of(shop, "frequent-7")
    note = personas.add_note(
        shop.engine, key, " The weekly shop ", kind="trigger", profile_key=person, by="ann", now=NOW
    )
    changed = personas.change_note(shop.engine, note.note_id, text="The shop on Friday", by="bob", now=NOW + DAY)
    assert [(one.text, one.by) for one in changed.history] == [
        ("The weekly shop", "ann"),
        ("The shop on Friday", "bob"),
    ]
    after = personas.sayings(shop.engine, shop.catalog, key, as_of=NOW, now=NOW)
    assert [(one.text, one.source, one.by) for one in after.findings["trigger"]] == [
        ("The shop on Friday", "note", "bob")
    ]
    personas.change_note(shop.engine, note.note_id, by="bob", now=NOW + DAY, removed=True)
    assert personas.notes_of(shop.engine.ops, key) == []
    assert len(personas.notes_of(shop.engine.ops, key, removed=True)[0].history) == 3
    for text, kind in (("", "note"), ("x", "opinion")):
        with pytest.raises(UsageError):
            personas.add_note(shop.engine, key, text, kind=kind, profile_key=None, by="ann", now=NOW)


def test_what_is_kept_of_somebody_follows_and_is_forgotten(shop: Workspace, built: personas.Build) -> None:
    key = personas_by_kind(shop)["generous"]
    one, other = key_of(shop, "generous-1"), key_of(shop, "generous-2")
    made = personas.add_note(shop.engine, key, "Gifts", kind="motivation", profile_key=one, by="ann", now=NOW)
    stage = personas.PersonaStage()

    def owner() -> list[tuple[int, int]]:
        return shop.engine.ops.query(
            "SELECT node_key, profile_key FROM persona_notes WHERE note_id = ?", (made.note_id,)
        )

    with shop.engine.ops.write() as tx:
        stage.rekey(tx, pa.table({"loser_key": [one], "winner_key": [other]}))
    assert owner() == [(one, other)]
    with shop.engine.ops.write() as tx:
        stage.unmerge(tx, pa.table({"node_key": [one], "profile_key": [one], "from_key": [other]}))
    assert owner() == [(one, one)]
    assert stage.kept_of(shop.engine.ops, [one])["interview notes"] == 1
    copied = everything_about(protected(shop), find(shop.engine, "user_id:generous-1"), now=NOW)
    assert [row["text"] for row in copied["interview_notes"]] == ["Gifts"]
    assert {row["persona"] for row in copied["persona_members"]} == {key}
    with shop.engine.ops.write() as tx:
        stage.erase(tx, pa.table({"profile_key": [one]}))
    assert owner() == []


def test_the_portrait_counts_on_peoples_own_clocks(shop: Workspace, built: personas.Build) -> None:
    card = personas.persona(shop.engine.ops, personas_by_kind(shop)["store"]).card["portrait"]
    day = card["day"]
    assert day["of"] == "orders"
    assert sum(day["hours"]) == sum(day["weekdays"]) == day["n"]
    assert {hour for hour, count in enumerate(day["hours"]) if count} == {13, 14, 19, 20}, "18:30 UTC here and there"
    (store, web) = card["channels"]
    assert (store["value"], web["value"]) == ("store", "web")
    assert store["share"] > 0.85 > store["everyone"]
    pains = {row["value"]: row for row in card["pains"]}
    assert pains["asked for help"]["n"] > 0
    assert card["devices"] == [], "what nobody told is empty"


def test_the_api_tells_all_of_it(shop: Workspace, built: personas.Build, tmp_path: Path) -> None:
    browser = Browser(create_app(site_for(shop, tmp_path / "static")))
    listed = browser.get("/api/personas").json()
    assert len(listed["rows"]) == 3
    assert listed["last"]["state"] == "built"
    key = personas_by_kind(shop)["frequent"]
    body = browser.get(f"/api/personas/{key}").json()
    assert body["rule_people"] > 0
    assert body["rule_says"].startswith("People who")
    assert body["now_people"] == body["people"]
    assert browser.get(f"/api/personas/{key}/members").json()["total"] == body["now_people"]
    person = browser.get("/api/personas/interviews").json()["rows"][-1]
    new = {"text": "Saves time", "kind": "motivation", "profile_id": person["profile_id"], "by": "ann"}
    note = browser.post(f"/api/personas/{key}/notes", json=new).json()
    assert (note["profile_id"], note["by"]) == (person["profile_id"], "ann")
    told = browser.get(f"/api/personas/{key}").json()
    assert "Saves time" in [one["text"] for one in told["findings"]["motivation"]]
    gone = browser.post(f"/api/personas/notes/{note['note_id']}", json={"removed": True, "by": "bob"}).json()
    assert gone["history"][-1]["removed"]
    asked = browser.post(f"/api/personas/interviews/{person['interview_id']}", json={"state": "invited"}).json()
    assert asked["state"] == "invited"
    assert browser.post(f"/api/personas/{key}", json={"title": "Regulars"}).json()["title"] == "Regulars"
    missing = browser.get("/api/personas/nobody")
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "UNKNOWN_PERSONA")
