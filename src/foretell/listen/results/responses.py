"""Responses one by one: a page of them, what was written, one with every answer, all as rows that may go out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from foretell.clock import utc
from foretell.definitions import Catalog
from foretell.engine import Engine, scratch
from foretell.errors import UsageError
from foretell.listen.results.counting import Reading
from foretell.listen.results.narrowing import Narrowed
from foretell.listen.surveys import SurveySpec, type_of
from foretell.profile import purposes_of, way_out

RESPONSES = way_out("listen.responses", "export", "responses to a survey, written to a file")
_COLUMNS = (
    "r.response_id, r.profile_id, r.survey, r.measure, r.score, r.text, r.language, r.channel, r.touchpoint, "
    "r.product_id, r.order_id, r.agent, r.journey, r.step, r.message_id, r.asked_at, r.answered_at, r.changed_at, "
    "r.complete, r.anonymous"
)
_TIMES = ("asked_at", "answered_at", "changed_at")
_NEWEST = "ORDER BY r.answered_at DESC, r.response_id"


@dataclass(frozen=True)
class Response:
    """One response; ``profile_id`` is empty where nobody knows who it was."""

    response_id: str
    profile_id: str
    survey: str
    measure: str | None
    score: float | None
    text: str | None
    language: str | None
    channel: str | None
    touchpoint: str | None
    product_id: str | None
    order_id: str | None
    agent: str | None
    journey: str | None
    step: str | None
    message_id: str | None
    asked_at: datetime | None
    answered_at: datetime
    changed_at: datetime
    complete: bool
    anonymous: bool


@dataclass(frozen=True)
class ResponsePage:
    """A page of responses, the newest first."""

    total: int
    rows: tuple[Response, ...]


@dataclass(frozen=True)
class Text:
    """Words of a response, to one part of a question."""

    text: str
    response: Response


@dataclass(frozen=True)
class TextPage:
    """A page of what was written, the newest first."""

    total: int
    rows: tuple[Text, ...]


@dataclass(frozen=True)
class ResponseRows:
    """Responses that may be handed over.

    Args:
        rows: one a response: what the view says of it, and a column ``answers.PATH`` a part of a question (text;
            several choices behind each other, a comma between).
        left_out: how many are not among them, by why.
    """

    rows: pa.Table
    left_out: Mapping[str, int]


def list_responses(
    engine: Engine, survey: str, spec: SurveySpec, narrowed: Narrowed, *, limit: int, offset: int = 0
) -> ResponsePage:
    """Responses that are meant, a page at a time."""
    reading = Reading(engine, survey, spec, narrowed)
    (counted,) = reading.rows(f"SELECT count(*) AS n FROM survey_responses r WHERE {reading.where}")
    page = f"SELECT {_COLUMNS} FROM survey_responses r WHERE {reading.where} {_NEWEST} LIMIT {limit} OFFSET {offset}"
    return ResponsePage(int(counted["n"]), tuple(_response(row) for row in reading.rows(page)))


def texts(
    engine: Engine, survey: str, spec: SurveySpec, path: str, narrowed: Narrowed, *, limit: int, offset: int = 0
) -> TextPage:
    """What was written to one part of a question, a page at a time.

    Raises:
        UsageError: ``UNKNOWN_QUESTION``.
    """
    known = [slot.path for one in spec.questions for slot in type_of(one).slots(one) if slot.holds == "text"]
    if path not in known:
        next_step = f"Open questions: {', '.join(known)}." if known else "It has no open question."
        raise UsageError("UNKNOWN_QUESTION", f"there is no open question {path!r}", next_step=next_step)
    reading = Reading(engine, survey, spec, narrowed)
    said = reading.said(path)
    if said is None:
        return TextPage(0, ())
    (counted,) = reading.rows(f"SELECT count(*) AS n FROM ({said}) a")
    rows = reading.rows(
        f"SELECT a.value AS written, {_COLUMNS} FROM ({said}) a JOIN survey_responses r "
        f"ON r.survey = $survey AND r.response_id = a.response_id {_NEWEST} LIMIT {limit} OFFSET {offset}"
    )
    return TextPage(int(counted["n"]), tuple(Text(row.pop("written"), _response(row)) for row in rows))


def response(engine: Engine, survey: str, response_id: str) -> tuple[Response, dict[str, list[str]]]:
    """One response, and its answers by path; several choices in the order in which they were told.

    Raises:
        UsageError: ``UNKNOWN_RESPONSE``.
    """
    told = {"survey": survey, "response": response_id}
    own = f"SELECT {_COLUMNS} FROM survey_responses r WHERE r.survey = $survey AND r.response_id = $response"
    rows = engine.analytics.query(own, told).to_pylist()
    if not rows:
        next_step = f"See `foretell survey results {survey}`."
        raise UsageError("UNKNOWN_RESPONSE", f"there is no response {response_id!r} to {survey}", next_step=next_step)
    parts = engine.analytics.query(
        "SELECT e.properties FROM survey_answer_rows a JOIN event_log e ON e.seq = a.seq "
        "WHERE a.survey = $survey AND a.response_id = $response ORDER BY a.part, a.ts, a.seq",
        told,
    )["properties"].to_pylist()
    answers: dict[str, list[str]] = {}
    for text in parts:
        answers |= dict(_flat(json.loads(text or "{}")))
    return _response(rows[0]), answers


def response_rows(
    engine: Engine, catalog: Catalog, survey: str, spec: SurveySpec, narrowed: Narrowed, *, now: datetime
) -> ResponseRows:
    """All responses that are meant, without those of people whose data may not be handed over."""
    reading = Reading(engine, survey, spec, narrowed)
    told = {"survey": survey, **narrowed.told()}
    found = engine.analytics.query(
        f"SELECT coalesce(n.node_key, -1) AS profile_key, {_COLUMNS} FROM survey_responses r "
        "LEFT JOIN nodes n ON n.profile_id = r.profile_id AND r.profile_id <> '' "
        f"WHERE {reading.where} {_NEWEST}",
        told,
    )
    named = found.filter(pc.greater_equal(found["profile_key"], 0))
    kept = RESPONSES.only(engine.ops, named["profile_key"], now, purposes_of(catalog))
    allowed = pc.or_(pc.less(found["profile_key"], 0), pc.is_in(found["profile_key"], kept.kept))
    rows = found.filter(allowed).drop_columns(["profile_key"])
    for question in spec.questions:
        for slot in type_of(question).slots(question):
            said = reading.said(slot.path)
            if said is not None:
                rows = _beside(rows, engine.analytics.query(said, told), f"answers.{slot.path}")
    return ResponseRows(rows, kept.left_out)


def _beside(rows: pa.Table, said: pa.Table, name: str) -> pa.Table:
    """``rows`` with the column ``name``: what the same response ``said`` (``response_id value``), else null."""
    values = scratch(
        "SELECT response_id, string_agg(value, ', ' ORDER BY value) AS value FROM said GROUP BY 1", {"said": said}
    )
    place = pc.index_in(rows["response_id"].combine_chunks(), values["response_id"].combine_chunks())
    return rows.append_column(name, values["value"].combine_chunks().take(place))


def _flat(properties: Mapping[str, Any]) -> list[tuple[str, list[str]]]:
    """Answers by path, however deep they lie: ``{"answers": {"a": {"b": 1}}}`` and ``{"answers.a.b": 1}`` are one."""
    found: list[tuple[str, list[str]]] = []
    waiting: list[tuple[str, Any]] = list(properties.items())
    while waiting:
        path, value = waiting.pop(0)
        if isinstance(value, Mapping):
            waiting = [*((f"{path}.{name}", inner) for name, inner in value.items()), *waiting]
        elif path.startswith("answers.") and value is not None:
            values = value if isinstance(value, list) else [value]
            found.append((path.removeprefix("answers."), [_worded(one) for one in values]))
    return found


def _worded(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _response(row: Mapping[str, Any]) -> Response:
    times = {name: None if row[name] is None else utc(row[name]) for name in _TIMES}
    return Response(**{**row, **times})
