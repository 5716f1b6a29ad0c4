"""``foretell run``: the instants it goes through, and what it says."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from foretell.cli.commands import run
from foretell.cli.running import steps_of
from foretell.clock import Duration
from foretell.errors import UsageError
from tests.support.small_workspace import EVENTS, write_documents

START = datetime(2026, 3, 28, 9, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


def test_steps_go_to_the_end_and_the_end_is_one() -> None:
    def days(end: float, every: str) -> list[float]:
        instants = steps_of(START, START + timedelta(days=end), Duration.parse(every), BERLIN)
        return [(instant - START) / timedelta(days=1) for instant in instants]

    assert days(0, "1d") == [0]
    assert days(2, "1d") == [0, 1, 2]
    assert days(2.5, "1d") == [0, 1, 2, 2.5]
    assert days(1, "2d") == [0, 1]


@pytest.mark.parametrize(("end", "every"), [(-1, "1d"), (1, "0d"), (4_000, "1s")])
def test_steps_that_lead_nowhere_are_refused(end: int, every: str) -> None:
    with pytest.raises(UsageError):
        list(steps_of(START, START + timedelta(days=end), Duration.parse(every), BERLIN))


def test_a_workspace_is_played_through(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_documents(tmp_path)
    (tmp_path / "day.jsonl").write_text(EVENTS)
    where = ["--workspace", str(tmp_path)]
    assert run(["import", str(tmp_path / "day.jsonl"), *where]) == 0
    capsys.readouterr()
    period = ["--now", "2026-03-28", "--until", "2026-03-30T12:00", "--every", "1d"]
    assert run(["run", *where, *period, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [step["now"] for step in told["steps"]] == [
        "2026-03-27T23:00:00+00:00", "2026-03-28T23:00:00+00:00", "2026-03-29T23:00:00+00:00",
        "2026-03-30T10:00:00+00:00",
    ]  # fmt: skip
    assert told["events"] == 0
    assert all(step["scored"] == [] for step in told["steps"])
    assert run(["run", *where]) == 0
    assert "0 events applied" in capsys.readouterr().out
    assert run(["run", *where, "--now", "2026-03-28", "--until", "2026-03-01"]) == 2
