"""``bench matching``: are records of one person found to be one person's, and of two people to be two people's?

The way is the product's own: a CSV file is imported through a source's mapping, each row a person of its own, and
matched at the default threshold. No label is read before the numbers of joined people are printed; then the people
that came out are held against the truth, pair by pair. With ``--data DIR`` these are the reference sets febrl1,
febrl3 and fake_1000 in that folder; without it a made-up set.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from foretell import app, collect, definitions
from foretell.bench.made_records import make_records, write_records
from foretell.bench.registry import Result
from foretell.errors import UsageError

LIMITS = {"f1_febrl1": ">= 0.99", "f1_febrl3": ">= 0.97", "f1_made": ">= 0.97"}
SEED = 11
_SETS = {"febrl1": "febrl/dataset1.csv", "febrl3": "febrl/dataset3.csv", "fake_1000": "fake_1000/fake_1000.csv"}
_SOURCE = """\
kind: source
key: records
spec:
  format: csv
  history: true
  mappings:
    - name: people
      identify: true
      identifiers: {{record: "{key}"}}
      traits: {{{traits}}}
"""
_IDENTITY = """\
kind: identity
key: people
spec:
  identifiers: {record: {limit: 100}}
  matching: {}
"""


@dataclass(frozen=True)
class Judged:
    """Pairs of records that came out as one person, held against those that are."""

    precision: float
    recall: float
    f1: float


def run(*, quick: bool, report: Callable[[str], None], data: Path | None = None) -> Result:
    """All sets; ``--quick`` makes a smaller made-up set, the reference sets are small."""
    figures: dict[str, float] = {}
    ratios: dict[str, float] = {}
    with TemporaryDirectory(prefix="foretell-bench-") as folder:
        for name, file in _files(Path(folder), data, quick).items():
            found, seconds = matched(Path(folder, name), file, name, report)
            judged = judge(found, _truth(file))
            report(f"  precision {judged.precision:.4f}, recall {judged.recall:.4f}, F1 {judged.f1:.4f}")
            ratios[f"f1_{name}"] = round(judged.f1, 4)
            figures |= {
                f"precision_{name}": round(judged.precision, 4),
                f"recall_{name}": round(judged.recall, 4),
                f"records_{name}": sum(map(len, found)),
                f"seconds_{name}": round(seconds, 1),
            }
    return Result("matching", ratios, figures, {name: limit for name, limit in LIMITS.items() if name in ratios})


def matched(root: Path, file: Path, name: str, report: Callable[[str], None]) -> tuple[list[list[str]], float]:
    """The records of each person that comes out of importing and matching ``file``, and the seconds it took."""
    begin = perf_counter()
    _workspace(root, file)
    with app.open_workspace(root) as workspace:
        now = workspace.clock.now()
        collect.import_files(workspace.engine, workspace.catalog, [file], "records", now=now, reader=workspace.frames)
        done = app.match_people(workspace, now=now)
        people = workspace.engine.analytics.query(
            "SELECT profile_id, list(value ORDER BY value) AS records FROM identifiers WHERE kind = 'record' "
            "GROUP BY profile_id ORDER BY profile_id"
        )
        found: list[list[str]] = people["records"].to_pylist()
    report(
        f"{name}: {done.records:,} records, {done.joined:,} joined from probability {done.join_from:.4f} on, "
        f"expected precision {done.expected_precision:.4f}; {done.waiting:,} put to people"
    )
    return found, perf_counter() - begin


def judge(people: Sequence[Sequence[str]], truth: Mapping[str, str]) -> Judged:
    """Hold people (lists of record ids) against whose record each is."""
    found = sum(_pairs(len(records)) for records in people)
    right = sum(_pairs(n) for records in people for n in Counter(truth[one] for one in records).values())
    real = sum(_pairs(n) for n in Counter(truth.values()).values())
    precision, recall = (right / found if found else 1.0), (right / real if real else 1.0)
    return Judged(precision, recall, 2 * right / (found + real) if found + real else 1.0)


def _pairs(count: int) -> int:
    return count * (count - 1) // 2


def _files(folder: Path, data: Path | None, quick: bool) -> dict[str, Path]:
    if data is None:
        file = folder / "made.csv"
        write_records(file, make_records(300 if quick else 1_500, seed=SEED))
        return {"made": file}
    found = {name: data / path for name, path in _SETS.items()}
    missing = [str(file) for file in found.values() if not file.is_file()]
    if missing:
        raise UsageError(
            "DATA_MISSING", f"there is no {missing[0]}", next_step=f"The folder holds {', '.join(_SETS.values())}."
        )
    return found


def _workspace(root: Path, file: Path) -> None:
    with file.open(encoding="utf-8") as lines:
        key, *columns = next(csv.reader(lines))
    names = [column for column in columns if column.strip() != "cluster"]
    traits = ", ".join(f"{column.strip()}: \"column('{column}')\"" for column in names)
    definitions.init(root)
    for folder, text in (("sources", _SOURCE.format(key=key, traits=traits)), ("identity", _IDENTITY)):
        (root / folder).mkdir(exist_ok=True)
        (root / folder / "people.yaml").write_text(text, encoding="utf-8")


def _truth(file: Path) -> dict[str, str]:
    """Whose record each is: by its id, which names the person (``rec-12-dup-0``, ``r12-3``), or by its cluster."""
    with file.open(encoding="utf-8") as lines:
        header, *rows = csv.reader(lines)
    if "cluster" in header:
        return {row[0]: row[header.index("cluster")] for row in rows}
    return {row[0]: row[0].removeprefix("rec-").split("-")[0] for row in rows}
