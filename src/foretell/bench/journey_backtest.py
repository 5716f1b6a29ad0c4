"""A back-test of a year against computing its entry set's series alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from foretell import app
from foretell.app import open_workspace
from foretell.bench.scale import stage
from foretell.bench.scale_documents import AS_OF, JOURNEY
from foretell.bench.scale_stages import WORKSPACE
from foretell.clock import SteppedClock
from foretell.journey import backtest

_YEAR = timedelta(days=365)


def year(*, people: int, report: Callable[[str], None]) -> tuple[float, dict[str, float]]:
    """CPU of the whole back-test ÷ of the series of who fulfils its condition at each tick; figures in CPU seconds.

    Scores are read as stored, none are computed. Both find the same people, or it fails.
    """
    report(f"back-test: a year of {people:,} people")
    with TemporaryDirectory(prefix="foretell-bench-") as place:
        folder = Path(place)
        stage("prepare", folder, people)
        stage("import", folder, people)
        with open_workspace(folder / WORKSPACE, "write", SteppedClock(AS_OF)) as found:
            app.apply(found)
            asked = backtest.Question(AS_OF - _YEAR, AS_OF)
            told = backtest.measure(found.engine, found.catalog, found.reader, JOURNEY, asked)
    figures = {
        "backtest_people": told.people,
        "backtest_ticks": told.ticks,
        "backtest_entries_cpu_s": round(told.entries, 2),
        "backtest_series_cpu_s": round(told.series, 2),
        "backtest_whole_cpu_s": round(told.whole, 2),
    }
    return round(told.ratio, 3), figures
