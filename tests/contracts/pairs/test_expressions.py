"""What the portable subset says in an expression means the same on Spark as on DuckDB, value by value."""

from __future__ import annotations

import math
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from foretell import app, telemetry
from foretell.engine import scratch
from foretell.errors import ForetellError
from tests.support.small_workspace import write_documents

ROWS = pa.table(
    {
        "k": pa.array(range(6), pa.int64()),
        "i": pa.array([7, -7, 0, None, 9_000_000_000_000_000_000, 3], pa.int64()),
        "j": pa.array([2, 2, 0, 5, 9_000_000_000_000_000_000, -3], pa.int64()),
        "d": pa.array([0.5, -1.5, 2.5, None, 1e6, 0.1], pa.float64()),
        "s": ["Ada Lovelace", "", "ß.$1\\n", None, "a%b_c", "zoë"],
        "b": [True, False, None, True, False, True],
        "t": pa.array(
            [
                datetime(2024, 2, 29, 23, 59, 59, 999_999), datetime(2025, 1, 1), datetime(1969, 12, 31, 1),
                None, datetime(2025, 3, 30, 2, 30), datetime(2025, 12, 28, 12),
            ],
            pa.timestamp("us"),
        ),
    }
)  # fmt: skip
EACH = (
    "CAST(d AS BIGINT)", "round(d, 0)", "floor(d)", "ceil(d)", "abs(i)", "sign(i)", "i / 2", "d / 0", "nullif(i, 0)",
    "coalesce(i, j, 0)", "greatest(i, j)", "least(i, j)", "CASE WHEN b THEN i ELSE j END", "CAST(i AS HUGEINT) + j",
    "CAST(i AS HUGEINT) * 2", "lower(s)", "upper(s)", "length(s)", "substring(s, 2, 3)", "left(s, 3)", "right(s, 2)",
    "s || '!'", "concat_ws('-', s, 'x')", "replace(s, 'a', 'A')", "reverse(s)", "trim(s)", "s LIKE 'a%'",
    "s LIKE 'a\\%b%'", "regexp_matches(s, '^[A-Z]')", "regexp_matches(s, '[a-z]$')",
    "regexp_replace(s, '[aeiou]', '<\\0>', 'g')", "regexp_extract(s, '([a-z]+)', 1)", "split_part(s, ' ', 2)",
    "starts_with(s, 'A')", "contains(s, '.')", "strpos(s, 'o')", "md5(s)", "date_trunc('week', t)",
    "date_trunc('month', t)", "date_diff('day', TIMESTAMP '2024-02-28 12:00:00', t)",
    "date_diff('month', TIMESTAMP '2024-02-28 12:00:00', t)", "extract(hour FROM t)", "extract(isodow FROM t)",
    "extract(dow FROM t)", "t + INTERVAL 1 DAY", "t - INTERVAL 90 MINUTE", "epoch_us(t)", "make_timestamp(i // 1000)",
    "CAST(t AS DATE)", "last_day(t)", "TRY_CAST(s AS BIGINT)", "b AND i > 0", "b IS NOT TRUE", "d IS NULL",
    "sum(j) OVER (ORDER BY k ROWS UNBOUNDED PRECEDING)", "row_number() OVER (ORDER BY j, k)",
    "lag(j) OVER (ORDER BY k)", "sum(j) FILTER (WHERE b) OVER (ORDER BY k)",
)  # fmt: skip
TOGETHER = (
    "sum(i)", "sum(i + 0)", "sum(j) / 2", "sum(d)", "avg(j)", "avg(d)", "count(DISTINCT b)", "count(i)", "min(s)",
    "max(s)", "max(t)", "median(d)", "sum(CASE WHEN b THEN 1 ELSE 0 END)", "sum(DISTINCT b::INTEGER)", "stddev_samp(d)",
    "arg_max(s, d)", "arg_min(s, d)", "bool_or(b)", "bool_and(b)", "sum(i) FILTER (WHERE b)", "coalesce(sum(i), 0)",
    "sum(i) - sum(j)", "CAST(sum(k) AS BIGINT)",
)  # fmt: skip


def asked_so_often() -> int:
    """Questions to analytics stores so far, as `foretell_query_seconds` counts them."""
    samples = telemetry.QUERY_SECONDS.samples()
    return sum(sum(one.counts) for one in samples if one.labels[:2] == ("analytics", "read"))


def plain(value: object) -> object:
    return int(value) if isinstance(value, Decimal) else value


def is_same(one: object, other: object) -> bool:
    one, other = plain(one), plain(other)
    if isinstance(one, float) and isinstance(other, float):
        return (math.isnan(one) and math.isnan(other)) or math.isclose(one, other, rel_tol=1e-9)
    return one == other and type(one) is type(other)


@pytest.mark.parametrize("pair", ["postgresql+spark"], indirect=True)
def test_every_value_is_the_same(pair: str, tmp_path: Path) -> None:
    write_documents(tmp_path)
    wrong, before = [], asked_so_often()
    with app.open_workspace(tmp_path) as place:
        for expressions, tail in ((EACH, "ORDER BY k"), (TOGETHER, "")):
            named = ", ".join(f"{text} AS c{number}" for number, text in enumerate(expressions))
            sql = f"SELECT {named} FROM told {tail}"
            mine, theirs = scratch(sql, {"told": ROWS}), place.engine.analytics.query(sql, tables={"told": ROWS})
            for text, here, there in zip(expressions, mine.columns, theirs.columns, strict=True):
                pairs = list(zip(here.to_pylist(), there.to_pylist(), strict=True))
                wrong += [(text, here, there) for here, there in pairs if not is_same(here, there)]
        with pytest.raises(ForetellError, match="approx") as told:
            place.engine.analytics.query("SELECT approx_count_distinct(i) AS n FROM told", tables={"told": ROWS})
        assert told.value.code == "NOT_ON_SPARK"
    assert wrong == []
    assert asked_so_often() >= before + 3, "the time of queries is told on Spark too"
