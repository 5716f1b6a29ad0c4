"""The demo job on every pair of stores: the same summary, the same model files.

``python -m tools.same_summary`` plays the whole Online Retail demo on each pair, one after the other, with a
PostgreSQL and a Spark of its own, and prints what each step took; 1 where two pairs differ.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from foretell.app import open_workspace
from foretell.clock import SteppedClock
from foretell.demo import DATASETS, Dataset, Options, play
from foretell.testing.postgres import postgres_server

PAIRS = ("sqlite+duckdb", "postgresql+duckdb", "postgresql+spark")
_BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
_SMALLER = (
    ("predictions/churn.yaml", "horizon: 90d", "horizon: 30d"),
    ("journeys/churn_rescue.yaml", "gte: 0.7", "gte: 0.4"),
)
_OWN = ("directory", "seconds")
"""Fields of a summary that say where and when it was made."""


@dataclass(frozen=True)
class Played:
    """The job done on one pair.

    Args:
        summary: without where and when it was made.
        models: file below the models' folder → SHA-256.
        seconds: step → time it took.
    """

    summary: dict[str, Any]
    models: dict[str, str]
    seconds: dict[str, float]


@dataclass
class Watch:
    """Where the demo tells how far it is; keeps what each step took."""

    seconds: dict[str, float] = field(default_factory=dict)
    _title: str = ""
    _since: float = field(default_factory=time.monotonic)

    def begin(self, title: str, total: float | None = None) -> None:
        """The next piece of work begins."""
        now = time.monotonic()
        if self._title:
            self.seconds[self._title] = round(self.seconds.get(self._title, 0.0) + now - self._since, 1)
        self._title, self._since = title, now

    def done(self, completed: float, total: float) -> None:
        """Not of interest."""


def part_of(dataset: Dataset, folder: Path, one_in: int, lived: timedelta, since: str = "2010") -> Dataset:
    """``dataset`` with one customer in ``one_in`` from ``since`` on and a journey of ``lived``, laid into ``folder``.

    So little tells about 30 days, not 90, and makes hardly anybody 70 % likely to leave: 40 % do for the journey.
    """
    lines = dataset.imports[0][0]
    rows = pq.read_table(dataset.root / "data" / lines)
    number = pc.cast(rows["CustomerID"], pa.int64())
    drawn = pc.equal(pc.subtract(number, pc.multiply(pc.divide(number, one_in), one_in)), 0)
    (folder / "data").mkdir(parents=True)
    late = pc.greater_equal(rows["InvoiceDate"], since)
    pq.write_table(rows.filter(pc.and_(drawn, late)), folder / "data" / lines)
    shutil.copytree(dataset.root / "workspace", folder / "workspace")
    for file, before, after in _SMALLER:
        document = folder / "workspace" / file
        document.write_text(document.read_text().replace(before, after))
    return replace(dataset, folder=str(folder), lived=lived)


def played(pair: str, root: Path, dataset: Dataset, *, url: str, schema: str, spark: Mapping[str, object]) -> Played:
    """Do the demo's job in a new workspace at ``root``.

    Args:
        url, schema: where PostgreSQL is, for a pair that has it.
        spark: settings under ``engine``, for a pair that has Spark.
    """
    dataset.write(root)
    operational, _, analytics = pair.partition("+")
    with (root / "foretell.yaml").open("a") as settings:
        if operational == "postgresql":
            settings.write(f"stores: {json.dumps({'operational': operational, 'url': url, 'schema': schema})}\n")
        if analytics == "spark":
            settings.write(f"engine: {json.dumps({'kind': 'spark', **spark})}\n")
    clock, watch = SteppedClock(_BEGIN), Watch()
    with open_workspace(root, clock=clock) as workspace:
        summary = play(workspace, clock, dataset, Options(), watch).as_dict()
    watch.begin("")
    told = {name: value for name, value in summary.items() if name not in _OWN}
    folder = root / "data" / "models"
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    models = {str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}
    return Played(told, models, watch.seconds)


def differences(one: Any, other: Any, where: str = "") -> list[str]:
    """Where two summaries differ: floats by more than 1e-9 of their size, everything else at all."""
    if isinstance(one, dict) and isinstance(other, dict):
        names = [*one, *(name for name in other if name not in one)]
        return [text for name in names for text in differences(one.get(name), other.get(name), f"{where}.{name}")]
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        pairs = enumerate(zip(one, other, strict=True))
        return [text for place, pair in pairs for text in differences(*pair, f"{where}[{place}]")]
    same = one == other
    if isinstance(one, float) and isinstance(other, float):
        same = abs(one - other) <= 1e-9 * max(1.0, abs(one), abs(other))
    return [] if same else [f"{where}: {one!r}, {other!r}"]


def main(arguments: Sequence[str]) -> int:
    """Play on every pair and compare with the first."""
    parser = argparse.ArgumentParser(prog="python -m tools.same_summary", description=__doc__)
    parser.add_argument("--days", type=int, default=60, help="days that the journey is played")
    parser.add_argument("--one-in", type=int, default=1, help="take one customer in so many")
    parser.add_argument("--pairs", nargs="+", choices=PAIRS, default=PAIRS)
    parser.add_argument("--spark-master", default="local[*]")
    chosen = parser.parse_args(arguments)
    found: dict[str, Played] = {}
    with tempfile.TemporaryDirectory(prefix="foretell-pairs-") as scratch, postgres_server() as server:
        dataset, lived = DATASETS["online-retail"], timedelta(days=chosen.days)
        dataset = (
            replace(dataset, lived=lived)
            if chosen.one_in == 1
            else part_of(dataset, Path(scratch) / "part", chosen.one_in, lived)
        )
        for place, pair in enumerate(chosen.pairs):
            spark = {"spark_master": chosen.spark_master}
            root = Path(scratch) / pair
            found[pair] = played(pair, root, dataset, url=server.url, schema=f"demo_{place}", spark=spark)
            print(f"{pair}: {sum(found[pair].seconds.values()):.1f} s", file=sys.stderr)
    first, wrong = found[chosen.pairs[0]], 0
    for step in first.seconds:
        print(f"{step:<32}" + "".join(f"{one.seconds.get(step, 0.0):>10.1f}" for one in found.values()))
    for pair, other in found.items():
        told = [*differences(first.summary, other.summary), *differences(first.models, other.models, "models")]
        wrong += bool(told)
        print(f"{pair}: " + ("the same" if not told else "; ".join(told[:20])))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
