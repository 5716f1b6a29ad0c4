"""``survey``: a message that asks by a survey, with reminders, until an answer comes or the time is over."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel, ConfigDict, Field, model_validator

from foretell import deliver
from foretell.clock import Duration
from foretell.definitions import Catalog, DurationText, KeyText, Problem, ShareNumber
from foretell.engine import Batch, Tx, with_column
from foretell.journey.candidates import candidates, documents_named, misfits
from foretell.journey.resting import RestingStep, bounded, with_over
from foretell.journey.sends import instants_of, message_ids, remember
from foretell.journey.steps.base import Foresight, Step, StepContext, StepKind, StepPlace, moves
from foretell.journey.survey_plan import AskedAt, Decide, Plan
from foretell.journey.surveying import Counts, answer_condition, asked_counts, with_counts, with_surveys
from foretell.listen import asking

_PATIENCE = timedelta(days=7)
"""So long an answer to the last reminder is waited for where nothing is said."""


class Reminder(BaseModel):
    """Once more, to those who did not answer."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    after: DurationText = Field(description="So long after the invitation.")
    template: KeyText | None = Field(None, description="Key of its template; default: that of the invitation.")


class SurveyStep(RestingStep):
    """Asks the person by a survey. Who is not in its sample, was asked too short a time ago or may not be written to
    goes on at once, as whoever does not answer."""

    survey: KeyText | list[KeyText] = Field(description="Key of the survey; several: all of them in one message.")
    template: KeyText = Field(description="Key of the template; it shows {{ survey.buttons }} or {{ survey.url }}.")
    channel: KeyText = Field("email", description="Key of the channel, or its medium: email, sms, push, alert.")
    purpose: str | None = Field(None, min_length=1, description="Purpose of consent; default: the survey's.")
    touchpoint: KeyText | None = Field(None, description="What it asks about; default: the survey's.")
    topic: str | None = Field(None, description="What it is about, for conditions and preferences.")
    campaign: str | None = Field(None, description="Campaign it counts for; default: the journey.")
    priority: int | None = Field(
        None,
        ge=-1_000_000,
        le=1_000_000,
        description="Where messages compete for the same cap, the higher goes; default: the journey's.",
    )
    sample: ShareNumber | None = Field(
        None, gt=0.0, le=1.0, description="Share of people that is asked, always the same; default: the survey's."
    )
    answer_within: DurationText | None = Field(
        None,
        description="How long an answer is waited for, from the invitation on; without it, reminders and ways the run "
        "goes on as soon as the message is asked for.",
    )
    reminders: list[Reminder] | None = Field(
        None, max_length=5, description="To those who did not answer; default: the survey's, where the step waits."
    )
    answered: KeyText | None = Field(None, description="Step for those who answered; default: the one that follows.")
    unanswered: KeyText | None = Field(None, description="Step for all others; default: the one that follows.")

    @model_validator(mode="after")
    def _in_order(self) -> SurveyStep:
        if not self.surveys or len(set(self.surveys)) < len(self.surveys):
            raise ValueError("name at least one survey, and each once")
        lengths = [_length(one.after) for one in self.reminders or ()]
        if lengths != sorted(set(lengths)):
            raise ValueError("each reminder comes later than the one before it")
        if self.answer_within is not None and lengths and lengths[-1] >= _length(self.answer_within):
            raise ValueError("the last reminder comes when the wait is over; write a longer answer_within")
        return self

    @property
    def surveys(self) -> tuple[str, ...]:
        """Keys of the surveys, the main one first."""
        return (self.survey,) if isinstance(self.survey, str) else tuple(self.survey)

    @property
    def waits(self) -> bool:
        """Whether a run stays until an answer comes."""
        ways = (self.answer_within, self.answered, self.unanswered)
        return bool(self.reminders) or any(one is not None for one in ways)

    @property
    def heard(self) -> dict[str, Any] | None:
        """The condition that somebody answered; None where nobody waits for it."""
        return answer_condition(self.surveys) if self.waits else None


def _length(text: str) -> timedelta:
    return timedelta(days=Duration.parse(text).days)


def _plan(context: StepContext | Foresight, terms: list[asking.Terms], decide: Decide, asked_at: AskedAt) -> Plan:
    step = context.step
    assert isinstance(step, SurveyStep)
    again = _reminders(step, terms)
    patience = None if step.answer_within is None else _length(step.answer_within)
    if step.waits and patience is None:
        patience = (again[-1][0] if again else timedelta(0)) + _PATIENCE
    return Plan(
        step=step.key,
        survey=step.surveys[0],
        share=terms[0].sample if step.sample is None else step.sample,
        template=step.template,
        reminders=again,
        patience=patience,
        answered=step.answered or context.following,
        silent=step.unanswered or context.following,
        decide=decide,
        asked_at=asked_at,
        closed=any(one.closed for one in terms),
    )


def _reminders(step: SurveyStep, terms: list[asking.Terms]) -> list[tuple[timedelta, str]]:
    """When each reminder follows the invitation, and its template."""
    if step.reminders is not None:
        return [(_length(one.after), one.template or step.template) for one in step.reminders]
    most = None if step.answer_within is None else _length(step.answer_within)
    later = terms[0].reminders if step.waits else ()
    return [(after, step.template) for after in later if most is None or after < most]


def _candidates(
    context: StepContext | Foresight, terms: list[asking.Terms], asked: pa.Table, template: str, number: int
) -> pa.Table:
    """Candidates of runs with ``message_id`` and ``visit``."""
    step = context.step
    assert isinstance(step, SurveyStep)
    told = with_surveys(asked, step.key, terms, touchpoint=step.touchpoint, reminder=number)
    return candidates(
        context, told, template=template, channel=step.channel, purpose=step.purpose or terms[0].purpose,
        topic=step.topic, campaign=step.campaign, priority=step.priority,
    )  # fmt: skip


def _advance(tx: Tx, batch: Batch, context: StepContext, runs: pa.Table) -> pa.Table:
    step = context.step
    assert isinstance(step, SurveyStep)
    if not runs.num_rows:
        return moves(runs, "sent", None)
    terms = [asking.terms_of(context.catalog, key) for key in step.surveys]

    def decide(asked: pa.Table, template: str, number: int) -> pa.Table:
        named = message_ids(tx, asked, step.key)
        sending = deliver.Sending(context.catalog, context.now)
        decided = deliver.decide(tx, batch, sending, _candidates(context, terms, named, template, number))
        answer = decided.select(["message_id", "decision", "reason", "until"])
        answer = answer.take(pc.index_in(named["message_id"], answer["message_id"].combine_chunks()))
        for name in ("decision", "reason"):
            named = named.append_column(name, answer[name])
        remember(tx, step.key, named.filter(pc.not_equal(answer["decision"], "defer")))
        return answer

    plan = _plan(context, terms, decide, lambda rows: instants_of(tx, rows, step.key))
    counts = asked_counts(runs, step.key)
    heard = np.zeros(runs.num_rows, bool)
    before = np.flatnonzero((counts > 0) | _was_here(runs))
    if step.waits and len(before):
        rows = with_column(runs, "entered_at", runs["arrived_at"]).take(pa.array(before))
        heard[before] = context.holds(context.tree("heard"), rows, True)
    moved, after = plan.go(runs, counts, heard)
    _tell_left_out(batch, context, step, runs, moved)
    return with_counts(runs, step.key, bounded(step, context.most, runs, moved), after)


def _foresee(context: Foresight, runs: pa.Table) -> pa.Table:
    step = context.step
    assert isinstance(step, SurveyStep)
    if not runs.num_rows:
        return moves(runs, "sent", None)
    terms = [asking.terms_of(context.catalog, key) for key in step.surveys]

    def decide(asked: pa.Table, template: str, number: int) -> pa.Table:
        named = asked.append_column("message_id", asked["run"])
        named = named.append_column("visit", pa.array([1] * asked.num_rows, pa.int64()))
        rows = _candidates(context, terms, named, template, number)
        return context.send(rows.append_column("row", asked["row"]))

    plan = _plan(context, terms, decide, lambda rows: context.sent_at(rows, step.key))
    counts = asked_counts(runs, step.key)
    heard = np.zeros(runs.num_rows, bool)
    put_off = np.flatnonzero((counts == 0) & _was_here(runs))
    if step.waits and len(put_off):
        rows = runs.take(pa.array(put_off))
        heard[put_off] = context.first(context.tree("heard"), rows, rows["at"], True).is_valid()
    moved, after = plan.go(runs, counts, heard)
    if step.waits:
        moved, after = _until_heard(context, plan, runs, moved, after)
    return with_counts(runs, step.key, bounded(step, context.most, runs, moved), after)


def _was_here(runs: pa.Table) -> npt.NDArray[np.bool_]:
    """Which runs were at the step before: those of them that were not asked then were put off."""
    return np.asarray(pc.less(runs["arrived_at"], runs["at"]))


def _until_heard(
    context: Foresight, plan: Plan, runs: pa.Table, moved: pa.Table, after: Counts
) -> tuple[pa.Table, Counts]:
    """Whoever rests is told at once when an answer of history lets them go on; who was only just asked is asked again
    at the same instant."""
    waits = pc.equal(moved["outcome"], "waiting")
    came = context.first(context.tree("heard"), runs, moved["due_at"], True)
    heard = pc.and_(waits, pc.is_valid(came))
    asked = pc.and_(pa.array(after > 0), pc.invert(waits))
    told = moves(
        runs,
        pc.if_else(heard, "answered", moved["outcome"]),
        pc.if_else(heard, pa.scalar(plan.answered, pa.string()), moved["next"]),
        pc.if_else(
            heard, came, pc.if_else(_deferred(moved), moved["due_at"], pc.if_else(asked, runs["at"], moved["due_at"]))
        ),
    )
    return told, np.where(heard.to_numpy(), 0, after)


def _deferred(moved: pa.Table) -> pa.ChunkedArray:
    return pc.starts_with(moved["outcome"], "deferred")


def _tell_left_out(batch: Batch, context: StepContext, step: SurveyStep, runs: pa.Table, moved: pa.Table) -> None:
    """Leave a decision row for those who are not in the sample."""
    out = runs.filter(pc.equal(moved["outcome"], "not_sampled"))
    told: dict[str, str | None] = {
        "channel": step.channel, "template": step.template, "journey": context.journey, "step": step.key,
        "campaign": step.campaign or context.journey, "topic": step.topic, "decision": "refuse",
        "reason": "not_sampled", "checks": asking.LEFT_OUT,
    }  # fmt: skip
    rows = out.select(["run", "node_key", "at"]).append_column("message_id", out["run"])
    for name, value in told.items():
        rows = rows.append_column(name, pa.array([value] * rows.num_rows, pa.string()))
    deliver.record_decisions(batch, rows)


def _exits(step: Step, following: str | None) -> Mapping[str, str | None]:
    assert isinstance(step, SurveyStep)
    if not step.waits:
        return with_over(step, {"next": following})
    return with_over(step, {"answered": step.answered or following, "unanswered": step.unanswered or following})


def _refers(step: Step) -> Iterable[tuple[str, str]]:
    assert isinstance(step, SurveyStep)
    yield from (("survey", key) for key in step.surveys)
    yield from documents_named(step.template, step.channel)
    yield from (("template", one.template) for one in step.reminders or () if one.template is not None)


def _check(place: StepPlace) -> Iterable[Problem]:
    step = place.step
    assert isinstance(step, SurveyStep)
    yield from misfits(place, "template", step.template, step.channel)
    yield from place.length("answer_within", step.answer_within)
    for one in step.reminders or ():
        yield from place.length("reminders", one.after)
        if one.template is not None:
            yield from misfits(place, "reminders", one.template, step.channel)
    yield from _doubts(place, step, place.catalog)


def _doubts(place: StepPlace, step: SurveyStep, catalog: Catalog) -> Iterable[Problem]:
    known = [key for key in step.surveys if catalog.has("survey", key)]
    terms = [asking.terms_of(catalog, key) for key in known]
    if step.waits and any(one.anonymous for one in terms):
        yield place.problem(
            "answer_within" if step.answer_within else "survey", "ANONYMOUS_SURVEY",
            "answers to an anonymous survey are nobody's, so that the step would wait in vain",
            "Take out answer_within, reminders and the ways, or let the survey not be anonymous.",
        )  # fmt: skip
    if step.purpose is None and len({one.purpose for one in terms}) > 1:
        yield place.problem(
            "survey", "PURPOSES_DIFFER", "the surveys of this message are asked for different purposes of consent",
            "Write purpose at the step, or ask by two messages.",
        )  # fmt: skip
    if step.sample is None and len({one.sample for one in terms}) > 1:
        yield place.problem(
            "survey", "SAMPLES_DIFFER", "the surveys of this message ask different shares of people",
            "Write sample at the step, or ask by two messages.",
        )  # fmt: skip
    if not step.waits and terms and terms[0].reminders:
        problem = place.problem(
            "survey", "REMINDERS_NEED_WAIT", f"the survey {known[0]!r} has reminders, and the step waits for no answer",
            "Write answer_within, e.g. 14d.",
        )  # fmt: skip
        yield Problem(problem.code, problem.message, problem.thing, problem.where, problem.next_step, "warning")


KIND = StepKind(
    "survey",
    SurveyStep,
    _advance,
    _check,
    refers=_refers,
    exits=_exits,
    conditions={"heard": True},
    rests=True,
    sends=True,
    wakes="heard",
    since_arrival=True,
    foresee=_foresee,
    unforeseen="who would have answered is not known; answers of that time to the same survey count",
)
