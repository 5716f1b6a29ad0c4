"""A run of matching over records of a till: what is joined, asked, remembered and left alone."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from foretell import identify, profile
from foretell.bench.made_records import ENTITY, make_records
from foretell.bench.matching import judge
from foretell.engine import Engine
from foretell.errors import UsageError
from foretell.identify.matching import running
from foretell.identify.matching.tables import MOST_WAITING, tidy_queue
from tests.support.small_events import NOW, event, frame, open_small

SPEC = identify.MatchingSpec()
ACCOUNTS = identify.MatchingSpec(accounts=True)
RULES = identify.IdentityRules()
MADE = make_records(100, seed=3)
TRUTH = {record["record"]: record[ENTITY] for record in MADE}


def tell(engine: Engine, records: Sequence[dict[str, str]], user_ids: Sequence[str] = ()) -> None:
    """Take in records, each under the card it was written on."""
    begun = engine.analytics.query("SELECT count(*) AS n FROM event_log")["n"][0].as_py()
    told: list[dict[str, Any]] = []
    for place, record in enumerate(records):
        ids = {"card": record["record"], **({"user_id": user_ids[place]} if user_ids else {})}
        traits = {name: value for name, value in record.items() if name not in ("record", ENTITY) and value}
        told.append(event("Card Filled In", f"m{begun + place}", begun + place, ids=ids, traits=traits))
    engine.spool_append([frame(told)])
    engine.apply_pending()


def match(
    engine: Engine, *, train: bool = False, dry_run: bool = False, spec: identify.MatchingSpec = SPEC
) -> identify.MatchReport:
    traits = profile.NodeTraits(engine, NOW)
    return identify.match_records(engine, spec, RULES, traits, now=NOW, train=train, dry_run=dry_run)


def waiting(engine: Engine) -> list[identify.Question]:
    return identify.questions(engine, SPEC, profile.NodeTraits(engine, NOW)).rows


def cards(engine: Engine) -> list[list[str]]:
    """The cards of each person."""
    found = engine.analytics.query(
        "SELECT list(value ORDER BY value) AS cards FROM identifiers WHERE kind = 'card' GROUP BY profile_id"
    )
    people: list[list[str]] = found["cards"].to_pylist()
    return sorted(people)


def person_of(engine: Engine, card: str) -> str:
    return identify.find(engine, f"card:{card}").profile_id


def twice(name: str, **changed: str) -> list[dict[str, str]]:
    """Two records that are alike in everything but what is ``changed``."""
    one = {
        "record": f"{name}1", "given_name": "Theodora", "surname": "Winterbottom", "house_number": "17",
        "street": "Harbour View", "city": "Kirkby", "postcode": "77123", "date_of_birth": "1971-07-19",
        "email": "theodora.w@customers.example",
    }  # fmt: skip
    return [one, {**one, "record": f"{name}2", **changed}]


@pytest.fixture(scope="module")
def matched_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Stores in which the made-up records were matched."""
    folder = tmp_path_factory.mktemp("matched")
    with open_small(folder) as engine:
        tell(engine, MADE)
        done = match(engine)
        assert (done.trained, done.records, done.compared) == (True, len(MADE), len(MADE))
    return folder


@pytest.fixture
def engine(matched_once: Path, tmp_path: Path) -> Iterator[Engine]:
    """The same stores, to change."""
    shutil.copytree(matched_once, tmp_path / "data")
    with open_small(tmp_path / "data") as opened:
        yield opened


def test_records_of_one_person_are_found(engine: Engine) -> None:
    found = judge(cards(engine), TRUTH)
    assert found.precision >= 0.99
    assert found.recall >= 0.95


def test_each_join_has_its_evidence(engine: Engine) -> None:
    entries = identify.ledger(engine.ops, offset=0, limit=1_000).entries
    assert {entry.reason for entry in entries} == {"matched"}
    assert all(entry.note and entry.note.startswith("records alike, probability ") for entry in entries)
    assert all((entry.kind_a, entry.kind_b) == ("card", "card") for entry in entries)
    assert identify.pair_counts(engine.ops)["joined"] == len(entries)
    model = identify.latest_model(engine.ops)
    assert model is not None
    assert model.figures["records"] == len(MADE)
    assert model.levels["birth_date"][0].m > 0.5 > model.levels["birth_date"][-1].m


def test_nothing_new_is_nothing_to_do(engine: Engine) -> None:
    before = cards(engine)
    done = match(engine)
    assert (done.trained, done.compared, done.pairs, done.joined) == (False, 0, 0, 0)
    assert cards(engine) == before


def test_a_new_record_finds_its_person(engine: Engine) -> None:
    known = next(record for record in MADE if record["email"] and record["date_of_birth"])
    ids = person_of(engine, known["record"])
    tell(engine, [{**known, "record": "new", "surname": known["surname"][:-1] + "x", "phone": ""}])
    done = match(engine)
    assert (done.trained, done.compared, done.joined) == (False, 1, 1)
    assert person_of(engine, "new") == person_of(engine, known["record"]) == ids


def test_a_dry_run_says_the_same_and_changes_nothing(engine: Engine) -> None:
    tell(engine, twice("x"))
    before = engine.ops.query("SELECT max(batch) FROM batches")
    planned = match(engine, dry_run=True)
    assert engine.ops.query("SELECT max(batch) FROM batches") == before
    assert (planned.joined, planned.joined) == (match(engine).joined, 1)


def test_two_accounts_are_two_people(engine: Engine) -> None:
    tell(engine, twice("x"), user_ids=["u1", "u2"])
    done = match(engine)
    assert (done.compared, done.joined, done.held_back) == (2, 0, {})


def test_two_accounts_are_asked_about_and_joined_by_people_alone(engine: Engine) -> None:
    tell(engine, twice("x"), user_ids=["u1", "u2"])
    done = match(engine, spec=ACCOUNTS)
    assert (done.joined, done.held_back) == (0, {"limit:user_id": 1})
    (question,) = [one for one in waiting(engine) if one.pair.held_back]
    assert ("user_id", "u1") in question.one.identifiers
    assert question.one.values["given_name"] == "Theodora"
    assert sum(told.weight for told in question.pair.fields) == pytest.approx(question.pair.weight, abs=0.1)
    with pytest.raises(UsageError, match="which looks like two people"):
        identify.accept(engine, question.pair.pair_id, RULES, now=NOW)
    identify.accept(engine, question.pair.pair_id, RULES, now=NOW, force=True)
    assert person_of(engine, "x1") == person_of(engine, "x2")
    assert not [one for one in waiting(engine) if one.pair.held_back]
    with pytest.raises(UsageError, match="waits for review"):
        identify.accept(engine, question.pair.pair_id, RULES, now=NOW, force=True)


def test_father_and_son_are_asked_about_and_stay_two(engine: Engine) -> None:
    father, son = twice("x", date_of_birth="2001-12-05", email="ted@elsewhere.example")
    tell(engine, [father, son])
    assert match(engine).joined == 0
    (question,) = [one for one in waiting(engine) if one.pair.held_back == "contradiction"]
    identify.reject(engine, question.pair.pair_id, now=NOW)
    assert engine.ops.query("SELECT count(*) FROM kept_apart") == [(1,)]
    tell(engine, [{**son, "email": father["email"], "date_of_birth": father["date_of_birth"]}])
    done = match(engine)
    assert (done.compared, done.joined) == (1, 0)
    assert not [one for one in waiting(engine) if one.pair.pair_id == question.pair.pair_id]
    assert person_of(engine, "x1") != person_of(engine, "x2")


def test_a_split_is_not_made_one_again(engine: Engine) -> None:
    tell(engine, twice("x"))
    assert match(engine).joined == 1
    identify.split(engine, identify.find(engine, "card:x2"), now=NOW)
    tell(engine, [{**twice("x")[1], "phone": "01551234567"}])
    done = match(engine)
    assert (done.compared, done.joined) == (1, 0)
    assert person_of(engine, "x1") != person_of(engine, "x2")


def test_a_question_that_was_answered_by_hand_is_asked_no_more(engine: Engine) -> None:
    tell(engine, twice("x", date_of_birth="2001-12-05", email="ted@elsewhere.example"))
    match(engine)
    (question,) = [one for one in waiting(engine) if one.pair.held_back == "contradiction"]
    before = identify.pair_counts(engine.ops)["waiting"]
    sides = [identify.find(engine, f"card:{card}") for card in ("x1", "x2")]
    identify.merge(engine, *sides, rules=RULES, now=NOW)
    assert question.pair.pair_id not in [one.pair.pair_id for one in waiting(engine)]
    assert identify.pair_counts(engine.ops).get("waiting", 0) == before - 1
    with pytest.raises(UsageError, match="waits for review"):
        identify.reject(engine, question.pair.pair_id, now=NOW)
    identify.split(engine, identify.find(engine, "card:x2"), now=NOW)
    match(engine)
    assert question.pair.pair_id not in [one.pair.pair_id for one in waiting(engine)]


@pytest.mark.parametrize("pair", ["", "1", "1-", "a-b", "-1-2", "1-99999999999999999999", "٣-٤"])
def test_what_names_no_pair_is_told(engine: Engine, pair: str) -> None:
    with pytest.raises(UsageError, match="waits for review"):
        identify.reject(engine, pair, now=NOW)


@pytest.mark.parametrize("apart", [True, False])
def test_a_join_whose_people_changed_meanwhile_is_tried_again(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, apart: bool
) -> None:
    tell(engine, twice("x"))
    decide = running.decide_pairs

    def meanwhile(*given: Any) -> Any:
        decisions = decide(*given)
        one, other, third = (identify.find(engine, f"card:{card}") for card in ("x1", "x2", MADE[0]["record"]))
        if apart:
            with engine.ops.write() as tx:
                tx.execute("INSERT INTO kept_apart VALUES (?, ?, 0, NULL)", (one.profile_key, other.profile_key))
        else:
            identify.merge(engine, other, third, rules=RULES, now=NOW)
        return decisions

    with monkeypatch.context() as patched:
        patched.setattr(running, "decide_pairs", meanwhile)
        assert match(engine).joined == 0
    assert person_of(engine, "x1") != person_of(engine, "x2")
    again = match(engine)
    assert (again.compared, again.joined) == ((2, 0) if apart else (2, 1))


def test_of_equally_likely_questions_as_many_wait_as_may(engine: Engine) -> None:
    rows = [(10_000 + n, 20_000 + n) for n in range(MOST_WAITING + 5)]
    with engine.ops.write() as tx:
        tx.execute("DELETE FROM match_pairs WHERE state = 'waiting'")
        tx.executemany("INSERT INTO match_pairs VALUES (?, ?, 1.0, 40.0, '[]', NULL, 'waiting', 1, 0, NULL)", [*rows])
        tidy_queue(tx)
    assert identify.pair_counts(engine.ops)["waiting"] == MOST_WAITING


def test_the_same_records_teach_the_same(engine: Engine) -> None:
    first = engine.ops.query("SELECT content FROM match_models")
    match(engine, train=True)
    assert engine.ops.query("SELECT content FROM match_models ORDER BY model") == [*first, *first]


def test_people_whose_data_are_restricted_are_not_compared(engine: Engine) -> None:
    tell(engine, twice("x"))
    key = identify.find(engine, "card:x1").profile_key
    with engine.ops.write() as tx:
        tx.execute("INSERT INTO restrictions VALUES (?, 'restriction', 'asked for', 0, NULL, 'test')", (key,))
    assert match(engine).compared == 1
    assert person_of(engine, "x1") != person_of(engine, "x2")


def test_pairs_are_forgotten_with_people(engine: Engine) -> None:
    ((node, other),) = engine.ops.query("SELECT node_a, node_b FROM match_pairs ORDER BY node_a LIMIT 1")
    ((key,),) = engine.ops.query("SELECT profile_key FROM merged WHERE node_key = ?", (other,))
    with engine.ops.write() as tx:
        identify.IdentifyStage().erase(tx, pa.table({"profile_key": [key]}))
    assert engine.ops.query("SELECT count(*) FROM match_pairs WHERE ? IN (node_a, node_b)", (node,)) == [(0,)]


def test_it_runs_by_itself_where_it_is_due(engine: Engine) -> None:
    traits = profile.NodeTraits(engine, NOW)

    def refresh(hours: int, spec: identify.MatchingSpec | None = SPEC) -> identify.MatchReport | None:
        return identify.refresh_matching(engine, spec, RULES, traits, now=NOW + timedelta(hours=hours))

    assert refresh(1_000, None) is None
    assert refresh(1) is None
    done = refresh(25)
    assert done is not None
    assert not done.trained
    assert refresh(26) is None
    assert refresh(26 + 24 * 20, identify.MatchingSpec(every="1mo")) is None
    again = refresh(24 * 40)
    assert again is not None
    assert again.trained
