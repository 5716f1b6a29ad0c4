"""KPI documents: what is refused, where, and which document is in force."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from foretell import measure
from foretell.engine import Engine
from foretell.errors import UsageError
from tests.unit.measure.shop import at, catalog_of, fill, loaded, read, shop

HEAD = """kind: kpi
key: mine
spec:
  title: Mine
  description: A KPI of one's own.
  unit: count
  direction: up
"""
GOOD = (
    HEAD
    + """  measure: event
  sql: |
    SELECT profile_id, 1 AS num
    FROM orders
    WHERE timestamp >= $from AND timestamp < $to
"""
)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with shop(tmp_path) as opened:
        fill(opened, orders=[(1, "2011-01-05T10:00:00", "completed", 1000)])
        yield opened


def one_problem(folder: Path, text: str, more: dict[str, str] | None = None) -> tuple[str, str, str]:
    """Code, place and words of the only problem."""
    problems = loaded(folder, {"kpis/mine.yaml": text, **(more or {})})[1]
    assert len(problems) == 1, problems
    assert problems[0].next_step
    return problems[0].code, problems[0].where, problems[0].message


@pytest.mark.parametrize(
    ("lines", "code", "line", "words"),
    [
        ("", "BAD_VALUE", 3, "either 'sql' or 'formula'"),
        ("  sql: SELECT 1\n", "BAD_VALUE", 3, "'measure: event'"),
        ("  formula: orders\n  sql: SELECT 1\n", "BAD_VALUE", 3, "either 'sql' or 'formula'"),
        ("  formula: orders\n  interval: wilson\n", "BAD_VALUE", 3, "'interval' from its terms"),
        ("  measure: event\n  interval: wilson\n  sql: SELECT $from, $to\n", "BAD_VALUE", 3, "combine: quotient"),
        ("  measure: event\n  look_ahead: 9d\n  sql: SELECT $from, $to\n", "BAD_VALUE", 3, "for stocks"),
        ("  measure: stock\n  look_ahead: 3mo\n  sql: SELECT $as_of\n", "BAD_VALUE", 3, "must be exact"),
        ("  measure: event\n  amounts: major\n  sql: SELECT $from, $to\n", "BAD_VALUE", 3, "unit money"),
        ("  measure: event\n  sql: SELECT $from, $to; SELECT 1\n", "BAD_SQL", 9, "semicolon"),
        ("  measure: event\n  sql: DELETE FROM t WHERE $from < $to\n", "BAD_SQL", 9, "no SELECT"),
        ("  measure: event\n  sql: SELECT $from\n", "MISSING_PARAMETER", 9, "never reads $to"),
        ("  measure: event\n  sql: SELECT $from, $to, $as_of\n", "UNKNOWN_PARAMETER", 9, "no parameter $as_of"),
        ("  measure: stock\n  sql: SELECT 1 -- $as_of\n", "MISSING_PARAMETER", 9, "never reads $as_of"),
        ("  measure: stock\n  sql: SELECT '$as_of'\n", "MISSING_PARAMETER", 9, "never reads $as_of"),
        ("  formula: orders ** 2\n", "BAD_FORMULA", 8, "not allowed"),
        ("  formula: ordres + 1\n", "UNKNOWN_REFERENCE", 8, "there is no kpi called 'ordres'"),
        ("  formula: mine + 1\n", "DEFINITION_LOOP", 8, "mine → mine"),
        ("  formula: orders / churn_rate\n", "MIXED_FORMULA", 8, "mixes orders"),
        ("  formula: orders\n  colour: red\n", "UNKNOWN_KEY", 9, "colour"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, lines: str, code: str, line: int, words: str) -> None:
    found = one_problem(tmp_path, HEAD + lines)
    assert found[:2] == (code, f"kpis/mine.yaml:{line}")
    assert words in found[2]


def test_a_loop_through_a_replaced_kpi_is_found(tmp_path: Path) -> None:
    problems = loaded(
        tmp_path, {"kpis/mine.yaml": HEAD.replace("mine", "churn_rate") + "  formula: 1 - retention_rate\n"}
    )[1]
    assert [(problem.code, problem.where) for problem in problems] == [("DEFINITION_LOOP", "kpis/mine.yaml:8")]


@pytest.mark.parametrize(
    ("golden", "line", "words"),
    [
        ("{tables: {}, zone: Mars/Base, cases: [{at: 2011-01-01, value: 1}]}", 12, "Mars/Base"),
        ("{tables: {}, cases: [{from: 2011-01-01, to: soon, value: 1}]}", 12, "'soon' is no date"),
        ("{tables: {}, cases: [{from: 2011-01-01, value: 1}]}", 12, "either 'at'"),
        ("{tables: {}, cases: []}", 12, "cases"),
    ],
)
def test_faults_of_golden_tables(tmp_path: Path, golden: str, line: int, words: str) -> None:
    _, where, message = one_problem(tmp_path, f"{GOOD}  golden: {golden}\n")
    assert where == f"kpis/mine.yaml:{line + 1}"
    assert words in message


@pytest.mark.parametrize(
    ("old", "new", "code", "words"),
    [
        ("FROM orders", "FROM ordres", "BAD_SQL", "ordres"),
        ("timestamp <", "moment <", "BAD_SQL", "moment"),
        ("SELECT profile_id", "SELEKT profile_id", "BAD_SQL", "SELECT"),
        ("1 AS num", "1 AS amount", "BAD_KPI_COLUMNS", "no column 'num'"),
        ("1 AS num", "'x' AS num", "BAD_KPI_COLUMNS", "'num' is no number"),
        ("1 AS num", "1 AS num, 1 AS den", "BAD_KPI_COLUMNS", "does not use"),
        ("profile_id, 1", "order_id, 1", "BAD_KPI_COLUMNS", "no column 'profile_id'"),
    ],
)
def test_sql_that_does_not_fit_the_views_is_found_with_its_line(
    tmp_path: Path, engine: Engine, old: str, new: str, code: str, words: str
) -> None:
    catalog, problems = loaded(tmp_path, {"kpis/mine.yaml": GOOD.replace(old, new)})
    found = [*problems, *measure.verify(engine.analytics, catalog)]
    assert found[0].where == "kpis/mine.yaml:9"
    assert found[0].code == code
    assert words in found[0].message + found[0].next_step


def test_golden_tables_of_a_workspace_are_run(tmp_path: Path, engine: Engine) -> None:
    golden = """  golden:
    tables:
      orders: [{profile_id: p1, timestamp: 2011-01-02T00:00:00}]
    cases:
      - {from: 2011-01-01, to: 2011-02-01, value: 1}
      - {from: 2011-01-01, to: 2011-02-01, value: 2, n: 3}
"""
    problems = measure.verify(engine.analytics, catalog_of(tmp_path, {"kpis/mine.yaml": GOOD + golden}))
    assert [(each.code, each.where) for each in problems] == [("GOLDEN_MISMATCH", "kpis/mine.yaml:18")] * 2
    assert [each.message for each in problems] == [
        "golden case 2: value is 1.0, expected 2.0",
        "golden case 2: n is 1, expected 3",
    ]


@pytest.mark.parametrize(
    ("row", "words"),
    [("{shoe: 1}", "no column 'shoe'"), ("{timestamp: yesterday}", "no date"), ("{amount_minor: x}", "does not fit")],
)
def test_golden_rows_that_do_not_fit_their_view(tmp_path: Path, engine: Engine, row: str, words: str) -> None:
    golden = (
        f"  golden:\n    tables: {{orders: [{row}]}}\n    cases: [{{from: 2011-01-01, to: 2011-02-01, value: 1}}]\n"
    )
    problems = measure.verify(engine.analytics, catalog_of(tmp_path, {"kpis/mine.yaml": GOOD + golden}))
    assert [problem.where for problem in problems] == ["kpis/mine.yaml:13"]
    assert words in problems[0].message


def test_a_good_kpi_of_the_workspace_is_listed_and_shown(tmp_path: Path, engine: Engine) -> None:
    catalog = catalog_of(tmp_path, {"kpis/mine.yaml": GOOD + "  target: 12\n"})
    assert measure.verify(engine.analytics, catalog) == []
    entry = next(entry for entry in measure.list_kpis(catalog) if entry.key == "mine")
    assert (entry.origin, entry.file, entry.measure, entry.target) == ("workspace", "kpis/mine.yaml", "event", 12)
    assert read(engine, catalog, "mine").points[0].estimate.value == 1


def test_a_workspace_replaces_a_built_in_kpi_as_a_whole(tmp_path: Path, engine: Engine) -> None:
    text = (
        GOOD.replace("key: mine", "key: churn_rate").replace("count", "ratio").replace("1 AS num", "1 AS num, 4 AS den")
    )
    catalog = catalog_of(tmp_path, {"kpis/mine.yaml": text.replace("  sql", "  combine: quotient\n  sql")})
    entries = {entry.key: entry for entry in measure.list_kpis(catalog)}
    assert entries["churn_rate"].origin == "workspace (replaces the built-in)"
    assert entries["retention_rate"].origin == "built-in"
    assert entries["retention_rate"].measure == "event"
    found = read(engine, catalog, "retention_rate", since=at("2011-01-01")).points[0].estimate
    assert found.value == 0.75


@pytest.mark.parametrize(
    ("interval", "row", "words"),
    [("mean", "3 AS num, 2 AS den", "den is not 1"), ("wilson", "3 AS num, 2 AS den", "num is not in 0 to den")],
)
def test_rows_that_do_not_suit_the_interval(
    tmp_path: Path, engine: Engine, interval: str, row: str, words: str
) -> None:
    text = GOOD.replace("1 AS num", row).replace("  sql", f"  combine: quotient\n  interval: {interval}\n  sql")
    catalog = catalog_of(tmp_path, {"kpis/mine.yaml": text})
    with pytest.raises(UsageError, match=words):
        read(engine, catalog, "mine")


def test_rows_of_one_person_are_one_person(tmp_path: Path, engine: Engine) -> None:
    fill(engine, orders=[(1, "2011-01-06T10:00:00", "completed", 1), (2, "2011-01-07T10:00:00", "completed", 1)])
    text = GOOD.replace("1 AS num", "1 AS num, 1 AS den").replace(
        "  sql", "  combine: quotient\n  interval: bootstrap\n  sql"
    )
    found = read(engine, catalog_of(tmp_path, {"kpis/mine.yaml": text}), "mine").points[0].estimate
    assert (found.value, found.n, found.denominator) == (1.0, 2, 3)


def test_a_loop_of_two_is_told_once_and_what_leads_to_it_is_left_alone(tmp_path: Path) -> None:
    files = {
        f"kpis/{key}.yaml": HEAD.replace("mine", key) + f"  formula: {formula}\n"
        for key, formula in {"b": "a + 1", "a": "b + 1", "c": "a * 2"}.items()
    }
    problems = loaded(tmp_path, files)[1]
    assert [(problem.code, problem.where) for problem in problems] == [("DEFINITION_LOOP", "kpis/a.yaml:8")]


def test_terms_that_are_broken_themselves_are_told_once(tmp_path: Path) -> None:
    broken = HEAD.replace("mine", "broken") + "  formula: orders ** 2\n  colour: red\n"
    problems = loaded(tmp_path, {"kpis/mine.yaml": HEAD + "  formula: broken + 1\n", "kpis/broken.yaml": broken})[1]
    assert {problem.where.split(":")[0] for problem in problems} == {"kpis/broken.yaml"}


def test_the_example_of_the_rooms_page_is_right(tmp_path: Path, engine: Engine, repository: Path) -> None:
    page = (repository / "docs" / "rooms" / "measure.md").read_text(encoding="utf-8")
    example = page.split("```yaml\n")[1].split("```")[0]
    catalog = catalog_of(tmp_path, {"kpis/example.yaml": example})
    assert [document.key for document in catalog.all("kpi")] == ["baskets_over_100"]
    assert measure.verify(engine.analytics, catalog) == []
