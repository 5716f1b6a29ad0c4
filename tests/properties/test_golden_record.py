"""A trait means one thing: the operational store, the analytics store and reading the rule literally agree."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pytest

from foretell import identify, profile
from foretell.condition import Reader, parse
from foretell.definitions import Catalog, WorkspaceSettings
from foretell.engine import Engine
from foretell.errors import UsageError
from foretell.identify import BySource
from foretell.profile import CardRules, Survivorship
from tests.properties.condition_store import Known
from tests.properties.naive_survivorship import survivor
from tests.support.small_events import NOW, event, frame, open_small

TRAITS = ("name", "email", "email_verified", "seats")
SOURCES = ("crm", "shop", "web")
LATER = NOW + timedelta(days=400)
RULES = (
    Survivorship(),
    Survivorship("most_frequent"),
    Survivorship("longest"),
    Survivorship("verified_first"),
    Survivorship(BySource(by_source=("web", "crm"))),
    Survivorship("longest", {"email": "verified_first", "seats": BySource(by_source=("shop",)), "name": "latest"}),
)


def told(rng: Random, number: int) -> dict[str, Any]:
    """An event of one of a dozen people known by several identifiers, which now and then joins two."""
    person = rng.randrange(12)
    ids = {"anonymous_id": f"d{person}"}
    if rng.random() < 0.4:
        ids = {"email": f"e{rng.choice((person, person, rng.randrange(12)))}@x.example"}
    if rng.random() < 0.15:
        ids |= {"anonymous_id": f"d{rng.randrange(12)}", "email": f"e{rng.randrange(12)}@x.example"}
    values: dict[str, Any] = {}
    for trait in rng.sample(TRAITS, rng.randrange(3)):
        choices: tuple[Any, ...] = ("Ann", "Änne", "Ann Lee", "ann@x.example", "", 7, 7.5, None, "o'Neil")
        values[trait] = rng.choice(("true", "true", "True", "false", None) if trait.endswith("_verified") else choices)
    if "email" in values and rng.random() < 0.5:
        values["email_verified"] = "true"
    return event("I", f"m{number}", rng.randrange(30), ids=ids, traits=values, source=rng.choice(SOURCES))


def history(engine: Engine) -> dict[int, list[dict[str, Any]]]:
    rows = engine.analytics.query(
        "SELECT profile_key, node_key AS node, source, trait, s, n, ts, seq FROM log_traits"
    ).to_pylist()
    people: dict[int, list[dict[str, Any]]] = {}
    for row in rows:
        value = row["s"] if row["s"] is not None else None if row["n"] is None else row["n"] / 1_000_000
        people.setdefault(row["profile_key"], []).append({**row, "value": value})
    return people


def operational(
    engine: Engine, rules: Survivorship, of: list[int] | None = None, traits: tuple[str, ...] | None = None
) -> dict[tuple[int, str], Any]:
    people = None if of is None else pa.array(of, pa.int64())
    found = profile.golden(engine.ops, people, rules, traits=traits).to_pylist()
    return {
        (row["profile_key"], row["trait"]): row["s"] if row["s"] is not None else row["n"] / 1_000_000 for row in found
    }


def analytic(engine: Engine, rules: Survivorship) -> dict[tuple[int, str], Any]:
    """What conditions say: for every value that was ever told, who has it."""
    reader = Reader(engine, Catalog(engine.data, WorkspaceSettings(), {}), Known({}, {}, rules))
    values = engine.analytics.query("SELECT DISTINCT trait, s, n FROM log_traits WHERE s IS NOT NULL OR n IS NOT NULL")
    found = {}
    for row in values.to_pylist():
        value = row["s"] if row["s"] is not None else row["n"] / 1_000_000
        members = reader.members(parse({"trait": row["trait"], "is": value}), as_of=LATER, of="all")
        found.update({(key, row["trait"]): value for key in members["profile_key"].to_pylist()})
    return found


def literal(people: dict[int, list[dict[str, Any]]], rules: Survivorship) -> dict[tuple[int, str], Any]:
    found = {(key, trait): survivor(rows, trait, rules) for key, rows in people.items() for trait in TRAITS}
    return {place: value for place, value in found.items() if value is not None}


@pytest.mark.parametrize("seed", range(3))
def test_both_stores_and_the_rule_as_written_agree(tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Late events, values taken away, merges, and splits by hand; every rule, of a few people and of many."""
    rng = Random(seed)
    with open_small(tmp_path) as engine:
        for number in range(6):
            engine.spool_append([frame([told(rng, number * 40 + place) for place in range(rng.choice((1, 40)))])])
            engine.apply_pending()
            if number == 4:
                split_somebody(engine)
        assert engine.ops.query("SELECT count(*) FROM merges")[0][0] > 0
        people = history(engine)
        for rules in RULES:
            expected = literal(people, rules)
            assert operational(engine, rules) == expected, rules
            some = sorted(people)[::2]
            theirs = {place: v for place, v in expected.items() if place[0] in some}
            for few in (200, 0):
                monkeypatch.setattr(import_module("foretell.profile.golden"), "_FEW_PEOPLE", few)
                assert operational(engine, rules, some) == theirs, rules
                emails = operational(engine, rules, some, ("email",))
                assert emails == {place: v for place, v in theirs.items() if place[1] == "email"}, rules
            assert analytic(engine, rules) == expected, rules


def split_somebody(engine: Engine) -> None:
    for kind, value in engine.ops.query("SELECT kind, value FROM identifiers ORDER BY kind, value"):
        try:
            identify.split(engine, identify.find(engine, f"{kind}:{value}"), now=NOW)
        except UsageError:
            continue
        return


@pytest.mark.parametrize("seed", range(2))
def test_a_ready_card_is_what_it_would_be_made_anew(tmp_path: Path, seed: int) -> None:
    """After every batch, merge and split: what is laid is true, and laying what is due leaves nothing out."""
    rng = Random(seed + 77)
    rules = CardRules(RULES[seed + 4], mark="r")
    with open_small(tmp_path) as engine:
        emptied = 0
        for number in range(8):
            batch = [told(rng, number * 10 + place) for place in range(rng.choice((1, 10)))]
            engine.spool_append([frame(batch)])
            engine.apply_pending()
            if number % 3 == 2:
                split_somebody(engine)
            emptied += require_true(engine, rules)
            everybody = [key for (key,) in engine.ops.query("SELECT node_key FROM nodes")]
            profile.lay_cards(engine, rng.choices(everybody, k=3), {}, rules, NOW)
            due = profile.due_cards(engine.ops, parts_before=NOW - timedelta(days=9_000), most=10_000)
            profile.lay_cards(engine, due, {}, rules, NOW)
            assert engine.ops.query("SELECT count(*) FROM cards WHERE own IS NULL") == [(0,)]
            require_true(engine, rules)
        assert emptied > 0, "no batch ever touched a card"


def require_true(engine: Engine, rules: CardRules) -> int:
    """Every laid card equals one made now; returns how many were emptied."""
    laid = dict(engine.ops.query("SELECT profile_key, own FROM cards"))
    made = profile.make_cards(engine.ops, sorted(laid), rules, NOW)
    assert {key: own for key, own in laid.items() if own is not None} == {
        key: made[key] for key, own in laid.items() if own is not None
    }
    return sum(own is None for own in laid.values())
