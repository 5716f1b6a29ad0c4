"""``bench listen``: answers of a survey imported and scored, against the analytics engine reading the same file.

The rival does the least that a user's own script would: it reads the CSV file into typed columns of a native file and
computes the score. We, beyond that, keep the rows durably, refuse answers that came before, find the person behind
each among those who are known, and compute the score with its interval, by month and by touchpoint.

The rival runs three times and counts by its median: a run takes it a second or two, of which another process can
easily cost it one.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from foretell import definitions
from foretell.bench import answers_file
from foretell.bench.processes import Cost, measure
from foretell.bench.registry import Result
from foretell.errors import ForetellError

LIMITS = {"vs_duckdb_read": "<= 10", "memory_growth": "<= 1.5"}
_RIVAL_RUNS = 3
_REPORT = ("survey", "report", "nps", "--from", "2024-12-31", "--to", "2026-01-02", "--by", "touchpoint")

_RIVAL = """
import sys, json, duckdb
con = duckdb.connect(sys.argv[2], config={"threads": 2})
con.execute('SET enable_progress_bar = false')
con.execute('''CREATE TABLE answers AS SELECT * FROM read_csv($file, header = true, columns = {
  response_id: 'VARCHAR', customer: 'VARCHAR', answered_at: 'TIMESTAMP', survey: 'VARCHAR', score: 'INTEGER',
  channel: 'VARCHAR', touchpoint: 'VARCHAR', product_id: 'VARCHAR', language: 'VARCHAR'})''', {"file": sys.argv[1]})
print(json.dumps(con.execute('''SELECT count(*), count(DISTINCT response_id), count(DISTINCT customer), sum(score),
  round(100 * avg(CASE WHEN score >= 9 THEN 1 WHEN score <= 6 THEN -1 ELSE 0 END), 6) FROM answers''').fetchall()[0]))
con.execute("SELECT month(answered_at), touchpoint, avg(score) FROM answers GROUP BY ALL").fetchall()
"""
_OUR_SUM = """
SELECT count(*) AS n, count(DISTINCT response_id) AS ids, count(DISTINCT profile_id) AS people,
  CAST(sum(score) AS BIGINT) AS score,
  round(100 * avg(CASE WHEN score >= 9 THEN 1 WHEN score <= 6 THEN -1 ELSE 0 END), 6) AS nps FROM survey_responses"""
_TEXTS = ("-m", "foretell.bench.listen_texts")


@dataclass(frozen=True)
class _Ours:
    """What it cost us to take a file in, and to score it."""

    taken_in: Cost
    scored: Cost

    @property
    def cpu_seconds(self) -> float:
        """Of both."""
        return self.taken_in.cpu_seconds + self.scored.cpu_seconds

    @property
    def peak_mb(self) -> float:
        """The larger one."""
        return max(self.taken_in.peak_mb, self.scored.peak_mb)


def run(*, quick: bool, report: Callable[[str], None]) -> Result:
    """Run it; ``--quick`` takes half of the answers and people."""
    answers = 500_000 if quick else 1_000_000
    people = answers // 20
    ours, theirs, file_mb = _compare(answers, people, report)
    tenth = _tenth(answers // 10, people // 10, report)
    texts = answers // 10
    with_text, judged = _texts(texts, texts // 2, report)
    return Result(
        "listen",
        {
            "vs_duckdb_read": round(ours.cpu_seconds / theirs.cpu_seconds, 3),
            "memory_growth": round(ours.peak_mb / tenth.peak_mb, 3),
        },
        {
            "answers": answers,
            "people": people,
            "file_mb": file_mb,
            "import_cpu_s": round(ours.taken_in.cpu_seconds, 2),
            "report_cpu_s": round(ours.scored.cpu_seconds, 2),
            "their_cpu_s": round(theirs.cpu_seconds, 2),
            "our_wall_s": round(ours.taken_in.wall_seconds + ours.scored.wall_seconds, 2),
            "answers_per_cpu_s": round(answers / ours.cpu_seconds),
            "peak_mb": round(ours.peak_mb),
            "peak_mb_tenth": round(tenth.peak_mb),
            "texts": texts,
            "texts_import_cpu_s": round(with_text.cpu_seconds, 2),
            "texts_read_cpu_s": round(judged.cpu_seconds, 2),
            "texts_per_cpu_s": round(texts / judged.cpu_seconds),
        },
        LIMITS,
    )


def _compare(answers: int, people: int, report: Callable[[str], None]) -> tuple[_Ours, Cost, float]:
    """Both sides on one file; their sums must be the same."""
    with TemporaryDirectory(prefix="foretell-bench-") as folder:
        file, workspace, rival = Path(folder, "answers.csv"), Path(folder, "workspace"), Path(folder, "rival.db")
        ours = _ours(file, workspace, answers, people, report)
        report(f"  the rival reads it, {_RIVAL_RUNS} times")
        theirs = _median([_read(file, rival) for _ in range(_RIVAL_RUNS)])
        our_sum = list(json.loads(_foretell("query", _OUR_SUM, "--workspace", workspace, "--json").output)[0].values())
        their_sum = json.loads(theirs.output)
        told = _told(ours.scored)
        if our_sum != their_sum or told != [their_sum[0], their_sum[4]]:
            raise ForetellError(
                "CHECKSUM_DIFFERS", f"ours {our_sum} and {told}, theirs {their_sum}", thing="bench listen"
            )
        report(f"  both: {their_sum}; {ours.cpu_seconds:.1f} against {theirs.cpu_seconds:.1f} CPU s")
        return ours, theirs, round(file.stat().st_size / 1e6, 1)


def _tenth(answers: int, people: int, report: Callable[[str], None]) -> _Ours:
    with TemporaryDirectory(prefix="foretell-bench-") as folder:
        return _ours(Path(folder, "answers.csv"), Path(folder, "workspace"), answers, people, report)


def _ours(file: Path, workspace: Path, answers: int, people: int, report: Callable[[str], None]) -> _Ours:
    report(f"{answers:,} answers of {people:,} people")
    answers_file.write(file, answers=answers, people=people)
    _begun(workspace, people, answers_file.SOURCE)
    taken_in = _foretell("import", file, "--source", "answers", "--workspace", workspace)
    return _Ours(taken_in, _foretell(*_REPORT, "--workspace", workspace, "--json"))


def _told(report: Cost) -> list[float]:
    """The answers and the score of a report."""
    told = json.loads(report.output)["scores"][0]
    return [told["answers"], round(told["value"], 6)]


def _texts(answers: int, people: int, report: Callable[[str], None]) -> tuple[Cost, Cost]:
    """Answers with words: what it costs to take them in, and to read what they say."""
    with TemporaryDirectory(prefix="foretell-bench-") as folder:
        file, workspace = Path(folder, "answers.csv"), Path(folder, "workspace")
        report(f"{answers:,} answers with words")
        answers_file.write(file, answers=answers, people=people, text=True)
        _begun(workspace, people, answers_file.WITH_TEXT)
        taken_in = _foretell("import", file, "--source", "answers", "--workspace", workspace)
        return taken_in, measure([sys.executable, *_TEXTS, workspace])


def _begun(workspace: Path, people: int, source: str) -> None:
    """A workspace that knows the people already."""
    definitions.init(workspace)
    document = workspace / "sources" / "answers.yaml"
    document.parent.mkdir(exist_ok=True)
    document.write_text(source, encoding="utf-8")
    known = workspace.with_name("people.jsonl")
    answers_file.write_people(known, people=people)
    _foretell("import", known, "--workspace", workspace)


def _read(file: Path, rival: Path) -> Cost:
    rival.unlink(missing_ok=True)
    return measure([sys.executable, "-c", _RIVAL, file, rival])


def _median(costs: Sequence[Cost]) -> Cost:
    """Of an odd number of runs the one in the middle, by CPU."""
    return sorted(costs, key=lambda cost: cost.cpu_seconds)[len(costs) // 2]


def _foretell(*arguments: str | Path) -> Cost:
    return measure([sys.executable, "-m", "foretell", *arguments])
