"""The prediction document: what is refused, with file and line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from foretell.definitions import load
from foretell.predict import KIND, PredictionSpec, spec_of

CHURN = """kind: prediction
key: churn
spec:
  outcome: {did_not: Order Completed}
  horizons: [90d, 30d, 180d]
  population: {did: Order Completed, within: 365d}
"""
CLV = """kind: prediction
key: clv
spec:
  value: {did: Order Completed, sum: revenue}
  horizon: 39w
  unit: 1w
  model: bg_nbd
"""


def read(folder: Path, text: str) -> tuple[Any, list[Any]]:
    (folder / "predictions").mkdir()
    (folder / "foretell.yaml").write_text("name: test\n")
    (folder / "predictions" / "p.yaml").write_text(text)
    return load(folder, [KIND])


def test_the_contracts_documents_are_read(tmp_path: Path) -> None:
    catalog, problems = read(tmp_path, f"{CHURN}---\n{CLV}")
    assert problems == []
    assert spec_of(catalog, "churn").all_horizons == ("30d", "90d", "180d")
    assert spec_of(catalog, "clv").about == {"did": "Order Completed"}


@pytest.mark.parametrize(
    ("old", "new", "place", "words"),
    [
        ("  outcome: {did_not: Order Completed}\n", "", "p.yaml:3", "either an outcome or a value"),
        ("[90d, 30d, 180d]", "[90d, 90d]", "p.yaml:3", "equally long"),
        ("[90d, 30d, 180d]", "[soon]", "p.yaml:5", "no duration"),
        ("  population: {did: Order Completed, within: 365d}\n", "", "p.yaml:3", "needs a population"),
        ("{did_not: Order Completed}", "{last: Order Completed, ago: {gt: 9d}}", "p.yaml:4", "looks back"),
        ("{did_not: Order Completed}", "{did_nott: Order Completed}", "p.yaml:4", "no head"),
        ("within: 365d", "withn: 365d", "p.yaml:6", "withn"),
        ("horizons:", "horizns:", "p.yaml:5", "horizns"),
    ],
)
def test_mistakes_in_an_outcome_are_found(tmp_path: Path, old: str, new: str, place: str, words: str) -> None:
    _, problems = read(tmp_path, CHURN.replace(old, new))
    assert any(problem.where.endswith(place) and words in problem.message for problem in problems), problems


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (", sum: revenue", "", "need one event and the property that is summed"),
        ("sum: revenue", "sum: revenue, within: 9d", "within"),
        ("sum: revenue", "avg: revenue", "there is no avg"),
        ("model: bg_nbd", "model: magic", "magic"),
        ("unit: 1w", "unit: 0d", "longer than nothing"),
    ],
)
def test_mistakes_in_a_value_are_found(tmp_path: Path, old: str, new: str, words: str) -> None:
    _, problems = read(tmp_path, CLV.replace(old, new))
    assert any(words in problem.message for problem in problems), problems


def test_a_population_that_names_nothing_is_found(tmp_path: Path) -> None:
    text = CHURN.replace("{did: Order Completed, within: 365d}", "{segment: fans}")
    _, problems = read(tmp_path, text)
    assert any("fans" in problem.message and problem.where.endswith(":6") for problem in problems), problems


def test_schema_has_a_description_for_every_field() -> None:
    schema = PredictionSpec.model_json_schema()
    assert [name for name, field in schema["properties"].items() if "description" not in field] == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (CHURN.replace("  outcome", "  model: boosted\n  outcome"), "model belongs to"),
        (CLV + "  form: hazard\n", "belong to a prediction with an outcome"),
        (CLV + "  per: products.category\n", "belong to a prediction with an outcome"),
        (CHURN + "  form: hazard\n  per: products.category\n", "neither per nor an estimator"),
        (CHURN + "  per: products.category\n", "names one event and nothing else"),
        (
            CLV.replace("model: bg_nbd", "discount_rate: 0.1").replace("sum: revenue", "sum: revenue, where: {a: 1}"),
            "discounts",
        ),
    ],
)
def test_forms_that_do_not_go_together_are_refused(tmp_path: Path, text: str, words: str) -> None:
    _, problems = read(tmp_path, text)
    assert any(words in problem.message for problem in problems), problems


@pytest.mark.parametrize("value", ["{did: Order Completed}", "{did: Page Viewed, where: {path: /help}}"])
def test_a_value_may_count_and_be_narrowed(tmp_path: Path, value: str) -> None:
    catalog, problems = read(
        tmp_path, CLV.replace("{did: Order Completed, sum: revenue}", value).replace("bg_nbd", "boosted")
    )
    assert problems == []
    assert not spec_of(catalog, "clv").is_spending
