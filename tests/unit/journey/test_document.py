"""The journey document: what it may say, and what is told of it with file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from foretell import journey
from foretell.app import KINDS
from foretell.definitions import Catalog, Problem, load, schema
from tests.support.journey_shop import DOCUMENTS
from tests.support.small_workspace import write

HEAD = """\
kind: journey
key: rescue
spec:
  enter: {did: Order Completed}
"""


def loaded(root: Path, text: str) -> tuple[Catalog, list[Problem]]:
    write(root, {**DOCUMENTS, "journeys/churn_rescue.yaml": text})
    return load(root, KINDS, environ={})


def test_the_churn_rescue_is_without_a_fault(tmp_path: Path) -> None:
    catalog, problems = loaded(tmp_path, DOCUMENTS["journeys/churn_rescue.yaml"].replace("0%", "30%"))
    assert problems == []
    spec = journey.spec_of(catalog.get("journey", "churn_rescue"))
    assert spec.shares == {"held_out": pytest.approx(0.3), "treated": pytest.approx(0.7)}
    ways = {node.key: dict(node.ways) for node in journey.graph(spec)}
    assert ways["opened"] == {"then": "three_days", "else": "text"}
    assert ways["day"] == {"next": "opened"}
    assert ways["finish"] == {"end": None}


WRONG = {
    "unknown step": ("  steps:\n    - {key: a, wait: 1h, next: b}\n", 6, "there is no step called 'b'"),
    "unreachable": (
        "  steps:\n    - {key: a, end: done}\n    - {key: b, end: done}\n",
        7,
        "nothing leads to the step 'b'",
    ),
    "restless loop": (
        "  steps:\n    - {key: a, offer: winback}\n    - {key: b, branch: {did: X}, then: a}\n    - {key: c, end: d}\n",
        6,
        "the steps a, b lead to each other and never wait",
    ),
    "send without template": (
        "  steps:\n    - {key: a, send: nothing, channel: email}\n",
        6,
        "there is no template called 'nothing'",
    ),
    "send without a text for the medium": (
        "  steps:\n    - key: a\n      channel: sms\n      send: we_miss_you\n",
        8,
        "the template 'we_miss_you' has no text for sms",
    ),
    "a mail over an audience's medium": (
        "  steps:\n    - {key: a, send: we_miss_you, channel: ads}\n",
        6,
        "the template 'we_miss_you' has no text for ads",
    ),
    "unknown offer": ("  steps:\n    - {key: a, offer: nothing}\n", 6, "there is no offer called 'nothing'"),
    "unknown audience": ("  steps:\n    - {key: a, audience: nothing}\n", 6, "there is no audience called 'nothing'"),
    "message of no message": (
        "  leave: {message: a, is: opened}\n  steps:\n    - {key: a, wait: 1h}\n",
        5,
        "'a' is no step of this journey that sends a message",
    ),
    "from a later message": (
        "  steps:\n    - {key: a, wait: 1h, from: b}\n    - {key: b, send: we_miss_you, channel: email}\n",
        6,
        "the step 'b' comes later than 'a'",
    ),
    "from no message": (
        "  steps:\n    - {key: a, wait: 1h}\n    - {key: b, wait: 1h, from: a}\n",
        7,
        "'a' is no step of this journey that sends a message",
    ),
    "no kind": ("  steps:\n    - {key: a}\n", 6, "the key 'does' is missing in steps[0]"),
    "twice": (
        "  steps:\n    - {key: a, wait: 1h}\n    - {key: a, wait: 1h}\n",
        7,
        "the step 'a' stands here a second time",
    ),
    "unknown key": ("  steps:\n    - {key: a, wait: 1h, untill: {did: X}}\n", 6, "unknown key 'untill'"),
    "two kinds in one": (
        "  steps:\n    - {key: a, wait: 1h, send: we_miss_you}\n",
        6,
        "the key 'wait' does not go with the others here",
    ),
    "bad length": ("  steps:\n    - {key: a, wait: soon}\n", 6, "steps[0].wait: 'soon' is no duration"),
    "a wait of nothing": ("  steps:\n    - {key: a, wait: 0s, next: a}\n", 6, "'0s' is no time at all"),
    "a wait beyond the calendar": ("  steps:\n    - {key: a, wait: 9999y}\n", 6, "'9999y' is too long"),
    "a goal within nothing": ("  goal_within: 0d\n  steps:\n    - {key: a, wait: 1h}\n", 5, "'0d' is no time at all"),
    "again too late": (
        "  reentry:\n    after: 99999d\n  steps:\n    - {key: a, wait: 1h}\n",
        6,
        "'99999d' is too long",
    ),
    "due beyond the calendar": ("  steps:\n    - {key: a, case: call, due: 9999y}\n", 6, "'9999y' is too long"),
    "a way without an until": (
        "  steps:\n    - {key: a, wait: 1h, timeout: b}\n    - {key: b, end: x}\n",
        6,
        "'timeout' belongs to a wait with an until",
    ),
    "shares that are too much": (
        "  steps:\n    - {key: a, split: {x: 50%, y: 60%}}\n",
        6,
        "the shares of 'a' are 1.1 together",
    ),
    "a way of no share": (
        "  steps:\n    - {key: a, split: {x: 50%, y: 50%}, ways: {z: b}}\n    - {key: b, end: x}\n",
        6,
        "'z' is no part of the split",
    ),
    "a prediction without bands": (
        "  steps:\n    - {key: a, bands: churn, ways: {high: b}}\n    - {key: b, end: x}\n",
        6,
        "the prediction 'churn' has no bands",
    ),
    "a way of no band": (
        "  steps:\n    - {key: a, bands: churn, floors: {high: 0.5}, ways: {low: b}}\n    - {key: b, end: x}\n",
        6,
        "there is no band called 'low'",
    ),
    "no such journey": ("  steps:\n    - {key: a, go: nowhere}\n", 6, "there is no journey called 'nowhere'"),
    "an own property": ("  steps:\n    - {key: a, emit: X, with: {run: 1}}\n", 6, "'run' is told anyway"),
    "a text of nothing": (
        "  steps:\n    - {key: a, set: {tier: '{{ persn.x }}'}}\n",
        6,
        "tier: there is no variable called 'persn'",
    ),
    "no time of day": (
        "  steps:\n    - {key: a, at: '25:00'}\n",
        6,
        "steps[0].at: '25:00' is no time of day; write it as 09:30",
    ),
    "no channel for requests": (
        "  steps:\n    - {key: a, webhook: crm}\n",
        6,
        "there is no channel called 'crm'",
    ),
    "a loop that is left for nowhere": (
        "  steps:\n    - {key: a, wait: 1h, most: 3, over: b, next: a}\n",
        6,
        "there is no step called 'b'",
    ),
    "event heads": (
        "  goal: {did: X, wen: 1}\n  steps:\n    - {key: a, wait: 1h}\n",
        5,
        "'wen' has no meaning beside 'did'",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, name: str) -> None:
    text, line, message = WRONG[name]
    _, problems = loaded(tmp_path, HEAD + text)
    found = {(problem.where, problem.message) for problem in problems}
    assert (f"journeys/churn_rescue.yaml:{line}", message) in found


def test_heads_of_runs_stay_in_journeys(tmp_path: Path) -> None:
    text = HEAD.replace("{did: Order Completed}", "{message: a, is: opened}") + "  steps:\n    - {key: a, end: done}\n"
    _, problems = loaded(tmp_path, text)
    assert [problem.code for problem in problems] == ["ONLY_IN_JOURNEYS"]


def test_loops_that_wait_are_fine(tmp_path: Path) -> None:
    text = (
        HEAD
        + "  steps:\n    - {key: a, wait: 7d}\n    - {key: b, branch: {did: X}, then: a}\n    - {key: c, end: done}\n"
    )
    _, problems = loaded(tmp_path, text)
    assert problems == []


def test_the_schema_knows_every_kind_of_step() -> None:
    told = str(schema(journey.KIND))
    assert all(f"'{name}'" in told for name in journey.STEP_KINDS)
