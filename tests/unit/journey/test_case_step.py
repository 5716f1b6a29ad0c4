"""The case step: what its rule says, waiting until the case is closed, and going on by what came of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from foretell import care, journey
from foretell.app import KINDS
from foretell.definitions import load
from tests.support.journey_shop import DOCUMENTS, JourneyShop, at, opened, with_people
from tests.support.small_workspace import write

JOURNEY = """\
kind: journey
key: churn_rescue
spec:
  enter: {all: [{prediction: churn, horizon: 90d, gte: 0.7}, {did: Order Completed}]}
  holdout: 0%
  steps:
    - {key: call, case: winback_call, reason: about to leave}
    - key: closed
      wait: 14d
      until: {did: Case Resolved, where: {case: winback_call}}
    - key: reached
      branch: {did: Case Resolved, where: {case: winback_call, outcome: reached}, within: 30d}
      then: thanks
      else: done
    - {key: thanks, end: talked}
    - {key: done, end: quiet}
"""
RULE: dict[str, Any] = {
    "kind": "case_rule", "key": "winback_call",
    "spec": {
        "title": "Ring them", "team": "service", "assign": "round_robin", "due": "8h", "one_open": True,
        "playbook": [{"key": "ring", "do": "Ring"}],
    },
}  # fmt: skip
SETTINGS = DOCUMENTS["foretell.yaml"] + (
    "care: {teams: {service: {members: [kim, lee], hours: {mon-fri: '09:00-17:00'}}}}\n"
)
FILES = {
    "foretell.yaml": SETTINGS, "journeys/churn_rescue.yaml": JOURNEY, "case_rules/winback_call.yaml": json.dumps(RULE),
}  # fmt: skip


def closed(shop: JourneyShop, name: str, outcome: str, hours: float) -> None:
    (case,) = [one for one in care.cases_of(shop.engine, shop.key(name)) if one.state != "closed"]
    care.close(shop.engine, shop.catalog, case.case_id, outcome=outcome, by="kim", now=at(hours))


def test_a_case_is_opened_by_its_rule_and_its_outcome_leads_on(tmp_path: Path) -> None:
    with opened(tmp_path, documents=FILES) as shop:
        with_people(shop, "ann", "bob", "cid")
        shop.tick(0)
        cases = sorted(care.list_cases(shop.engine).cases, key=lambda one: one.case_id)
        assert sorted(str(case.owner) for case in cases) == ["kim", "kim", "lee"]
        assert {(case.title, case.team, case.rule, case.journey, case.step, case.reason) for case in cases} == {
            ("Ring them", "service", "winback_call", "churn_rescue", "call", "about to leave")
        }
        due = {case.due_at for case in cases}
        assert all(one is not None and one.hour == 17 for one in due), "eight hours of a day that begins at nine"
        closed(shop, "ann", "reached", 10)
        closed(shop, "bob", "not_reached", 11)
        shop.tick(12)
        assert {name: run[:2] for name, run in shop.runs().items()} == {
            "ann": ("done", "thanks"), "bob": ("done", "done"), "cid": ("active", "closed"),
        }  # fmt: skip
        shop.tick(24 * 15)
        assert shop.runs()["cid"][:2] == ("done", "done")


def test_a_second_journey_waits_for_the_case_that_the_first_opened(tmp_path: Path) -> None:
    second = JOURNEY.replace("key: churn_rescue", "key: second", 1)
    with opened(tmp_path, documents={**FILES, "journeys/second.yaml": second}) as shop:
        with_people(shop, "ann")
        journey.start(shop.engine, shop.catalog, "second", now=at(0))
        shop.tick(0)
        (case,) = care.list_cases(shop.engine).cases
        known = shop.engine.ops.query("SELECT variables FROM journey_runs")
        assert [json.loads(text)["case"] for (text,) in known] == [case.case_id] * 2
        whats = [one.what for one in care.show(shop.engine, case.case_id).history]
        assert whats == ["opened", "owner", "again"]
        closed(shop, "ann", "reached", 5)
        shop.tick(6)
        states = shop.engine.analytics.query("SELECT journey, state, step FROM log_journey_runs ORDER BY 1").to_pylist()
        assert [(one["state"], one["step"]) for one in states] == [("done", "thanks")] * 2


@pytest.mark.parametrize("name", ["winback_cal", "winback_call"])
def test_a_step_that_names_no_rule_is_told_so_where_there_are_rules(tmp_path: Path, name: str) -> None:
    text = JOURNEY.replace("case: winback_call, reason", f"case: {name}, reason")
    write(tmp_path, {**DOCUMENTS, **FILES, "journeys/churn_rescue.yaml": text})
    found = [(one.code, one.severity, one.next_step) for one in load(tmp_path, KINDS, environ={})[1]]
    wanted = ("NO_CASE_RULE", "warning", "Did you mean 'winback_call'?")
    assert found == ([] if name == "winback_call" else [wanted])
