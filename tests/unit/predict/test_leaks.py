"""The outcome in disguise is refused with its name; a merely strong feature is not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from foretell import predict
from foretell.clock import micros
from foretell.errors import ForetellError
from foretell.predict.binary.leaks import leaks, refuse_leaks
from foretell.predict.binary.rows import Rows
from foretell.stats import expit
from tests.support.prediction_shop import BOUGHT, CHURN, START, Happened, Shop, add, buyers, open_shop

NAMES = ("strong", "weak", "noise", "more")
N = 3_000
HORIZON = timedelta(days=60)
T = START + timedelta(days=100)
LEFT = "trait:left"


def made(seed: int, planted: Mapping[str, Plant]) -> Rows:
    random = np.random.default_rng(seed)
    x = random.normal(size=(N, 4))
    y = (random.random(N) < expit(2.5 * x[:, 0] + 0.5 * x[:, 1] - 1)).astype(float)
    extra = [np.asarray(make(y, random), dtype=float) for make in planted.values()]
    return Rows(np.column_stack([x, *extra]).astype(np.float32), y, np.arange(N), np.zeros(N, np.int64))


Plant = Callable[[np.ndarray, np.random.Generator], np.ndarray]
DISGUISES: dict[str, Plant] = {
    "the outcome itself": lambda y, _: y,
    "the outcome with slips": lambda y, random: np.where(random.random(N) < 0.01, 1 - y, y),
    "its opposite": lambda y, _: 1 - y,
    "a number that it moves": lambda y, random: y * 10 + random.random(N),
    "known only where it came true": lambda y, _: np.where(y > 0, 5.0, np.nan),
    "known for some of them": lambda y, random: np.where((y > 0) & (random.random(N) < 0.4), 1, np.nan),
}
HONEST: dict[str, Plant] = {
    "right nine times in ten": lambda y, random: np.where(random.random(N) < 0.1, 1 - y, y),
    "nothing": lambda _, random: random.random(N),
    "always the same": lambda y, _: np.ones(y.size),
    "never known": lambda y, _: np.full(y.size, np.nan),
    "a rare sign of few": lambda y, random: np.where((y > 0) & (random.random(N) < 0.02), 1, 0),
}


@pytest.mark.parametrize("which", sorted(DISGUISES))
def test_a_disguise_is_found_by_its_name(which: str) -> None:
    planted = {"trait_left": DISGUISES[which]}
    found = leaks(made(1, planted), made(2, planted), (*NAMES, "trait_left"))
    assert [leak.name for leak in found] == ["trait_left"], found
    assert not leaks(made(1, planted), made(2, planted), (*NAMES, "trait_left"), (), ["trait_left"])


@pytest.mark.parametrize("which", sorted(HONEST))
def test_an_honest_feature_passes(which: str) -> None:
    planted = {"trait_fine": HONEST[which]}
    assert leaks(made(1, planted), made(2, planted), (*NAMES, "trait_fine")) == []


def test_two_copies_do_not_hide_each_other() -> None:
    planted = {"one": DISGUISES["the outcome itself"], "other": DISGUISES["the outcome with slips"]}
    found = leaks(made(1, planted), made(2, planted), (*NAMES, *planted))
    assert [leak.name for leak in found] == ["one", "other"]


def test_what_is_easy_for_all_features_is_no_leak() -> None:
    """Days since the last order nearly decide who buys nothing, and so does everything else about orders."""
    random = np.random.default_rng(3)
    gone = (random.random(N) < 0.5).astype(float)
    features = [
        gone * 300 + random.random(N) * 20,
        (1 - gone) * 3 + random.random(N),
        (1 - gone) * random.poisson(5, N),
    ]
    y = np.where(random.random(N) < 0.01, 1 - gone, gone)
    some = Rows(np.column_stack(features).astype(np.float32), y, np.arange(N), np.zeros(N, np.int64))
    half = np.arange(N) % 2 == 0
    names = ("days_since_order", "orders", "events")
    assert leaks(some.where(half), some.where(~half), names) == []
    label = Rows(np.column_stack([some.x, y]).astype(np.float32), some.y, some.people, some.origin)
    assert leaks(label.where(half), label.where(~half), (*names, "trait_left"), told=("trait_left",)), (
        "what is told is held against what was done, which errs in 1 of 100"
    )


def test_the_refusal_names_it_and_both_ways_out() -> None:
    planted = {"trait_left": DISGUISES["the outcome itself"]}
    with pytest.raises(ForetellError) as refused:
        refuse_leaks(made(1, planted), made(2, planted), (*NAMES, "trait_left"), (), (), "prediction churn")
    assert refused.value.code == "LEAK"
    assert refused.value.what.startswith(
        "trait_left looks like the outcome in disguise: alone it ranks with an AUC of 1"
    )
    assert "without: [trait_left]" in refused.value.next_step
    assert "accept_leaks: [trait_left]" in refused.value.next_step


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """One origin, 60 days before T, and a trait that says of everybody then what they will have done by T."""
    accepting = {**CHURN, "accept_leaks": [LEFT]}
    opened = open_shop(tmp_path_factory.mktemp("shop"), {"churn": CHURN, "accepting": accepting})
    happened = buyers(1_200, 200, 3)
    add(opened, happened)
    bought = happened.event == BOUGHT
    after = happened.people[bought & (happened.ts > micros(T - HORIZON)) & (happened.ts <= micros(T))]
    people = np.arange(1, 1_201)
    told = pa.array(np.full(people.size, micros(START))).cast(pa.timestamp("us"))
    traits = {
        "seq": people, "node_key": people, "ts": told, "known_at": told, "trait": ["left"] * people.size,
        "s": np.where(np.isin(people, after), "no", "yes"), "source": ["test"] * people.size,
    }  # fmt: skip
    opened.engine.publish("test", {"trait_values": pa.table(traits)}, now=opened.now)
    yield opened
    opened.engine.close()


def test_a_planted_outcome_is_refused_in_training(shop: Shop) -> None:
    with pytest.raises(ForetellError) as refused:
        predict.train(*shop.places, "churn", as_of=T, now=shop.now)
    assert refused.value.code == "LEAK"
    assert refused.value.what.startswith("trait:left")
    assert predict.runs(shop.engine.ops, "churn")[0]["state"] == "failed"


def test_what_is_accepted_is_learnt_from_and_days_since_the_last_order_is_no_leak(shop: Shop) -> None:
    found = predict.train(*shop.places, "accepting", as_of=T, now=shop.now)
    assert found.metrics["roc_auc"] > 0.99
    assert {LEFT, "days_since_order"} <= set(found.horizons["60d"]["features"])


GIFT = {"population": {"did": "Seen"}, "features": ["traits", "orders"]}
KINDS: dict[str, dict[str, object]] = {
    "outcome": {"outcome": {"did": "Gift"}, "horizon": "30d"},
    "time": {"outcome": {"did": "Gift"}, "horizons": ["30d"], "form": "hazard"},
    "amount": {"value": {"did": "Gift"}, "horizon": "30d"},
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_refuses_a_trait_that_is_the_outcome(kind: str, tmp_path: Path) -> None:
    """Half of the people get a gift every ten days, and nothing but the trait knows which half."""
    accepting = {**GIFT, **KINDS[kind], "accept_leaks": ["trait:chosen"]}
    opened = open_shop(tmp_path, {"gift": {**GIFT, **KINDS[kind]}, "accepting": accepting})
    people, days = np.arange(1, 401), np.arange(0, 200, 10)
    chosen = people[people % 2 == 0]
    who = np.concatenate([people, np.repeat(chosen, days.size)])
    when = np.concatenate([np.zeros(people.size), np.tile(days + 0.5, chosen.size)])
    event = np.where(np.arange(who.size) < people.size, "Seen", "Gift").astype(object)
    ts = micros(START) + (when * 86_400_000_000).astype(np.int64)
    add(opened, Happened(who, ts, event, np.zeros(who.size, np.int64)))
    told = pa.array(np.full(people.size, micros(START))).cast(pa.timestamp("us"))
    traits = {
        "seq": people, "node_key": people, "ts": told, "known_at": told, "trait": ["chosen"] * people.size,
        "s": np.where(people % 2 == 0, "yes", "no"), "source": ["test"] * people.size,
    }  # fmt: skip
    opened.engine.publish("test", {"trait_values": pa.table(traits)}, now=opened.now)
    as_of = START + timedelta(days=200)
    with pytest.raises(ForetellError) as refused:
        predict.train(*opened.places, "gift", as_of=as_of, now=opened.now)
    assert (refused.value.code, refused.value.what.split(" ")[0]) == ("LEAK", "trait:chosen")
    predict.train(*opened.places, "accepting", as_of=as_of, now=opened.now)
    opened.engine.close()
