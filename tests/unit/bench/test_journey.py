"""``bench journey``: everybody comes to the end, and it says what is missing."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from foretell.bench import journey, journey_stages, journey_workflow
from foretell.bench.beside import Beside
from foretell.bench.scale_stages import Meter
from foretell.errors import ForetellError

PEOPLE = 300


def test_everybody_treated_comes_to_the_end_and_messages_are_rendered(tmp_path: Path) -> None:
    meter = Meter()
    assert journey_stages.prepare(tmp_path, PEOPLE, meter) == (PEOPLE, PEOPLE)
    steps, done = journey_stages.wave(tmp_path, PEOPLE, meter)
    assert PEOPLE * 0.8 < done < PEOPLE
    assert steps >= done * 6
    waiting, sent = journey_stages.render(tmp_path, PEOPLE, meter)
    assert sent == waiting > done
    assert meter.cpu_s > 0


def test_without_the_library_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(ForetellError) as told:
        journey_workflow.durable(Beside("postgresql://nowhere", 1), people=1, report=str)
    assert (told.value.code, told.value.next_step) == (
        "NOT_INSTALLED",
        "Run `pip install dbos`; nothing else needs it.",
    )


def test_its_limits_are_those_of_the_docs() -> None:
    page = (Path(__file__).parents[3] / "docs" / "reference" / "benchmarks.md").read_text(encoding="utf-8")
    section = page.partition("## journey\n")[2].partition("\n## ")[0]
    for name, limit in journey.LIMITS.items():
        assert f"| `{name}` | {limit.replace('>=', '≥').replace('<=', '≤')} |" in section
