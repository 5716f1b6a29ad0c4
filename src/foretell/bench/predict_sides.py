"""The sides of ``bench predict``, each a process of its own; each writes its figures to a file as JSON.

``python -m foretell.bench.predict_sides rival EVENTS PEOPLE PASSES FOLDER FILE`` makes the events, runs the
hand-written query and writes the events down; ``fill FOLDER FILE`` puts them into a workspace; ``features FOLDER PASSES
FILE`` makes the same features by the library; ``train FOLDER FILE`` trains a prediction; ``fit FOLDER PASSES FILE``
holds its fit against the plain library.
"""

from __future__ import annotations

import hashlib
import json
import statistics
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from foretell import definitions, predict
from foretell.app import Workspace, open_workspace
from foretell.bench.predict_fits import measured
from foretell.bench.predict_plan import PATHS, TALLIES, columns
from foretell.bench.rival_events import fill, write_events
from foretell.bench.rivals import rivals
from foretell.bench.segment_documents import written
from foretell.clock import SteppedClock

NOW = datetime(2026, 11, 5, tzinfo=UTC)
AS_OF = datetime(2026, 10, 1, tzinfo=UTC)
PREDICTION = "buys"
_DOCUMENT: dict[str, Any] = {
    "kind": "prediction",
    "key": PREDICTION,
    "spec": {
        "outcome": {"did": "purchase"},
        "horizon": "30d",
        "population": {"did": "page_view", "within": "365d"},
    },
}
_WORKSPACE, _EVENTS = "workspace", "events.parquet"
_SUMMED_AT_ONCE = 250_000
"""People of whom the checksum asks at the same time: what it costs is not to be what the features held at most."""


def rival(events: int, people: int, passes: int, folder: Path) -> dict[str, Any]:
    """The query as somebody wrote it, on the table as it arrives, its answer as Arrow."""
    module = rivals()
    connection = module.duckdb.connect(config={"threads": 2})
    module.events(connection, events, people)
    connection.execute(
        f"CREATE TABLE lab AS SELECT DISTINCT profile_key, TIMESTAMP '{AS_OF:%Y-%m-%d %H:%M:%S}' AS \"asof\" FROM ev"
    )
    found, cost = _timed(lambda: connection.sql(module.features_sql()).to_arrow_table(), passes)
    write_events(connection, folder / _EVENTS)
    rows = found.set_column(0, "profile_key", pc.add(found["profile_key"], 1))
    return {"cpu_s": cost, "people": found.num_rows, "sum": checksum(rows, {name: name for name in columns()})}


def filled(folder: Path) -> dict[str, Any]:
    """A workspace with the same events and one prediction."""
    root = folder / _WORKSPACE
    definitions.init(root)
    (root / "predictions").mkdir(exist_ok=True)
    (root / "predictions" / "all.yaml").write_text(written([_DOCUMENT]), encoding="utf-8")
    with _opened(folder, "write") as workspace:
        return {"events": fill(workspace, folder / _EVENTS, PATHS, now=NOW)}


def features(folder: Path, passes: int) -> dict[str, Any]:
    """The same features by the library, for the same people; what they are made of is summed."""
    with _opened(folder, "read") as workspace:
        analytics = workspace.engine.analytics
        plan = own_plan(workspace)
        people = analytics.query("SELECT DISTINCT e.profile_key FROM log_events e ORDER BY e.profile_key")
        cost = _timed(lambda: predict.compute(analytics, plan, people, AS_OF), passes)[1]
        parts = [people.slice(first, _SUMMED_AT_ONCE) for first in range(0, people.num_rows, _SUMMED_AT_ONCE)]
        asked = [predict.feature_question(plan, part, AS_OF) for part in parts]
        found = pa.concat_tables([analytics.query(one.sql, one.params, one.tables) for one in asked])
    seen = found.filter(found[columns()["first_seen"]].is_valid())
    return {"cpu_s": cost, "people": seen.num_rows, "sum": checksum(seen, columns(), money=_micro)}


def own_plan(workspace: Workspace) -> predict.FeaturePlan:
    """The plan of the 61 features."""
    known = workspace.engine.log.properties()
    places = {path: known.of(path) for path in PATHS.values()}
    paths = {path: (place.text, place.number) for path, place in places.items() if place is not None}
    return predict.FeaturePlan((), (), "EUR", "UTC", base=(), tallies=TALLIES, paths=paths)


def train(folder: Path) -> dict[str, Any]:
    """The whole training of the prediction, from the log to the registered model."""
    with _opened(folder, "write") as workspace:
        cpu, wall = process_time(), perf_counter()
        report = predict.train(workspace.engine, workspace.catalog, workspace.reader, PREDICTION, as_of=NOW, now=NOW)
        told = {"cpu_s": process_time() - cpu, "wall_s": perf_counter() - wall}
    (horizon,) = report.as_dict()["horizons"].values()
    return told | {"rows": horizon["n"], "rounds": horizon["rounds"], "origins": len(horizon["split"]["origins"])}


def fit(folder: Path, passes: int) -> dict[str, Any]:
    """One fit with the hand-over of its data, scores and cheap reasons, beside the plain library."""
    with _opened(folder, "read") as workspace:
        return measured(workspace, PREDICTION, NOW, passes)


def checksum(rows: pa.Table, named: Mapping[str, str], money: Callable[[Any], Any] = lambda found: found) -> str:
    """Hash of all columns in the order of people, as whole numbers: instants in microseconds, money in hundredths.

    Args:
        named: what a column is called in the sum → in ``rows``.
        money: what makes hundredths' hundredfold of the columns with money.
    """
    rows = rows.sort_by("profile_key")
    digest = hashlib.blake2b(np.asarray(rows["profile_key"].to_numpy(), dtype=np.int64).tobytes(), digest_size=16)
    for name in sorted(named):
        column = rows[named[name]]
        if pa.types.is_timestamp(column.type):
            column = column.cast(pa.timestamp("us")).cast(pa.int64())
        values = np.nan_to_num(column.cast(pa.float64(), safe=False).to_numpy(), nan=0.0)
        if name.startswith(("rev_", "maxrev_")):
            values = np.round(money(values) * 100)
        digest.update(values.astype(np.int64).tobytes())
    return digest.hexdigest()


def _micro(found: Any) -> Any:
    """The log keeps numbers in millionths."""
    return found / 1e6


def _timed(work: Callable[[], pa.Table], passes: int) -> tuple[pa.Table, float]:
    """What it makes, and the median of its CPU seconds."""
    costs = []
    for _ in range(passes):
        begin = process_time()
        found = work()
        costs.append(process_time() - begin)
    return found, statistics.median(costs)


@contextmanager
def _opened(folder: Path, mode: Any) -> Iterator[Workspace]:
    with open_workspace(folder / _WORKSPACE, mode, SteppedClock(NOW)) as workspace:
        yield workspace


def main(arguments: list[str]) -> None:
    """Run one side."""
    side, *rest, out = arguments
    if side == "rival":
        events, people, passes, folder = rest
        told = rival(int(events), int(people), int(passes), Path(folder))
    elif side in ("features", "fit"):
        told = {"features": features, "fit": fit}[side](Path(rest[0]), int(rest[1]))
    else:
        told = {"fill": filled, "train": train}[side](Path(rest[0]))
    Path(out).write_text(json.dumps(told), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
