"""``import_scores``: scores from outside come in as rows, all of a file or none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv, json, parquet

from foretell.clock import naive_utc
from foretell.definitions import Catalog
from foretell.engine import TIMESTAMP, Engine, scratch
from foretell.errors import DefinitionErrors, ForetellError, UsageError, explain_os_errors
from foretell.predict.document import PredictionSpec, spec_of
from foretell.predict.life.trust import IMPORTED

_COLUMNS = {"horizon": pa.string(), "score": pa.float64(), "low": pa.float64(), "high": pa.float64()}
_WHO = ("profile_id", "identifier")
_EXAMPLES = 5


@dataclass(frozen=True)
class ImportedScores:
    """What came in.

    Args:
        instants: as of when the people were scored, oldest first.
    """

    prediction: str
    rows: int
    people: int
    instants: tuple[datetime, ...]


def import_scores(
    engine: Engine, catalog: Catalog, key: str, path: Path, *, as_of: datetime, now: datetime
) -> ImportedScores:
    """Store the scores of a file; scores of the same people, horizon and instant are replaced.

    Args:
        path: ``.csv``, ``.parquet`` or ``.jsonl`` with columns ``profile_id`` or ``identifier`` (``TYPE:VALUE``),
            ``score``, and where wanted ``horizon`` (needed where there are several), ``low``, ``high``, ``as_of``
            (ISO 8601, UTC where it says no zone).
        as_of: of rows that say none.

    Raises:
        UsageError: ``SCORES_NOT_IMPORTED``, ``UNKNOWN_FORMAT``, ``UNKNOWN_COLUMN``, ``MISSING_COLUMN``.
        DefinitionErrors: everything that is wrong with rows, with lines of the first of each kind; nothing is stored.
    """
    spec, thing = spec_of(catalog, key), f"prediction {key}"
    if not spec.imported:
        raise UsageError(
            "SCORES_NOT_IMPORTED", "its scores are made by its own model", thing=thing,
            next_step="Write `imported: true` into the document of a prediction whose scores come from outside.",
        )  # fmt: skip
    rows = _typed(_read(path), spec, path, as_of)
    found = _placed(engine, rows)
    problems = list(_problems(found, spec, path, thing))
    if problems:
        raise DefinitionErrors(problems)
    n = found.num_rows
    stored = pa.table(
        {
            "prediction": pa.repeat(pa.scalar(key), n),
            "horizon": found["horizon"],
            "node_key": found["profile_key"],
            "as_of": found["as_of"],
            "score": found["score"],
            "low": pc.coalesce(found["low"], found["score"]),
            "high": pc.coalesce(found["high"], found["score"]),
            "model": pa.repeat(pa.scalar(IMPORTED), n),
            "reasons": pa.repeat(pa.scalar("[]"), n),
        }
    )
    engine.publish("predict", {"score_rows": stored}, now=now)
    instants = tuple(sorted(pc.unique(found["as_of"]).to_pylist()))
    return ImportedScores(key, n, len(pc.unique(found["profile_key"])), instants)


def _read(path: Path) -> pa.Table:
    ending = path.suffix.lower()
    with explain_os_errors(str(path)):
        try:
            if ending == ".csv":
                return csv.read_csv(path)
            if ending == ".parquet":
                return parquet.read_table(path)
            if ending in (".jsonl", ".ndjson", ".json"):
                return json.read_json(path)
        except pa.ArrowInvalid as error:
            raise UsageError("UNREADABLE", str(error), thing=str(path)) from error
    raise UsageError(
        "UNKNOWN_FORMAT", f"the ending {ending!r} is not known", thing=str(path),
        next_step="Give a file that ends in .csv, .parquet or .jsonl.",
    )  # fmt: skip


def _typed(rows: pa.Table, spec: PredictionSpec, path: Path, as_of: datetime) -> pa.Table:
    """Columns line, profile_id, identifier, horizon, score, low, high, as_of; what does not fit is null."""
    known = [*_WHO, *_COLUMNS, "as_of"]
    unknown = [name for name in rows.column_names if name not in known]
    if unknown:
        raise UsageError(
            "UNKNOWN_COLUMN", f"there is no column called {unknown[0]!r}", thing=str(path),
            next_step=f"Known: {', '.join(known)}.",
        )  # fmt: skip
    several = len(spec.all_horizons) > 1
    needed = ["score", *(["horizon"] if several else [])]
    missing = [name for name in needed if name not in rows.column_names]
    if not set(_WHO) & set(rows.column_names):
        missing.append("profile_id or identifier")
    if missing:
        raise UsageError("MISSING_COLUMN", f"there is no column {missing[0]}", thing=str(path))
    n = rows.num_rows
    columns: dict[str, Any] = {"line": pa.array(range(1, n + 1), pa.int64())}
    for name in (*_WHO, *_COLUMNS):
        kind = _COLUMNS.get(name, pa.string())
        columns[name] = _cast(rows[name], kind) if name in rows.column_names else pa.nulls(n, kind)
    if not several:
        columns["horizon"] = pc.fill_null(columns["horizon"], spec.all_horizons[0])
    default = pa.scalar(naive_utc(as_of), TIMESTAMP)
    columns["as_of"] = (
        pc.fill_null(_instants(rows["as_of"]), default) if "as_of" in rows.column_names else pa.repeat(default, n)
    )
    return pa.table(columns)


def _cast(column: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    if column.type == kind:
        return column
    try:
        return column.cast(kind)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return scratch("SELECT try_cast(v AS DOUBLE) AS v FROM r", {"r": pa.table({"v": column})})["v"]


def _instants(column: pa.ChunkedArray) -> pa.ChunkedArray:
    texts = pa.table({"v": column.cast(pa.string())})
    read = "SELECT CAST(try_cast(v AS TIMESTAMPTZ) AT TIME ZONE 'UTC' AS TIMESTAMP) AS v FROM r"
    return scratch(read, {"r": texts})["v"].cast(TIMESTAMP)


def _placed(engine: Engine, rows: pa.Table) -> pa.Table:
    """``rows`` with the ``profile_key`` of each, null where nobody is known by what it says."""
    by_id = engine.analytics.query(
        "SELECT r.line, coalesce(m.profile_key, n.node_key) AS profile_key FROM r "
        "JOIN nodes n ON n.profile_id = r.profile_id LEFT JOIN merged m ON m.node_key = n.node_key",
        {}, {"r": rows.select(["line", "profile_id"])},
    )  # fmt: skip
    by_name = engine.analytics.query(
        "SELECT r.line, min(coalesce(m.profile_key, i.node_key)) AS profile_key FROM r "
        "JOIN identifier_links i ON (i.kind || ':' || i.value) = r.identifier "
        "LEFT JOIN merged m ON m.node_key = i.node_key GROUP BY r.line",
        {}, {"r": rows.select(["line", "identifier"])},
    )  # fmt: skip
    found = pa.concat_tables([by_id, by_name])
    place = pc.index_in(rows["line"], found["line"].combine_chunks())
    return rows.append_column("profile_key", found["profile_key"].take(place))


def _problems(rows: pa.Table, spec: PredictionSpec, path: Path, thing: str) -> Iterator[ForetellError]:
    """One problem of each kind, with how many rows have it and the first of them."""
    score, probability = rows["score"], spec.foresees == "probability"
    least, most = (0.0, 1.0) if probability else (float("-inf"), float("inf"))
    outside = pc.invert(pc.and_(pc.greater_equal(score, least), pc.less_equal(score, most)))
    counted = scratch(
        "SELECT line, count(*) OVER (PARTITION BY profile_key, horizon, as_of) AS n FROM r ORDER BY line", {"r": rows}
    )
    twice = pc.and_(pc.greater(counted["n"], 1), pc.is_valid(rows["profile_key"]))
    horizons = pa.array(spec.all_horizons)
    faults = {
        "UNKNOWN_PERSON": (pc.is_null(rows["profile_key"]), "nobody is known by what they say"),
        "BAD_SCORE": (
            pc.or_kleene(pc.fill_null(outside, True), pc.is_null(score)),
            "the score does not lie from 0 to 1" if probability else "there is no score",
        ),
        "UNKNOWN_HORIZON": (
            pc.invert(pc.is_in(rows["horizon"], horizons)),
            f"the horizon is none of {', '.join(spec.all_horizons)}",
        ),
        "DEFINED_TWICE": (twice, "the same person, horizon and instant stand there again"),
    }
    for code, (mask, what) in faults.items():
        lines = rows["line"].filter(pc.fill_null(mask, True))
        if len(lines):
            first = ", ".join(str(line) for line in lines.slice(0, _EXAMPLES).to_pylist())
            more = f" and {len(lines) - _EXAMPLES:,} more" if len(lines) > _EXAMPLES else ""
            rest = "Nothing was stored; mend the file."
            yield ForetellError(code, f"{what}: row {first}{more}", thing=thing, where=str(path), next_step=rest)
