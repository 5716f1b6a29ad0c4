"""What people do wrong, what they are told, and with which exit status: the table of ``test_bad_input``."""

from __future__ import annotations

import gzip
from dataclasses import dataclass, field

from tests.support.small_workspace import DOCUMENTS, EVENTS, SEGMENT

CSV = "receipt,sold_at,customer,price\n"
PACKED = gzip.compress((EVENTS * 40).encode(), mtime=0)
QUARANTINE = "1 row went to quarantine; see `foretell quarantine list`"
TILL = DOCUMENTS["sources/till.yaml"].replace("format: csv", "format: csv\n  encoding: latin-99")
CHURN = "(prediction churn)"


@dataclass(frozen=True)
class Mistake:
    """One of them.

    Args:
        command: arguments, split at spaces; an argument with spaces stands in ``last``.
        status: exit status.
        line: first line on standard error, exactly.
        code: of the error for programs; empty where the work was done all the same.
        files: what lies in the workspace besides.
        events: what the workspace holds afterwards.
    """

    command: str
    status: int
    line: str
    code: str
    files: dict[str, str | bytes] = field(default_factory=dict)
    last: str = ""
    events: int = 3

    @property
    def arguments(self) -> list[str]:
        """As the shell hands them over."""
        return [*self.command.split(), *([self.last] if self.last else [])]


def _document(text: str) -> dict[str, str | bytes]:
    return {"segments/x.yaml": text}


def _damaged(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes(byte ^ 255 for byte in data[middle : middle + 20]) + data[middle + 20 :]


IMPORTING = {
    "missing column": Mistake(
        "import x.csv --source till", 2, "error: x.csv: there is no column 'price' (source till)", "UNKNOWN_COLUMN",
        {"x.csv": "receipt,sold_at,customer\nr1,2025-01-05T10:00,u1\n"},
    ),
    "bad timestamp in CSV": Mistake(
        "import x.csv --source till", 0,
        f"warning: x.csv:2: the timestamp is missing or not understood; {QUARANTINE}", "",
        {"x.csv": CSV + "r1,last Monday,u1,3.5\nr2,2025-01-05T10:00,u1,4.5\n"}, events=4,
    ),
    "bad timestamp in JSON": Mistake(
        "import x.jsonl", 0, f"warning: x.jsonl:4: the timestamp is no ISO 8601 date and time; {QUARANTINE}", "",
        {"x.jsonl": EVENTS + EVENTS.replace("m1", "m4").replace("2025-01-05T09:00:00Z", "last Monday")},
    ),
    "broken JSON line": Mistake(
        "import x.jsonl", 0, f"warning: x.jsonl:4: the line is no valid JSON; {QUARANTINE}", "",
        {"x.jsonl": EVENTS + '{"type": "track", "messageId": "m9", "userId": "u1", "event": "Order Comp\n'},
    ),
    "truncated gzip": Mistake(
        "import x.jsonl.gz", 1, "error: x.jsonl.gz: the gzip file ends too early", "FILE_TRUNCATED",
        {"x.jsonl.gz": PACKED[:-20]},
    ),
    "damaged gzip": Mistake(
        "import x.jsonl.gz", 1, "error: x.jsonl.gz: the gzip file is damaged", "FILE_DAMAGED",
        {"x.jsonl.gz": _damaged(PACKED)},
    ),
    "wrong checksum of gzip": Mistake(
        "import x.jsonl.gz", 1, "error: x.jsonl.gz: the gzip file is damaged", "FILE_DAMAGED",
        {"x.jsonl.gz": PACKED[:-8] + bytes(4) + PACKED[-4:]},
    ),
    "empty file": Mistake("import x.jsonl", 1, "error: x.jsonl: the file has no row", "FILE_EMPTY", {"x.jsonl": ""}),
    "blank lines alone": Mistake(
        "import x.jsonl", 1, "error: x.jsonl: the file has no row", "FILE_EMPTY", {"x.jsonl": "\n\n \n"}
    ),
    "header alone": Mistake(
        "import x.csv --source till", 1, "error: x.csv: the file has no row", "FILE_EMPTY", {"x.csv": CSV}
    ),
    "missing file": Mistake("import x.jsonl", 1, "error: x.jsonl: there is no such file", "FILE_MISSING"),
    "missing file behind a good one": Mistake(
        "import x.jsonl y.jsonl", 1, "error: y.jsonl: there is no such file", "FILE_MISSING",
        {"x.jsonl": EVENTS.replace('"m', '"n')},
    ),
    "a folder": Mistake("import x", 1, "error: x: this is a folder", "FILE_IS_FOLDER", {"x/": ""}),
    "CSV without source": Mistake(
        "import x.csv", 2,
        "error: x.csv: only JSON lines (.jsonl, .jsonl.gz) can be imported without a source document", "SOURCE_NEEDED",
        {"x.csv": CSV},
    ),
    "unknown source": Mistake(
        "import x.csv --source tills", 2, "error: there is no source called 'tills'", "UNKNOWN_DEFINITION",
        {"x.csv": CSV},
    ),
    "a source that is wrong": Mistake(
        "import x.csv --source till", 2,
        "error: sources/till.yaml:5: there is no encoding called 'latin-99' (source till)", "BAD_SOURCE",
        {"x.csv": CSV, "sources/till.yaml": TILL},
    ),
    "Parquet called JSON": Mistake(
        "import x.jsonl", 1, "error: x.jsonl: the file is a Parquet file, not JSON lines", "FILE_FORMAT",
        {"x.jsonl": b"PAR1" + bytes(50)},
    ),
    "Parquet called CSV": Mistake(
        "import x.csv --source till", 1, "error: x.csv: the file is a Parquet file, not text", "FILE_FORMAT",
        {"x.csv": b"PAR1" + bytes(range(256))},
    ),
    "CSV in Latin-1": Mistake(
        "import x.csv --source till", 1, "error: x.csv: the file is not written in utf-8", "FILE_ENCODING",
        {"x.csv": (CSV + "r1,2025-01-05T10:00,Jürgen,3.5\nr2,2025,Jürgen\n").encode("latin-1")},
    ),
    "no file named": Mistake("import", 2, "error: missing argument 'files'", "BAD_USAGE"),
}  # fmt: skip

DEFINING = {
    "unknown YAML key": Mistake(
        "plan", 2, "error: segments/x.yaml:5: unknown key 'colour' (segment x)", "UNKNOWN_KEY",
        _document(SEGMENT.format(key="x", condition="{did: Order Completed}") + "  colour: red\n"),
    ),
    "unknown trait": Mistake(
        "plan", 2, "error: segments/x.yaml:4: nobody has a trait called 'emial' (segment x)", "UNKNOWN_TRAIT",
        _document(SEGMENT.format(key="x", condition="{trait: emial, exists: true}")),
    ),
    "unknown trait, applied": Mistake(
        "apply", 2, "error: segments/x.yaml:4: nobody has a trait called 'emial' (segment x)", "UNKNOWN_TRAIT",
        _document(SEGMENT.format(key="x", condition="{trait: emial, exists: true}")),
    ),
    "unknown segment in a segment": Mistake(
        "plan", 2, "error: segments/x.yaml:4: there is no segment called 'buyer' (segment x)", "UNKNOWN_REFERENCE",
        _document(SEGMENT.format(key="x", condition="{segment: buyer}")),
    ),
    "cycle of definitions": Mistake(
        "plan", 2,
        "error: segments/x.yaml:4: definitions refer to each other in a loop: segment x → segment y → segment x (segment x)",
        "DEFINITION_LOOP",
        _document(SEGMENT.format(key="x", condition="{segment: y}") + "---\n"
                  + SEGMENT.format(key="y", condition="{segment: x}")),
    ),
    "broken YAML": Mistake(
        "plan", 2, "error: segments/x.yaml:4: a mapping that begins here with '{' is not closed", "BROKEN_YAML",
        _document(SEGMENT.format(key="x", condition="{segment: buyers")),
    ),
    "unknown kind of document": Mistake(
        "plan", 2, "error: segments/x.yaml:1: unknown kind 'sgment' (sgment x)", "UNKNOWN_KIND",
        _document(SEGMENT.replace("segment", "sgment").format(key="x", condition="{segment: buyers}")),
    ),
    "unknown key of the settings": Mistake(
        "segment list", 2, "error: foretell.yaml:2: unknown key 'colour' (settings)", "UNKNOWN_KEY",
        {"foretell.yaml": "name: Shop\ncolour: red\n"},
    ),
    "unknown zone": Mistake(
        "query", 2, "error: foretell.yaml:1: zone: there is no time zone called 'Europe/Nowhere' (settings)", "UNKNOWN_ZONE",
        {"foretell.yaml": "zone: Europe/Nowhere\n"}, last="SELECT 1",
    ),
    "unknown kind": Mistake("schema sgment", 2, "error: there is no kind called 'sgment'", "UNKNOWN_KIND"),
    "a new workspace in a full folder": Mistake(
        "init segments", 2, "error: segments: the directory is not empty: it holds buyers.yaml", "WORKSPACE_NOT_EMPTY"
    ),
}  # fmt: skip

ASKING = {
    "unknown segment": Mistake("segment count buyer", 2, "error: there is no segment called 'buyer'", "UNKNOWN_DEFINITION"),
    "unknown profile": Mistake("profile show nobody", 2, "error: nobody is known by 'nobody'", "PROFILE_UNKNOWN"),
    "ambiguous profile": Mistake(
        "profile show u1", 2, "error: 2 people are known by 'u1': old_id:u1, user_id:u1", "PROFILE_AMBIGUOUS"
    ),
    "bad instant": Mistake(
        "segment count buyers --as-of yesterday", 2, "error: 'yesterday' is no date or time", "BAD_INSTANT"
    ),
    "bad day": Mistake(
        "segment list --as-of 2025-02-30", 2, "error: '2025-02-30' is no date or time", "BAD_INSTANT"
    ),
    "broken condition": Mistake(
        "segment count buyers --where", 2, "error: --where:1: a list or mapping that begins here is not closed",
        "BROKEN_YAML", last="{trait: ",
    ),
    "wrong SQL": Mistake(
        "query", 2, 'error: Parser Error: syntax error at or near "SELEC" (query)', "BAD_SQL", last="SELEC 1"
    ),
    "SQL that deletes": Mistake(
        "query", 2, "error: only one SELECT can be asked (query)", "BAD_SQL", last="DELETE FROM event_log"
    ),
    "SQL that deletes behind a SELECT": Mistake(
        "query", 2, "error: only one SELECT can be asked (query)", "BAD_SQL", last="SELECT 1; DROP TABLE event_log"
    ),
    "SQL that reads files": Mistake(
        "query", 2,
        'error: Permission Error: Cannot access file "/etc/passwd" - file system operations are disabled by '
        "configuration (query)", "BAD_SQL", last="SELECT * FROM read_csv('/etc/passwd')",
    ),
    "SQL with a parameter": Mistake(
        "query", 2, "error: Invalid Input Error: Values were not provided for the following parameters: x (query)",
        "BAD_SQL", last="SELECT $x",
    ),
    "unknown KPI": Mistake("kpi show revenu", 2, "error: there is no KPI called 'revenu'", "UNKNOWN_KPI"),
    "unknown dimension": Mistake(
        "kpi show revenue --by colour", 2, "error: a KPI cannot be split by 'colour' here", "BAD_DIMENSION"
    ),
    "range backwards": Mistake(
        "kpi show revenue --from 2025-02-01 --to 2025-01-01", 2,
        "error: the range ends at 2025-01-01, before it begins at 2025-02-01", "BAD_RANGE",
    ),
    "unknown prediction": Mistake(
        "predict scores chrn", 2, "error: there is no prediction called 'chrn'", "UNKNOWN_DEFINITION"
    ),
    "train an unknown prediction": Mistake(
        "predict train chrn", 2, "error: there is no prediction called 'chrn'", "UNKNOWN_DEFINITION"
    ),
    "score before training": Mistake(
        "predict score churn --as-of 2025-01-06T00:00:00Z", 1,
        f"error: no model of prediction churn was trained as of 2025-01-06 00:00 UTC or before {CHURN}", "NOT_TRAINED",
    ),
    "report before training": Mistake(
        "predict report churn --as-of 2025-01-06T00:00:00Z", 1,
        f"error: no model of prediction churn was trained as of 2025-01-06 00:00 UTC or before {CHURN}", "NOT_TRAINED",
    ),
    "scores before scoring": Mistake(
        "predict scores churn --as-of 2025-01-06T00:00:00Z", 1,
        f"error: prediction churn has no score as of 2025-01-06 00:00 UTC or before {CHURN}", "NOT_SCORED",
    ),
    "train on a day": Mistake(
        "predict train churn --as-of 2025-01-06T09:00:00Z", 1,
        f"error: 1 days of history hold no complete window of 30d {CHURN}", "TOO_LITTLE_HISTORY",
    ),
    "train on nobody": Mistake(
        "predict train churn --as-of 2025-06-06", 1,
        f"error: over 30d everybody had the outcome in the training windows {CHURN}", "ONE_CLASS",
    ),
    "train before everything": Mistake(
        "predict train churn --as-of 2024-06-06T00:00Z", 1,
        f"error: nothing had happened before 2024-06-06 00:00 UTC {CHURN}", "NO_HISTORY",
    ),
    "unknown benchmark": Mistake("bench imports", 2, "error: there is no benchmark called 'imports'", "UNKNOWN_BENCHMARK"),
    "unknown data set": Mistake(
        "demo --dataset shops", 2, "error: there is no data set called 'shops'", "UNKNOWN_DATASET"
    ),
    "a demo in somebody's workspace": Mistake(
        "demo --dir .", 2, "error: .: something else lies in this folder", "WORKSPACE_NOT_EMPTY"
    ),
    "no workspace": Mistake(
        "segment list --workspace segments", 2, "error: segments: there is no foretell.yaml here (workspace)",
        "NO_WORKSPACE",
    ),
    "unknown command": Mistake(
        "segments list", 2, "error: no such command 'segments'. Did you mean 'segment'?", "BAD_USAGE"
    ),
    "unknown option": Mistake("segment list --colour", 2, "error: no such option: --colour", "BAD_USAGE"),
    "unknown format": Mistake(
        "segment members buyers --format xml", 2,
        "error: invalid value for '--format': 'xml' is not one of 'csv', 'parquet', 'json'", "BAD_USAGE",
    ),
}  # fmt: skip

STORES = {
    "analytics store overwritten": Mistake(
        "query", 1, "error: data/analytics.duckdb: the analytics store is damaged or no analytics store",
        "STORE_DAMAGED", {"data/analytics.duckdb": b"not a store " * 1_000}, last="SELECT 1",
    ),
    "operational store overwritten": Mistake(
        "import good.jsonl", 1, "error: data/operations.sqlite: the file is no operational store", "STORE_DAMAGED",
        {"data/operations.sqlite": b"not a store " * 1_000},
    ),
}  # fmt: skip
"""Stores that nobody can read any more: they are said to be damaged, not replaced."""
