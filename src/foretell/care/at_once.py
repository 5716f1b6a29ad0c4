"""Cases that what people do opens at once, inside the batch that takes it in.

One response opens one case by a rule. What is said later in the same response is added to the case in the person's own
words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from foretell.care.answers import PROPERTIES, case_id, cases_of, found_sql, shaped
from foretell.care.holding import hold, note_opened, room
from foretell.care.model import US
from foretell.care.opening import open_some
from foretell.care.openings import ANSWERED, NEVER, Opening, ways
from foretell.care.restrictions import allowed
from foretell.care.rule_document import rules_of
from foretell.care.storing import HISTORY, ask_about, publish, want
from foretell.clock import micros, naive_utc
from foretell.condition import CatalogReferences, Check, Frame, Scope, Selection
from foretell.definitions import Catalog
from foretell.engine import Batch, PropertyColumns, Tx, python_rows, scratch, table_of

_EVENT = ["seq", "row", "message_id", "event", "profile_key", "node_key", "ts"]
ALL_ANSWERS = Selection((Check("is", (ANSWERED,)),))
_WORDS = {
    "case_id": pa.string(), "number": pa.int64(), "words": pa.string(), "score": pa.float64(),
    "own": pa.bool_(), "matter": pa.string(),
}  # fmt: skip
_LAST = "coalesce((SELECT max(h.number) FROM case_history h WHERE h.case_id = c.case_id), 0)"
_CONCERNED = f"""
SELECT c.case_id, {_LAST}, c.words, c.score, 1, a.matter FROM case_answers a
JOIN cases c ON c.response_id = a.response_id AND coalesce(c.survey, '') = a.survey UNION
SELECT c.case_id, {_LAST}, c.words, c.score, 0, a.matter FROM case_answers a
JOIN case_repeats r ON r.case_id = a.repeat_id JOIN cases c ON c.case_id = r.kept_id"""
_SAID = (
    "SELECT DISTINCT h.case_id, h.new FROM asked_cases a JOIN case_history h ON h.case_id = a.case_id "
    "WHERE h.what = 'reply'"
)
_NEW_WORDS = """
WITH told AS (
  SELECT c.case_id, c.number, a.words, a.ts, a.message_id, c.own,
    row_number() OVER (PARTITION BY c.case_id, a.words ORDER BY a.ts, a.message_id) AS place
  FROM a JOIN c ON c.matter = a.matter
  WHERE a.words IS NOT NULL AND a.words IS DISTINCT FROM c.words
), fresh AS (SELECT t.* FROM told t ANTI JOIN said s ON s.case_id = t.case_id AND s.words = t.words WHERE t.place = 1)
SELECT case_id, number + row_number() OVER (PARTITION BY case_id ORDER BY ts, message_id) AS number,
  epoch_us(ts) AS happened_at, words, own FROM fresh ORDER BY case_id, number"""
_NEW_SCORES = """
SELECT case_id, number, happened_at, before, score FROM (
  SELECT c.case_id, c.number, epoch_us(a.ts) AS happened_at, c.score AS before, a.score,
    row_number() OVER (PARTITION BY c.case_id ORDER BY a.part DESC, a.ts DESC, a.message_id DESC) AS place
  FROM a JOIN c ON c.own AND c.matter = a.matter
  WHERE a.score IS NOT NULL AND c.score IS NOT NULL AND a.part > 1
) r WHERE place = 1 AND score IS DISTINCT FROM before ORDER BY case_id"""
"""The score of the last part; parts before it say nothing any more."""

_NOTED = """
WITH last AS (SELECT case_id, max(number) AS number FROM w GROUP BY case_id)
SELECT w.case_id, w.number, w.happened_at, $us, 'reply', CAST(NULL AS VARCHAR), w.words, CAST(NULL AS VARCHAR)
FROM w UNION ALL
SELECT s.case_id, coalesce(l.number, s.number) + 1, s.happened_at, $us, 'score', format('{:g}', s.before),
  format('{:g}', s.score), NULL FROM s LEFT JOIN last l ON l.case_id = s.case_id ORDER BY 1, 2"""


def open_at_once(tx: Tx, batch: Batch, catalog: Catalog) -> int:
    """Open the cases that the events of a batch open, and add what was said later; returns how many were opened.

    Of nobody, of people who are restricted or suppressed, and of anonymous answers none is opened.
    """
    openings = [one for rule, spec in rules_of(catalog).items() for one in ways(spec.opens, rule)]
    openings = [one for one in openings if one.spec.event is not None]
    if not openings:
        return 0
    seen = _Seen.of(batch, openings, catalog)
    if seen is None:
        return 0
    opened = 0
    for opening in openings:
        answers = shaped(seen.find(opening.selection, since=opening.fresh.before(batch.now, seen.frame.zone)))
        opened += open_answered(tx, batch, catalog, opening, answers)
    answers = shaped(seen.find(ALL_ANSWERS))
    add_words(tx, batch, catalog, answers, [one.rule for one in openings])
    return opened


def open_answered(tx: Tx, batch: Batch, catalog: Catalog, opening: Opening, answers: pa.Table) -> int:
    """Open the cases of answers by one rule; those that are open already are passed over, and what is more than the
    rule opens in a day is held back."""
    answers = allowed(tx, answers, batch.now)
    if not answers.num_rows:
        return 0
    most = room(tx, catalog, opening.rule, batch.now)
    opened, more = open_some(tx, batch, cases_of(opening, answers), catalog, most=most)
    note_opened(tx, catalog, opening.rule, opened, batch.now)
    hold(tx, opening, more, batch.now)
    return opened


def add_words(tx: Tx, batch: Batch, catalog: Catalog, answers: pa.Table, rules: Sequence[str]) -> int:
    """Add to the cases of responses what was said in them since; returns how many notes there are.

    Args:
        answers: as :func:`~foretell.care.answers.shaped` gives them.
        rules: whose cases may stand in for the one of a response, as a person has one at a time.
    """
    answers = allowed(tx, answers, batch.now)
    if not answers.num_rows:
        return 0
    cases = _cases_of(tx, answers, rules)
    if not cases.num_rows:
        return 0
    ask_about(tx, pc.unique(cases["case_id"]))
    said = table_of({"case_id": pa.string(), "words": pa.string()}, tx.query(_SAID))
    words = scratch(_NEW_WORDS, {"a": answers, "c": cases, "said": said})
    scores = scratch(_NEW_SCORES, {"a": answers, "c": cases})
    if not words.num_rows and not scores.num_rows:
        return 0
    _write(tx, words, scores)
    ask_about(tx, pa.array(sorted({*words["case_id"].to_pylist(), *scores["case_id"].to_pylist()}), pa.string()))
    want(tx, catalog, batch.now)
    publish(tx, batch, catalog)
    return int(words.num_rows)


def _cases_of(tx: Tx, answers: pa.Table, rules: Sequence[str]) -> pa.Table:
    """The cases that responses belong to: columns of :data:`_WORDS`; ``own``: it was opened for that response."""
    told = scratch(
        "SELECT DISTINCT matter, response_id, coalesce(survey, '') AS survey FROM a WHERE response_id IS NOT NULL "
        "ORDER BY matter",
        {"a": answers},
    )
    pairs = [
        (matter, response, survey, case_id(rule, matter))
        for matter, response, survey in python_rows(told)
        for rule in dict.fromkeys(rules)
    ]
    names = ("matter", "response_id", "survey", "repeat_id")
    tx.put("case_answers", table_of(dict.fromkeys(names, pa.string()), pairs))
    rows = [(*row[:4], bool(row[4]), row[5]) for row in tx.query(_CONCERNED)]
    return table_of(_WORDS, rows)


def _write(tx: Tx, words: pa.Table, scores: pa.Table) -> None:
    told = python_rows(scratch(_NOTED, {"w": words, "s": scores}, {"us": US}))
    tx.executemany(HISTORY, told)
    own = words.filter(words["own"]).select(["words", "case_id"])
    tx.executemany("UPDATE cases SET words = ? WHERE case_id = ? AND words IS NULL", python_rows(own))
    tx.executemany("UPDATE cases SET score = ? WHERE case_id = ?", python_rows(scores.select(["score", "case_id"])))


class _Seen:
    """The events of a batch as the condition language reads them.

    Args:
        tables: ``log_events`` and ``event_elements``, with columns as ``columns`` says.
    """

    def __init__(self, tables: Mapping[str, pa.Table], columns: PropertyColumns, catalog: Catalog, now: datetime):
        self.tables = tables
        self.frame = Frame(now, catalog.settings.zone_info)
        self._scope = Scope(self.frame, columns, CatalogReferences(catalog))

    @classmethod
    def of(cls, batch: Batch, openings: Sequence[Opening], catalog: Catalog) -> _Seen | None:
        """The events that may open something; None where there are none."""
        events = _concerned(batch, openings, catalog)
        if not events.num_rows:
            return None
        named = {test.name for one in openings for test in one.selection.where} | {*PROPERTIES}
        properties = batch.decoded.properties
        properties = properties.filter(pc.is_in(properties["row"], events["row"].combine_chunks()))
        own = sorted({name[2:] for name in properties.column_names if name != "row"} & named)
        elements = batch.decoded.elements
        if named <= {*own} or not elements.num_rows:
            elements = elements.slice(0, 0)
        elements = elements.filter(pc.is_in(elements["row"], events["row"].combine_chunks()))
        inner = _inner(elements)
        columns = PropertyColumns(
            [*((place, None, path) for place, path in enumerate(own)),
             *((len(own) + place, array, path) for place, (array, path) in enumerate(inner))]
        )  # fmt: skip
        tables = {
            "log_events": _joined(events, _renamed(properties, own, 0)),
            "event_elements": _elements(elements, inner, len(own), events),
        }
        return cls(tables, columns, catalog, batch.now)

    def find(self, selection: Selection, since: datetime | None = None) -> pa.Table:
        """The events meant that happened after ``since``."""
        sql = found_sql(selection, self._scope)
        if since is None:
            return scratch(sql, self.tables)
        return scratch(f"{sql} AND e.ts > $since", self.tables, {"since": naive_utc(since)})


def _concerned(batch: Batch, openings: Sequence[Opening], catalog: Catalog) -> pa.Table:
    """The events that could open something, or add to it, and have come to pass."""
    events = batch.events
    named = [one.names for one in openings]
    if all(names is not None for names in named):
        wanted = {ANSWERED, *(name for names in named if names is not None for name in names)}
        events = events.filter(pc.is_in(events["event"], pa.array(sorted(wanted))))
    if not events.num_rows:
        return events
    oldest = min(one.fresh.before(batch.now, catalog.settings.zone_info) for one in openings)
    events = events.filter(pc.not_equal(events["event"], NEVER))
    stamps = events["ts"].cast(pa.int64())
    lately = pc.and_(pc.greater(stamps, micros(oldest)), pc.less_equal(stamps, micros(batch.now)))
    theirs = pc.greater(events["profile_key"], 0)
    return events.filter(pc.and_(lately, theirs)).select(_EVENT)


def _inner(elements: pa.Table) -> list[tuple[str, str]]:
    paths = sorted({name[2:] for name in elements.column_names if name[:2] in ("s:", "n:")})
    arrays = sorted(set(elements["array"].to_pylist()))
    return [(array, path) for array in arrays for path in paths]


def _renamed(rows: pa.Table, paths: Sequence[str], first: int) -> pa.Table:
    """``row`` and both columns of each path; SQL takes names that differ in case alone for the same."""
    columns: dict[str, pa.Array | pa.ChunkedArray] = {"row": rows["row"]}
    for place, path in enumerate(paths, first):
        for side, kind in (("s", pa.string()), ("n", pa.int64())):
            there = rows.schema.get_field_index(f"{side}:{path}")
            columns[f"p{place}{side}"] = pa.nulls(rows.num_rows, kind) if there < 0 else rows.column(there).cast(kind)
    return pa.table(columns)


def _joined(events: pa.Table, properties: pa.Table) -> pa.Table:
    return scratch("SELECT e.*, p.* EXCLUDE (row) FROM e LEFT JOIN p ON p.row = e.row", {"e": events, "p": properties})


def _elements(elements: pa.Table, inner: Sequence[tuple[str, str]], first: int, events: pa.Table) -> pa.Table:
    """Elements of arrays with the number of their event; each path of each array has columns of its own."""
    parts = []
    for array in dict.fromkeys(name for name, _ in inner):
        paths = [path for name, path in inner if name == array]
        place = first + [name for name, _ in inner].index(array)
        rows = elements.filter(pc.equal(elements["array"], array))
        named = _renamed(rows, paths, place)
        parts.append(named.append_column("array", rows["array"]))
    if not parts:
        return pa.table({"seq": np.zeros(0, np.int64), "array": pa.array([], pa.string())})
    whole = pa.concat_tables(parts, promote_options="default")
    return scratch("SELECT x.* EXCLUDE (row), e.seq FROM x JOIN e ON e.row = x.row", {"x": whole, "e": events})
