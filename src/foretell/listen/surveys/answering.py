"""Taking an answer in: one response an invitation, to which parts are added, told as ``Survey Answered``.

A response is known by its id: whoever sends the same again changes nothing, whoever sends more adds a part. All of it
is looked at here as well, whatever door it comes by.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from foretell import identify
from foretell.clock import from_micros, micros, naive_utc
from foretell.definitions import Catalog
from foretell.engine import Batch, Engine, Tx
from foretell.errors import UsageError
from foretell.ids import stable_id
from foretell.listen.surveys import anonymous, holding
from foretell.listen.surveys.branching import holds
from foretell.listen.surveys.document import SurveySpec, main_question, spec_of
from foretell.listen.surveys.leaves import Readable
from foretell.listen.surveys.question_types import Value, type_of
from foretell.listen.surveys.reading import read_answers
from foretell.listen.surveys.standing import ResponseKey, Standing, given, latest, write_given
from foretell.listen.surveys.telling import Response, events_of

ROOM = "listen_surveys"
_ABOUT = ("product_id", "agent", "order_id", "survey_message", "journey", "run", "step", "campaign", "topic")


@dataclass(frozen=True)
class Answering:
    """What somebody answered, and what is known of it.

    Args:
        answers: path behind ``answers.`` → value: ``{"recommend": 9, "liked": ["price"]}``; of a text its words.
        response_id: the response that it belongs to; empty: one of its own for person and instant.
        node_key: who answered, by the node of the identifier by which they were asked; 0 where nobody knows.
        shown: keys of the questions that were asked with it; those of them that are not answered are emptied.
        seen: keys of further questions that were shown and need not be shown again.
        complete: that nothing more is asked; None: as the answers say.
        asked_at: when it was asked.
        use: what tells its link, see :func:`response_of`; empty for public links.
        anonymous: whoever answered was told that nothing connects the answer with them: so it is kept, whatever the
            survey says by now.
        link: address of the score by which a message was answered with one click: nobody is told of it before it shows
            that no program gave it, see :func:`settle`. Empty for everything else.
    """

    survey: str
    answers: Mapping[str, object]
    response_id: str = ""
    node_key: int = 0
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
    anonymous: bool = False
    link: str = ""


@dataclass(frozen=True)
class Answered:
    """A response as it stands now.

    Args:
        part: number of its last part that was told; 0 where it is provisional.
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


def response_of(thread: str, survey: str) -> str:
    """The id of the response to an invitation and its reminders."""
    return stable_id("response", thread, survey)


def standing(engine: Engine, catalog: Catalog, survey: str, response_id: str, *, anonymously: bool = False) -> Standing:
    """What somebody answered so far, to go on with; raises ``UNKNOWN_DEFINITION``.

    Args:
        anonymously: they were promised that nothing connects it with them.
    """
    spec = spec_of(catalog.get("survey", survey))
    if not response_id:
        return Standing()
    if spec.anonymous or anonymously:
        found = anonymous.kept(engine.ops, survey, response_id)
        return Standing() if found is None else found[1]
    return latest(engine.ops, ResponseKey(survey, response_id))


def was_used(engine: Engine, survey: str, thread: str, *, anonymously: bool) -> bool:
    """Whether a link leads nowhere any more: an answer was given by it that cannot be gone on with, since it was given
    anonymously, or was not and is to be now."""
    return _is_used(engine.ops, survey, thread, anonymously=anonymously)


def answer(engine: Engine, catalog: Catalog, answering: Answering, *, now: datetime) -> Answered:
    """Take an answer in.

    Raises:
        UsageError: ``UNKNOWN_DEFINITION``; ``SURVEY_CLOSED``; ``UNKNOWN_QUESTION``, ``BAD_ANSWER``; ``NO_ANSWER`` where
            nothing is said at all; ``OTHER_RESPONSE`` where the id belongs to another person; ``LINK_USED``, see
            :func:`was_used`; ``INVITATION_GONE`` where whoever answers was forgotten.
    """
    document = catalog.get("survey", answering.survey)
    spec = spec_of(document)
    if spec.closed:
        raise UsageError(
            "SURVEY_CLOSED", "this survey is over", thing=document.name, next_step="Ask whoever sent you here."
        )
    fresh = read_answers(spec, answering.answers)
    if spec.anonymous or answering.anonymous:
        return _anonymous(engine, catalog, spec, answering, fresh, now)
    key = ResponseKey(
        answering.survey,
        answering.response_id or stable_id("response", answering.survey, str(answering.node_key), str(micros(now))),
    )
    before = latest(engine.ops, key)
    if before.is_begun and (answering.link or not before.is_held):
        after = _after(spec, before, answering, fresh)
        if before.says_as(after) and before.node_key == answering.node_key:
            return _answered(key.response_id, before, is_new=False)
    found: list[Standing] = []
    if answering.link:
        with engine.ops.write() as tx:
            found.append(_held(tx, spec, answering, fresh, key, now))
    else:
        engine.act(ROOM, lambda tx, batch: found.append(_keep(tx, batch, spec, answering, fresh, key)), now=now)
    return _answered(key.response_id, found[0])


def _anonymous(
    engine: Engine, catalog: Catalog, spec: SurveySpec, answering: Answering, fresh: Mapping[str, Value], now: datetime
) -> Answered:
    survey, today = answering.survey, micros(anonymous.day(now, catalog.settings.zone_info))
    with engine.ops.write() as tx:
        response_id = answering.response_id or anonymous.new_id()
        found = anonymous.kept(tx, survey, response_id)
        if found is None:
            if _is_used(tx, survey, answering.use, anonymously=True):
                raise _used(survey)
            anonymous.use(tx, answering.use, survey)
            response_id = _id_of_the_rest(tx, response_id, answering, today)
            found = anonymous.kept(tx, survey, response_id)
        day, before = (today, Standing()) if found is None else found
        after = _after(spec, before, answering, fresh)
        _require_words(after)
        about = {name: getattr(answering, name) for name in anonymous.ABOUT}
        about["touchpoint"] = answering.touchpoint or spec.touchpoint
        anonymous.keep(tx, response_id, survey, day, after, about)
    return _answered(response_id, after, is_new=not (before.is_begun and before.says_as(after)))


def _id_of_the_rest(store: Readable, response_id: str, answering: Answering, today: int) -> str:
    """Of somebody who goes on after what they said before was told: it is a response of its own, to which nothing leads
    from one that has a name."""
    if latest(store, ResponseKey(answering.survey, response_id)).is_begun:
        return anonymous.new_id()
    goes_on = set(answering.seen) - set(answering.shown)
    return stable_id("rest", answering.survey, response_id, str(today), length=32) if goes_on else response_id


def _is_used(store: Readable, survey: str, thread: str, *, anonymously: bool) -> bool:
    if anonymous.is_used(store, thread, survey):
        return True
    return anonymously and bool(thread) and latest(store, ResponseKey(survey, response_of(thread, survey))).is_begun


def _used(survey: str) -> UsageError:
    return UsageError(
        "LINK_USED", "this link was used already", thing=f"survey {survey}",
        next_step="Nothing more is to be done; nobody can see what was answered by it.",
    )  # fmt: skip


def _begin(
    tx: Tx, spec: SurveySpec, answering: Answering, fresh: Mapping[str, Value], key: ResponseKey
) -> tuple[Standing, Standing]:
    """What was said of a response before, and what is said now, for whoever its node belongs to today."""
    owner = identify.owner_of(tx, answering.node_key) if answering.node_key else 0
    if owner is None:
        raise UsageError(
            "INVITATION_GONE", "whoever answers is not known any more", thing=f"survey {answering.survey}",
            next_step="Ask whoever sent the link for another one.",
        )  # fmt: skip
    if _is_used(tx, answering.survey, answering.use, anonymously=False):
        raise _used(answering.survey)
    before = latest(tx, key)
    _require_owner(before, answering)
    after = replace(_after(spec, before, answering, fresh), node_key=answering.node_key, profile_key=owner)
    _require_words(after)
    return before, after


def _held(
    tx: Tx, spec: SurveySpec, answering: Answering, fresh: Mapping[str, Value], key: ResponseKey, now: datetime
) -> Standing:
    """Keep an answer that nobody is told of yet; the same once more does not put it off."""
    before, after = _begin(tx, spec, answering, fresh, key)
    if before.is_begun and before.says_as(after):
        return before
    about = _about(spec, answering)
    holding.hold(tx, key, after, about, (answering.survey_message or "", answering.link), now)
    return replace(after, part=before.part, is_held=True)


def _keep(
    tx: Tx, batch: Batch, spec: SurveySpec, answering: Answering, fresh: Mapping[str, Value], key: ResponseKey
) -> Standing:
    """Keep an answer and tell it, with what was provisional of it."""
    _, after = _begin(tx, spec, answering, fresh, key)
    holding.release(tx, key)
    before = given(tx, key)
    if before.part and before.says_as(after):
        return before
    at, about = micros(batch.now), _about(spec, answering)
    write_given(tx, key, after, about, at)
    said = Response(key.response_id, after.told, from_micros(at), about, after.part, after.complete, answering.node_key)
    batch.tell(events_of(spec, answering.survey, [said], anonymous=False))
    return after


def _about(spec: SurveySpec, answering: Answering) -> dict[str, str | None]:
    return {
        "language": answering.language, "channel": answering.channel,
        "touchpoint": answering.touchpoint or spec.touchpoint,
        **{name: getattr(answering, name) for name in _ABOUT},
        "asked_at": None if answering.asked_at is None else naive_utc(answering.asked_at).isoformat(" "),
    }  # fmt: skip


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


def _require_words(after: Standing) -> None:
    if not after.told:
        raise UsageError("NO_ANSWER", "nothing was answered", next_step="Answer at least one question.")


def _require_owner(before: Standing, answering: Answering) -> None:
    if before.is_begun and before.node_key != answering.node_key:
        raise UsageError("OTHER_RESPONSE", "this response belongs to somebody else", next_step="Begin a new one.")


def _answered(response_id: str, after: Standing, *, is_new: bool = True) -> Answered:
    return Answered(response_id, after.part, after.told, after.seen, after.complete, is_new)
