"""Taking an answer in: one response an invitation, to which parts are added, told as ``Survey Answered``.

A response is known by its id: whoever sends the same again changes nothing, whoever sends more adds a part. All of it
is looked at here as well, whatever door it comes by.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from foretell.clock import from_micros, micros, naive_utc
from foretell.definitions import Catalog
from foretell.engine import Batch, Engine, Tx
from foretell.errors import UsageError
from foretell.ids import stable_id
from foretell.listen.surveys import anonymous
from foretell.listen.surveys.branching import holds
from foretell.listen.surveys.document import SurveySpec, main_question, spec_of
from foretell.listen.surveys.question_types import Value, type_of
from foretell.listen.surveys.reading import read_answers
from foretell.listen.surveys.telling import Response, events_of

ROOM = "listen_surveys"
_ABOUT = ("product_id", "agent", "order_id", "survey_message", "journey", "run", "step", "campaign", "topic")


@dataclass(frozen=True)
class Answering:
    """What somebody answered, and what is known of it.

    Args:
        answers: path behind ``answers.`` → value: ``{"recommend": 9, "liked": ["price"]}``; of a text its words.
        response_id: the response that it belongs to; empty: one of its own for person and instant.
        node_key, profile_key: who answered; 0 where nobody knows.
        shown: keys of the questions that were asked with it; those of them that are not answered are emptied.
        seen: keys of further questions that were shown and need not be shown again.
        complete: that nothing more is asked; None: as the answers say.
        asked_at: when it was asked.
        use: of an anonymous survey what tells its link, see :func:`response_of`; empty for public links.
    """

    survey: str
    answers: Mapping[str, object]
    response_id: str = ""
    node_key: int = 0
    profile_key: int = 0
    shown: Collection[str] = ()
    seen: Collection[str] = ()
    complete: bool | None = None
    language: str | None = None
    channel: str | None = None
    touchpoint: str | None = None
    product_id: str | None = None
    agent: str | None = None
    order_id: str | None = None
    survey_message: str | None = None
    journey: str | None = None
    run: str | None = None
    step: str | None = None
    campaign: str | None = None
    topic: str | None = None
    asked_at: datetime | None = None
    use: str = ""


@dataclass(frozen=True)
class Answered:
    """A response as it stands now.

    Args:
        part: number of its last part.
        told: everything it says, by path.
        seen: keys of all questions that were shown.
        is_new: False where all of it was known.
    """

    response_id: str
    part: int
    told: Mapping[str, Value]
    seen: tuple[str, ...]
    complete: bool
    is_new: bool = True


@dataclass(frozen=True)
class Standing:
    """What is kept of a response before an answer; the empty one where there is none."""

    part: int = 0
    told: Mapping[str, Value] = field(default_factory=dict)
    seen: tuple[str, ...] = ()
    complete: bool = False
    profile_key: int = 0
    node_key: int = 0
    answered_at: int | None = None


def response_of(thread: str, survey: str) -> str:
    """The id of the response to an invitation and its reminders."""
    return stable_id("response", thread, survey)


def standing(engine: Engine, catalog: Catalog, survey: str, response_id: str) -> Standing:
    """What somebody answered so far, to go on with; raises ``UNKNOWN_DEFINITION``."""
    spec = spec_of(catalog.get("survey", survey))
    return _standing(engine.ops, spec, response_id) if response_id else Standing()


def answer(engine: Engine, catalog: Catalog, answering: Answering, *, now: datetime) -> Answered:
    """Take an answer in.

    Raises:
        UsageError: ``UNKNOWN_DEFINITION``; ``SURVEY_CLOSED``; ``UNKNOWN_QUESTION``, ``BAD_ANSWER``; ``NO_ANSWER`` where
            nothing is said at all; ``OTHER_RESPONSE`` where the id belongs to another survey or person;
            ``LINK_USED`` where the link of an anonymous survey was used before.
    """
    document = catalog.get("survey", answering.survey)
    spec = spec_of(document)
    if spec.closed:
        raise UsageError(
            "SURVEY_CLOSED", "this survey is over", thing=document.name, next_step="Ask whoever sent you here."
        )
    fresh = read_answers(spec, answering.answers)
    if spec.anonymous:
        return _anonymous(engine, catalog, spec, answering, fresh, now)
    response_id = answering.response_id or stable_id(
        "response", answering.survey, str(answering.node_key), str(micros(now))
    )
    before = _standing(engine.ops, spec, response_id)
    after = _after(spec, before, answering, fresh)
    if before.part and _is_same(before, after):
        return _answered(response_id, before, is_new=False)
    found: list[Standing] = []
    engine.act(ROOM, lambda tx, batch: found.append(_keep(tx, batch, spec, answering, fresh, response_id)), now=now)
    return _answered(response_id, found[0])


def _anonymous(
    engine: Engine, catalog: Catalog, spec: SurveySpec, answering: Answering, fresh: Mapping[str, Value], now: datetime
) -> Answered:
    response_id = answering.response_id or anonymous.new_id()
    with engine.ops.write() as tx:
        before = _standing(tx, spec, response_id)
        if not before.part and not anonymous.use(tx, answering.use, answering.survey):
            raise UsageError(
                "LINK_USED", "this link was used already", thing=f"survey {answering.survey}",
                next_step="Nothing more is to be done; nobody can see what was answered by it.",
            )  # fmt: skip
        after = _after(spec, before, answering, fresh)
        _require_words(after)
        about = {name: getattr(answering, name) for name in anonymous.ABOUT}
        about["touchpoint"] = answering.touchpoint or spec.touchpoint
        day = micros(anonymous.day(now, catalog.settings.zone_info))
        anonymous.keep(tx, response_id, answering.survey, day, after.told, after.seen, about, complete=after.complete)
    return _answered(response_id, after, is_new=not (before.part and _is_same(before, after)))


def _keep(
    tx: Tx, batch: Batch, spec: SurveySpec, answering: Answering, fresh: Mapping[str, Value], response_id: str
) -> Standing:
    before = _standing(tx, spec, response_id)
    _require_owner(before, answering)
    after = _after(spec, before, answering, fresh)
    _require_words(after)
    if before.part and _is_same(before, after):
        return before
    at = micros(batch.now)
    about = {
        "language": answering.language, "channel": answering.channel,
        "touchpoint": answering.touchpoint or spec.touchpoint,
        **{name: getattr(answering, name) for name in _ABOUT},
        "asked_at": None if answering.asked_at is None else naive_utc(answering.asked_at).isoformat(" "),
    }  # fmt: skip
    tx.execute(
        "INSERT INTO survey_given VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (response_id) DO UPDATE SET "
        "part = excluded.part, told = excluded.told, seen = excluded.seen, complete = excluded.complete, "
        "changed_at = excluded.changed_at",
        (
            response_id, answering.survey, answering.profile_key or answering.node_key, answering.node_key, after.part,
            _json(after.told), _json(list(after.seen)), _json(about), int(after.complete),
            before.answered_at or at, at,
        ),
    )  # fmt: skip
    response = Response(response_id, after.told, from_micros(at), about, after.part, after.complete, answering.node_key)
    batch.tell(events_of(spec, answering.survey, [response], anonymous=False))
    return after


def _standing(store: Any, spec: SurveySpec, response_id: str) -> Standing:
    if spec.anonymous:
        found = store.query("SELECT told, seen, complete FROM survey_kept WHERE response_id = ?", (response_id,))
        return (
            Standing(1, json.loads(found[0][0]), tuple(json.loads(found[0][1])), bool(found[0][2]))
            if found
            else Standing()
        )
    found = store.query(
        "SELECT part, told, seen, complete, profile_key, node_key, answered_at FROM survey_given WHERE response_id = ?",
        (response_id,),
    )
    if not found:
        return Standing()
    part, told, seen, complete, profile, node, at = found[0]
    return Standing(int(part), json.loads(told), tuple(json.loads(seen)), bool(complete), profile, node, at)


def _after(spec: SurveySpec, before: Standing, answering: Answering, fresh: Mapping[str, Value]) -> Standing:
    """The response with an answer added: what was shown again and not answered is empty now."""
    told = {**without(spec, before.told, answering.shown), **fresh}
    answered = {one.key for one in spec.questions if any(slot.path in told for slot in type_of(one).slots(one))}
    known = {*before.seen, *answering.shown, *answering.seen, *answered}
    seen = tuple(one.key for one in spec.questions if one.key in known)
    complete = _is_complete(spec, told) if answering.complete is None else answering.complete
    return Standing(before.part + 1, told, seen, complete or before.complete, answered_at=before.answered_at)


def without(spec: SurveySpec, told: Mapping[str, Value], keys: Collection[str]) -> dict[str, Value]:
    """Answers but those to some questions."""
    gone = {slot.path for one in spec.questions if one.key in keys for slot in type_of(one).slots(one)}
    return {path: value for path, value in told.items() if path not in gone}


def _is_complete(spec: SurveySpec, told: Mapping[str, Value]) -> bool:
    """Every question that has to be answered was; where none has to be, the main one."""
    needed = [one for one in spec.questions if one.required and holds(one, told)]
    main = main_question(spec)
    needed = needed or ([main] if main is not None else [])
    return all(any(slot.path in told for slot in type_of(one).slots(one)) for one in needed)


def _is_same(before: Standing, after: Standing) -> bool:
    return _json(before.told) == _json(after.told) and before.complete == after.complete and before.seen == after.seen


def _require_words(after: Standing) -> None:
    if not after.told:
        raise UsageError("NO_ANSWER", "nothing was answered", next_step="Answer at least one question.")


def _require_owner(before: Standing, answering: Answering) -> None:
    if before.part and before.node_key != answering.node_key:
        raise UsageError("OTHER_RESPONSE", "this response belongs to somebody else", next_step="Begin a new one.")


def _answered(response_id: str, after: Standing, *, is_new: bool = True) -> Answered:
    return Answered(response_id, after.part, after.told, after.seen, after.complete, is_new)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
