"""Every shipped KPI: its golden tables on a real engine, its page, and what each file must have."""

from __future__ import annotations

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
