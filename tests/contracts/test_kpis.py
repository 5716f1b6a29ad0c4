"""Every shipped KPI: its golden tables on a real engine, its page, and what each file must have."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import pytest

from foretell import measure
from foretell.engine import Engine
from tests.unit.measure.shop import shop
from tools import kpi_reference

KPIS = measure.built_in_kpis()
FILES = sorted((Path(measure.__file__).parent / "kpis").glob("*.y*ml"))


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with shop(tmp_path_factory.mktemp("kpis")) as opened:
        yield opened


def test_every_file_of_the_folder_is_one_kpi() -> None:
    assert [path.stem for path in FILES] == sorted(KPIS)


@pytest.mark.parametrize("key", KPIS)
def test_golden_tables_come_out_right(key: str, engine: Engine) -> None:
    assert list(measure.kpi_problems(engine.analytics, KPIS[key], KPIS)) == []


@pytest.mark.parametrize("key", KPIS)
def test_golden_tables_show_a_value_and_nobody(key: str) -> None:
    golden = KPIS[key].spec.golden
    assert golden is not None
    assert any(case.value for case in golden.cases)
    assert any(not case.value for case in golden.cases)


@pytest.mark.parametrize("key", [key for key, kpi in KPIS.items() if kpi.spec.people == "known"])
def test_golden_tables_of_known_people_hold_an_anonymous_one(key: str) -> None:
    golden = KPIS[key].spec.golden
    assert golden is not None
    assert golden.anonymous


@pytest.mark.parametrize("key", KPIS)
def test_a_wrong_expectation_is_caught(key: str, engine: Engine) -> None:
    kpi = KPIS[key]
    golden = kpi.spec.golden
    assert golden is not None
    wrong = [case.model_copy(update={"value": (case.value or 0.0) + 0.01}) for case in golden.cases]
    spec = kpi.spec.model_copy(update={"golden": golden.model_copy(update={"cases": wrong})})
    changed = measure.Kpi(kpi.document.__class__(**{**vars(kpi.document), "spec": spec}), kpi.origin)
    found = list(measure.kpi_problems(engine.analytics, changed, KPIS))
    assert [problem.code for problem in found] == ["GOLDEN_MISMATCH"] * len(golden.cases)


def test_the_page_is_up_to_date() -> None:
    hint = "run: .venv/bin/python -m tools.kpi_reference --write"
    assert kpi_reference.PAGE.read_text(encoding="utf-8") == kpi_reference.page(), hint


def _wilson(hits: int, n: int) -> tuple[float, float]:
    """The roots of (hits/n - x)² = z² x (1 - x) / n, with z of the printed tables for 90 %."""
    share, part = hits / n, 1.6448536 * 1.6448536 / n
    middle, spread = 2 * share + part, math.sqrt((2 * share + part) ** 2 - 4 * (1 + part) * share**2)
    return (middle - spread) / (2 * (1 + part)), (middle + spread) / (2 * (1 + part))


def _answers(people: list[tuple[float, int]], lowest: float, highest: float, places: int) -> tuple[float, float]:
    """Adjusted Wald of people's sums and numbers of answers (Rocks 2016): the scale is drawn to 0 to 1, and three
    answers are added whose values are binomial over its places."""
    count = sum(number for _, number in people)
    mean = sum(total for total, _ in people) / count
    width, size = highest - lowest, count**2 / sum(number**2 for _, number in people)
    spread = size * sum((total - mean * number) ** 2 for total, number in people) / (count * width) ** 2
    seen = (mean - lowest) / width
    middle = (size * seen + 1.5) / (size + 3)
    added = 1 / (4 * (places - 1)) + (0.5 - middle) ** 2
    variance = (size * (spread + (seen - middle) ** 2) + 3 * added) / (size + 3)
    half = 1.6448536 * math.sqrt(variance / (size + 3))
    low, high = max(middle - half, 0), min(middle + half, 1)
    return lowest + width * min(low, seen), lowest + width * max(high, seen)


BOUNDS = {
    # Two answers of one person, and one each of four others.
    "nps": _answers([(2, 2), (-1, 1), (0, 1), (1, 1), (0, 1)], -1, 1, 3),
    "csat": _answers([(1, 1), (1, 1), (0, 1), (1, 1)], 0, 1, 2),
    "ces": _answers([(7, 1), (5, 1), (6, 1)], 1, 7, 7),
    "churn_rate": _wilson(3, 4),
    "repeat_rate": _wilson(1, 4),
    "retention_rate": _wilson(1, 4),  # 1 less the churn rate of 3 in 4
    # Mean, standard error, and Student's t of the printed tables for 90 % with 2 and 1 degrees of freedom.
    "churn_probability": (0.3 - 2.919986 * 0.1 / math.sqrt(3), 0.3 + 2.919986 * 0.1 / math.sqrt(3)),
    "clv": (20.5 - 6.3137515 * 10, 20.5 + 6.3137515 * 10),
}


def test_golden_bounds_are_those_of_a_calculation_by_hand_at_ninety_percent() -> None:
    golden = {key: kpi.spec.golden for key, kpi in KPIS.items()}
    told = {
        key: (case.low, case.high)
        for key, table in golden.items()
        if table
        for case in table.cases
        if case.low is not None
    }
    assert told == {key: pytest.approx(bounds, abs=1e-6) for key, bounds in BOUNDS.items()}
