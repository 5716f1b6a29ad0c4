"""Responses as events ``Survey Answered``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import pyarrow as pa

from foretell.clock import naive_utc
from foretell.engine import TIMESTAMP
from foretell.ids import stable_id
from foretell.listen.surveys.document import SurveySpec, main_question, measure_of
from foretell.listen.surveys.question_types import Value, type_of
from foretell.listen.surveys.taking_in import ANSWERED

_KINDS = {"number": pa.int64(), "choice": pa.string(), "text": pa.string(), "choices": pa.list_(pa.string())}


@dataclass(frozen=True)
class Response:
    """A response as it is told.

    Args:
        told: everything it says, path → value.
        about: further properties, texts; those without a value are left out.
        known_at: from when on it counts as known; None: since ``at``.
    """

    response_id: str
    told: Mapping[str, Value]
    at: datetime
    about: Mapping[str, str | None] = field(default_factory=dict)
    part: int = 1
    complete: bool = True
    node_key: int = 0
    known_at: datetime | None = None


def events_of(spec: SurveySpec, survey: str, responses: Sequence[Response], *, anonymous: bool) -> pa.Table:
    """Rows for :meth:`~foretell.engine.Batch.tell`, one a response."""
    known = [one.known_at or one.at for one in responses]
    columns: dict[str, pa.Array] = {
        "message_id": pa.array([_message_id(survey, one) for one in responses]),
        "event": pa.array([ANSWERED] * len(responses)),
        "ts": pa.array([naive_utc(one.at) for one in responses], TIMESTAMP),
        "known_at": pa.array([naive_utc(at) for at in known], TIMESTAMP),
        "node_key": pa.array([one.node_key for one in responses], pa.int64()),
        "survey": pa.array([survey] * len(responses)),
        "response_id": pa.array([one.response_id for one in responses]),
        "part": pa.array([one.part for one in responses], pa.int64()),
        "complete": pa.array([one.complete for one in responses]),
        "anonymous": pa.array([anonymous] * len(responses)),
        "measure": pa.array([measure_of(spec, survey)] * len(responses), pa.string()),
        "score": pa.array([score_of(spec, one.told) for one in responses], pa.float64()),
        "text": pa.array([words_of(spec, one.told) or None for one in responses], pa.string()),
    }
    for name in dict.fromkeys(name for one in responses for name in one.about):
        columns[name] = pa.array([one.about.get(name) for one in responses], pa.string())
    columns |= _answers(spec, responses)
    return pa.table({name: column for name, column in columns.items() if column.null_count < len(responses)})


def _message_id(survey: str, one: Response) -> str:
    """An id of its own for every telling: what is told is chosen before, so that nothing may be passed over here."""
    return stable_id("e", survey, one.response_id, str(one.part), naive_utc(one.at).isoformat())


def score_of(spec: SurveySpec, told: Mapping[str, Value]) -> float | None:
    """The answer to the main question, in its scale."""
    main = main_question(spec)
    return None if main is None else type_of(main).score(main, told)


def words_of(spec: SurveySpec, told: Mapping[str, Value]) -> str:
    """The words of the first open question that was answered, else the first words there are; empty without any."""
    ordered = sorted(spec.questions, key=lambda one: one.type != "text")
    return next((text for one in ordered if (text := type_of(one).text(one, told))), "")


def _answers(spec: SurveySpec, responses: Sequence[Response]) -> dict[str, pa.Array]:
    """``answers.PATH`` by what the document says lies there; what no longer fits it is left out."""
    slots = {slot.path: slot.holds for one in spec.questions for slot in type_of(one).slots(one)}
    return {
        f"answers.{path}": pa.array([_fitting(one.told.get(path), holds) for one in responses], _KINDS[holds])
        for path, holds in slots.items()
    }


def _fitting(value: Value | None, holds: str) -> Value | None:
    kinds: dict[str, type] = {"number": int, "choices": list}
    return value if isinstance(value, kinds.get(holds, str)) else None
