"""The benchmark of answers: both sides count the same, and texts are told apart from scores."""

from __future__ import annotations

import csv
from pathlib import Path

import duckdb

from foretell.bench import answers_file, registry


def test_the_file_is_the_same_again_and_holds_whom_and_what_it_says(tmp_path: Path) -> None:
    for name in ("a.csv", "b.csv"):
        answers_file.write(tmp_path / name, answers=2_000, people=100)
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()
    with (tmp_path / "a.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len({row["response_id"] for row in rows}) == len(rows) == 2_000
    assert len({row["customer"] for row in rows}) == 100
    scores = [int(row["score"]) for row in rows]
    assert set(scores) == set(range(11))
    assert rows[0]["answered_at"] < rows[-1]["answered_at"]
    answers_file.write(tmp_path / "c.csv", answers=200, people=100, text=True)
    with (tmp_path / "c.csv").open(newline="") as file:
        told = list(csv.DictReader(file))
    assert len({row["comment"] for row in told}) > 20
    assert all(row["comment"] for row in told)


def test_the_people_are_those_of_the_answers(tmp_path: Path) -> None:
    answers_file.write(tmp_path / "a.csv", answers=2_000, people=100)
    answers_file.write_people(tmp_path / "people.jsonl", people=100)
    found = duckdb.sql(
        f"SELECT count(*) AS n FROM (SELECT DISTINCT customer FROM '{tmp_path / 'a.csv'}') a "
        f"JOIN read_json('{tmp_path / 'people.jsonl'}', format = 'newline_delimited') p ON p.\"userId\" = a.customer"
    ).fetchall()
    assert found == [(100,)]


def test_it_is_among_the_benchmarks() -> None:
    assert "listen" in registry.names()
