"""``bench import``: importing Segment-spec events against the analytics engine's own JSON reader.

The rival does the least that a user's own script would: it reads the same lines into typed columns
with the properties as JSON, in a native file. We, beyond that, keep the raw lines durably, refuse
duplicates, resolve people, keep their traits, and make columns of every property.

The rival runs three times and counts by its median: a run takes it four seconds, of which another
process can easily cost it one.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from foretell import definitions
from foretell.bench import events_file
from foretell.bench.processes import Cost, measure
from foretell.bench.registry import Result
from foretell.errors import ForetellError

LIMITS = {"vs_duckdb_read": "<= 6", "vs_duckdb_read_1m": "<= 10", "memory_growth": "<= 1.15"}
_RIVAL_RUNS = 3

_RIVAL = """
import sys, duckdb
con = duckdb.connect(sys.argv[2], config={"threads": 2})
con.execute('''CREATE TABLE ev AS SELECT * FROM read_json($file, format = 'newline_delimited', columns = {
  type: 'VARCHAR', event: 'VARCHAR', name: 'VARCHAR', "messageId": 'VARCHAR', "userId": 'VARCHAR',
  "anonymousId": 'VARCHAR', timestamp: 'TIMESTAMP', properties: 'JSON', traits: 'JSON', context: 'JSON'})''',
  {"file": sys.argv[1]})
"""
_RIVAL_SUM = """
import sys, json, duckdb
con = duckdb.connect(sys.argv[1], read_only=True)
con.execute('SET enable_progress_bar = false')
print(json.dumps(con.execute('''SELECT count(*), count(DISTINCT "messageId"),
  sum(CAST(round(CAST(properties->>'revenue' AS DOUBLE) * 100) AS BIGINT)) FROM ev''').fetchall()[0]))
"""
_OUR_SUM = (
    "SELECT (SELECT count(*) FROM events WHERE source <> 'foretell') AS n, "
    "(SELECT count(DISTINCT message_id) FROM events WHERE source <> 'foretell') AS ids, "
    "(SELECT sum(amount_minor) FROM orders) AS revenue"
)


def run(*, quick: bool, report: Callable[[str], None]) -> Result:
    """Run both sizes of people; ``--quick`` takes half of the events and people."""
    events = 500_000 if quick else 1_000_000
    some, few = _compare(events, events // 20, report)
    many, _ = _compare(events, events, report)
    half, _ = _side(events // 2, events // 20, report)
    ours, theirs = some
    return Result(
        "import",
        {
            "vs_duckdb_read": _ratio(ours, theirs),
            "vs_duckdb_read_1m": _ratio(*many),
            "memory_growth": round(ours.peak_mb / half.peak_mb, 3),
        },
        {
            "events": events,
            "people": events // 20,
            "people_1m": events,
            "file_mb": few,
            "peak_mb": round(ours.peak_mb),
            "peak_mb_1m": round(many[0].peak_mb),
            "peak_mb_half": round(half.peak_mb),
            "our_cpu_s": round(ours.cpu_seconds, 2),
            "their_cpu_s": round(theirs.cpu_seconds, 2),
            "our_cpu_s_1m": round(many[0].cpu_seconds, 2),
            "their_cpu_s_1m": round(many[1].cpu_seconds, 2),
            "our_wall_s": round(ours.wall_seconds, 2),
            "events_per_cpu_s": round(events / ours.cpu_seconds),
        },
        LIMITS,
    )


def _ratio(ours: Cost, theirs: Cost) -> float:
    return round(ours.cpu_seconds / theirs.cpu_seconds, 3)


def _compare(events: int, people: int, report: Callable[[str], None]) -> tuple[tuple[Cost, Cost], float]:
    """Both sides on one file; their sums must be the same."""
    with TemporaryDirectory(prefix="foretell-bench-") as folder:
        file, workspace, rival = Path(folder, "events.jsonl"), Path(folder, "workspace"), Path(folder, "rival.db")
        ours = _import(file, workspace, events, people, report)
        report(f"  the rival reads it, {_RIVAL_RUNS} times")
        theirs = _median([_read(file, rival) for _ in range(_RIVAL_RUNS)])
        our_sum = json.loads(_foretell("query", _OUR_SUM, "--workspace", workspace, "--json").output)[0]
        their_sum = json.loads(measure([sys.executable, "-c", _RIVAL_SUM, rival]).output)
        if list(our_sum.values()) != their_sum:
            raise ForetellError("CHECKSUM_DIFFERS", f"ours {our_sum}, theirs {their_sum}", thing="bench import")
        report(f"  both: {their_sum}; {ours.cpu_seconds:.1f} against {theirs.cpu_seconds:.1f} CPU s")
        return (ours, theirs), round(file.stat().st_size / 1e6, 1)


def _read(file: Path, rival: Path) -> Cost:
    rival.unlink(missing_ok=True)
    return measure([sys.executable, "-c", _RIVAL, file, rival])


def _median(costs: Sequence[Cost]) -> Cost:
    """Of an odd number of runs the one in the middle, by CPU."""
    return sorted(costs, key=lambda cost: cost.cpu_seconds)[len(costs) // 2]


def _side(events: int, people: int, report: Callable[[str], None]) -> tuple[Cost, None]:
    with TemporaryDirectory(prefix="foretell-bench-") as folder:
        return _import(Path(folder, "events.jsonl"), Path(folder, "workspace"), events, people, report), None


def _import(file: Path, workspace: Path, events: int, people: int, report: Callable[[str], None]) -> Cost:
    report(f"{events:,} events of {people:,} people")
    events_file.write(file, events=events, people=people)
    definitions.init(workspace)
    return _foretell("import", file, "--workspace", workspace)


def _foretell(*arguments: str | Path) -> Cost:
    return measure([sys.executable, "-m", "foretell", *arguments])
