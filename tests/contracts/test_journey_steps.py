"""Every kind of step keeps what the runner relies on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from foretell.clock import naive_utc
from foretell.condition import parse
from foretell.engine import Batch, Tx
from foretell.journey import STEP_KINDS
from foretell.journey.steps import MOVES, RUNS, StepContext
from tests.support.journey_shop import DOCUMENTS, JourneyShop, at, opened, with_people

WRITTEN: dict[str, dict[str, Any]] = {
    "at": {"at": "09:00"},
    "audience": {"audience": "winback_ads"},
    "bands": {"bands": "churn", "floors": {"high": 0.7}, "ways": {"high": "yes", "missing": "no"}},
    "best_hour": {"best_hour": "10:00"},
    "branch": {"branch": {"did": "Page Viewed"}, "then": "yes", "else": "no"},
    "case": {"case": "winback_call", "due": "48h"},
    "emit": {"emit": "Win-back Offered", "with": {"code": "{{ offer.code }}", "value": 3}},
    "end": {"end": "done"},
    "go": {"go": "churn_rescue"},
    "offer": {"offer": "winback"},
    "send": {"send": "we_miss_you"},
    "set": {"set": {"tier": "at risk", "told": "{{ person.email }}", "old": None}},
    "split": {"split": {"a": "50%", "b": "50%"}, "ways": {"a": "yes"}, "experiment": "subject_line"},
    "survey": {"survey": "nps", "template": "ask_nps"},
    "wait": {"wait": "1h"},
    "webhook": {"webhook": "crm", "with": {"who": "{{ person.email }}"}},
}
NAMES = ("ann", "bob", "cid")
SURVEY = {
    "surveys/nps.yaml": "kind: survey\nkey: nps\nspec:\n  title: Us\n  questions: [{key: q, type: nps, ask: How?}]\n",
    "templates/ask_nps.yaml": "kind: template\nkey: ask_nps\nspec: {subject: Us, html: '{{ survey.buttons }}'}\n",
}
CHANNEL = {
    **SURVEY,
    "foretell.yaml": DOCUMENTS["foretell.yaml"] + "secrets: {shared: '${SHARED}'}\n",
    "channels/crm.yaml": "kind: channel\nkey: crm\nspec:\n  uses: webhook\n"
    "  settings: {url: 'https://crm.example/in', signing_secret: shared}\n",
}


def test_every_kind_has_an_example() -> None:
    assert set(WRITTEN) == set(STEP_KINDS)


def runs_of(shop: JourneyShop) -> pa.Table:
    stamp = naive_utc(at(12))
    return pa.table(
        {
            "run": [f"r_{name}" for name in NAMES],
            "profile_key": pa.array([shop.key(name) for name in NAMES], pa.int64()),
            "node_key": pa.array([shop.key(name) for name in NAMES], pa.int64()),
            "profile_id": list(NAMES),
            "entered_at": [stamp] * 3,
            "at": [stamp] * 3,
            "arrived_at": [stamp] * 3,
            "waiting": [False] * 3,
            "variables": ['{"kept": "value"}'] * 3,
            "entry_message_id": [""] * 3,
        },
        schema=RUNS,
    )


def advanced(shop: JourneyShop, name: str, runs: pa.Table) -> pa.Table:
    kind = STEP_KINDS[name]
    step = kind.model.model_validate({"key": "here", **WRITTEN[name]})
    context = StepContext(
        journey="churn_rescue",
        revision=1,
        step=step,
        following="after",
        catalog=shop.catalog,
        now=at(12),
        zone=shop.catalog.settings.zone_info,
        holds=lambda _tree, asked, _since: np.arange(asked.num_rows) % 2 == 0,
        tree=lambda field: parse(getattr(step, field), journey=True),
    )
    answers: list[pa.Table] = []

    def change(tx: Tx, batch: Batch) -> None:
        answers.append(kind.advance(tx, batch, context, runs))

    shop.engine.act("journey", change, now=at(12))
    return answers[0]


@pytest.mark.parametrize("name", WRITTEN)
def test_a_step_answers_for_every_run_and_again_the_same(tmp_path: Path, name: str) -> None:
    with opened(tmp_path, documents=CHANNEL, environ={"SHARED": "of both"}) as shop:
        with_people(shop, *NAMES)
        runs = runs_of(shop)
        first = advanced(shop, name, runs)
        assert first.schema.equals(MOVES)
        assert sorted(first["run"].to_pylist()) == sorted(runs["run"].to_pylist())
        assert first["outcome"].null_count == 0
        assert first["due_at"].null_count == 0
        step = STEP_KINDS[name].model.model_validate({"key": "here", **WRITTEN[name]})
        known = {"here", *STEP_KINDS[name].exits(step, "after").values()}
        assert set(first["next"].to_pylist()) <= known
        stays = pc.equal(first["next"], "here").fill_null(False)
        later = pc.greater(first["due_at"], runs["at"][0])
        assert pc.all(pc.equal(stays, later)).as_py(), "what stays is asked again later, what goes on goes on at once"
        assert pc.any(stays).as_py() in (False, STEP_KINDS[name].rests)
        for text in first["variables"].to_pylist():
            assert text is None or json.loads(text)["kept"] == "value"
        # A single run gets what it got among others.
        alone = advanced(shop, name, runs.slice(1, 1))
        if name not in ("branch", "bands"):  # their answers here go by the place
            assert alone.to_pylist()[0]["next"] == first.filter(pc.equal(first["run"], "r_bob")).to_pylist()[0]["next"]


@pytest.mark.parametrize("name", WRITTEN)
def test_a_step_takes_no_runs_without_a_fault(tmp_path: Path, name: str) -> None:
    with opened(tmp_path, documents=CHANNEL, environ={"SHARED": "of both"}) as shop:
        assert advanced(shop, name, RUNS.empty_table()).num_rows == 0
