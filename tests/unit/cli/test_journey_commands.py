"""``journey ready|enter`` and ``schema journey --draft`` as people and programs call them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from foretell.cli.commands import run
from tests.support.small_workspace import EVENTS, write, write_documents

JOURNEY = """\
kind: journey
key: guests
spec:
  trigger: {api: true}
  reentry: {per: table}
  holdout: 0%
  steps:
    - {key: hello, emit: Greeted, with: {table: "{{ event.table }}"}}
"""
Told = Callable[..., str]


@pytest.fixture
def told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Told:
    write_documents(tmp_path)
    write(tmp_path, {"journeys/guests.yaml": JOURNEY, "site.jsonl": EVENTS})

    def call(*arguments: str, status: int = 0) -> str:
        assert run([*arguments, "--workspace", str(tmp_path)]) == status
        return "".join(capsys.readouterr())

    call("apply")
    call("import", str(tmp_path / "site.jsonl"), "--source", "site")
    return call


def test_people_are_let_in_by_hand(told: Told, tmp_path: Path) -> None:
    assert "journey guests is a draft" in told("journey", "enter", "guests", "user_id:u1", status=2)
    told("journey", "start", "guests")
    said = told("journey", "enter", "guests", "user_id:u1", "--with", "table=7", "--key", "first")
    assert "1 will enter guests at its next tick." in said
    again = told("journey", "enter", "guests", "user_id:u1", "--with", "table=7", "--key", "first", "--json")
    assert [answer["state"] for answer in json.loads(again)] == ["known"]
    (tmp_path / "people.txt").write_text("user_id:u1\n\nuser_id:nobody\n")
    said = told("journey", "enter", "guests", "--file", str(tmp_path / "people.txt"), "--with", "table=8", status=1)
    assert "user_id:nobody: unknown" in said
    told("run")
    report = json.loads(told("journey", "report", "guests", "--json"))
    assert (report["entered"], report["waiting"], report["done"]) == (2, 0, 2)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ((), "nobody is named"),
        (("user_id:u1", "--with", "table"), "'table' is no NAME=VALUE"),
    ],
)
def test_what_cannot_be_read_is_told(told: Told, arguments: tuple[str, ...], problem: str) -> None:
    assert problem in told("journey", "enter", "guests", *arguments, status=2)


def test_ready_journeys_are_listed_shown_and_written(told: Told, tmp_path: Path) -> None:
    assert "abandoned_cart" in told("journey", "ready")
    listed = json.loads(told("journey", "ready", "--json"))
    assert {one["key"] for one in listed} >= {"abandoned_cart", "onboarding", "payment_failure"}
    assert "kind: offer" in told("journey", "ready", "abandoned_cart")
    assert "+ journeys/abandoned_cart.yaml" in told("journey", "ready", "abandoned_cart", "--write")
    assert (tmp_path / "journeys" / "abandoned_cart.yaml").read_text().startswith("# Whoever leaves something")
    assert "+ journey abandoned_cart" in told("plan")
    assert "has journey abandoned_cart already" in told("journey", "ready", "abandoned_cart", "--write", status=2)


def test_both_schemas_are_exported(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["schema", "journey"]) == 0
    strict = json.loads(capsys.readouterr().out)
    assert run(["schema", "journey", "--draft"]) == 0
    loose = json.loads(capsys.readouterr().out)
    assert (strict["properties"]["spec"].get("required"), loose["properties"]["spec"].get("required")) == (
        ["steps"],
        None,
    )
    assert run(["schema", "segment", "--draft"]) == 2
    assert "there are no drafts of the kind 'segment'" in capsys.readouterr().err


def test_traits_that_a_journey_set_survive_a_rebuild(told: Told, tmp_path: Path) -> None:
    sets = JOURNEY.partition("    - {key: hello")[0] + "    - {key: mark, set: {tier: gold, seats: 3}}\n"
    write(tmp_path, {"journeys/guests.yaml": sets})
    told("apply")
    told("journey", "start", "guests")
    told("journey", "enter", "guests", "user_id:u1")
    told("run")

    def traits() -> dict[str, object]:
        shown = json.loads(told("profile", "show", "user_id:u1", "--json"))["traits"]
        return {name: shown[name] for name in ("tier", "seats")}

    before = traits()
    assert str(before["tier"]) == "gold"
    told("rebuild", "--yes")
    assert traits() == before
