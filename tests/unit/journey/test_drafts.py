"""Drafts: kept as they are with what they lack; the strict schema only when they are published."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from foretell import journey
from foretell.definitions import schema
from foretell.errors import UsageError
from tests.support.journey_shop import JourneyShop, at, opened

WHOLE: dict[str, Any] = {
    "trigger": {"event": "Cart Viewed"},
    "holdout": "10%",
    "steps": [
        {"key": "mail", "send": "we_miss_you"},
        {"key": "draw", "split": {"a": "50%", "b": "50%"}, "ways": {"a": "finish"}},
        {"key": "finish", "end": "done"},
    ],
}
UNFINISHED: list[tuple[dict[str, Any], str]] = [
    ({}, "the key 'steps' is missing"),
    ({"steps": [{"key": "mail"}], "enter": {"did": "X"}}, "the key 'does' is missing"),
    ({**WHOLE, "steps": [{"send": None, "key": "mail"}]}, "send"),
    ({**WHOLE, "steps": [{"key": "mail", "send": "nothing"}]}, "there is no template called 'nothing'"),
    ({**WHOLE, "steps": [{"key": "a", "wait": "1h", "next": "later"}]}, "there is no step called 'later'"),
]


def saved(shop: JourneyShop, spec: dict[str, Any]) -> journey.Draft:
    return journey.save_draft(shop.engine, shop.catalog, "carts", spec, now=at(1))


@pytest.mark.parametrize(("spec", "lacks"), UNFINISHED)
def test_what_is_unfinished_is_kept_and_told_what_it_lacks(tmp_path: Path, spec: dict[str, Any], lacks: str) -> None:
    with opened(tmp_path) as shop:
        found = saved(shop, spec)
        assert any(lacks in problem.message for problem in found.lacks), found.lacks
        again = journey.draft_of(shop.engine, shop.catalog, "carts")
        assert (again.spec, again.changed_at, again.lacks) == (spec, at(1), found.lacks)
        assert not shop.catalog.has("journey", "carts")


def test_what_is_whole_lacks_nothing_and_can_be_dropped(tmp_path: Path) -> None:
    with opened(tmp_path) as shop:
        assert saved(shop, WHOLE).lacks == ()
        assert [one.journey for one in journey.drafts(shop.engine, shop.catalog)] == ["carts"]
        journey.drop_draft(shop.engine, "carts")
        with pytest.raises(UsageError, match="there is no draft of a journey 'carts'"):
            journey.draft_of(shop.engine, shop.catalog, "carts")


@pytest.mark.parametrize(
    "spec", [{"stepps": []}, {"steps": [{"key": "a", "untill": {}}]}, {"steps": [{"key": "a", "wait": "soon"}]}]
)
def test_what_is_no_draft_is_refused(tmp_path: Path, spec: dict[str, Any]) -> None:
    with opened(tmp_path) as shop, pytest.raises(UsageError, match="journey carts"):
        saved(shop, spec)


def test_the_two_schemas_differ_in_what_has_to_be_there() -> None:
    strict, loose = schema(journey.KIND), schema(journey.KIND, draft=True)
    assert strict["properties"]["spec"]["required"] == ["steps"]
    assert "required" not in loose["properties"]["spec"]
    assert set(strict["properties"]["spec"]["properties"]) == set(loose["properties"]["spec"]["properties"])
    marks = {"wait": "WaitStepDraft", "send": "SendStepDraft", "branch": "BranchStepDraft"}
    assert {name: loose["$defs"][model]["required"] for name, model in marks.items()} == {
        name: [name] for name in marks
    }
