"""What a back-test does not know, in plain words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from foretell.clock import naive_utc
from foretell.journey.backtest.report import ScoresUsed
from foretell.journey.backtest.spans import Span
from foretell.journey.backtest.stepping import assumes
from foretell.journey.document import Reentry
from foretell.journey.published import Published
from foretell.journey.steps import kind_of
from foretell.journey.triggers import ApiTrigger, ListTrigger

if TYPE_CHECKING:
    from foretell.journey.backtest.writing import Found


_WOULD = (
    "This is who would have entered and what would have been sent. What people did is their own history: goals are "
    "those that came without these messages, and nothing here says what the journey would have changed."
)
_THEN = (
    "Conditions, consent and quiet hours are read as they were at each instant, as far as they were known then; people "
    "are those of today's identity map, and who was erased is not among them."
)


def unforeseen(published: Published) -> tuple[str, ...]:
    """What steps do that history cannot tell, each said once."""
    told = [f"{step.key}: {_sentence(kind_of(step).unforeseen)}" for step in published.spec.steps
            if kind_of(step).unforeseen]  # fmt: skip
    if isinstance(published.spec.trigger, ApiTrigger):
        told.insert(0, "Nobody enters here: whom an API, a file or another journey would have let in is not known.")
    if isinstance(published.spec.trigger, ListTrigger):
        told.insert(0, "Nobody enters here: who would have been added to the list, and when, is not known.")
    return tuple(told)


def limits(published: Published, span: Span, found: Found, used: tuple[ScoresUsed, ...]) -> tuple[str, ...]:
    """What is to be known before somebody believes the numbers."""
    hours = span.every.total_seconds() / 3600
    every = f"{hours:g} hours" if hours != 24 else "day"
    told = [
        _WOULD,
        f"People enter at one tick every {every}; who fulfilled the entry between two ticks is not seen.",
        _THEN,
    ]
    if any(kind_of(step).sends for step in published.spec.steps):
        told.append(_replies(published, found))
    told += _scores(used, span)
    again = published.spec.reentry
    if isinstance(again, Reentry) and again.per is not None:
        told.append("Of several runs of one person side by side, each is played after those before it.")
    if _was_live(found, published.key):
        told.append(
            "The journey itself ran in this time. Its own messages do not count for caps here; what it told, and what "
            "people did with its messages, is part of history and is read by conditions."
        )
    return tuple(told)


def _replies(published: Published, found: Found) -> str:
    measured = any(one.messages for one in found.rates.used())
    source = "at the rates of messages that had been sent and answered by then" if measured else "at usual rates"
    if assumes(published):
        return (
            f"Opens and clicks are assumed: drawn {found.record.draws} times {source}. Numbers are medians, with the "
            "span in which nine of ten draws lie."
        )
    return f"Opens and clicks are assumed, {source}; nothing in this journey hangs on them."


def _scores(used: tuple[ScoresUsed, ...], span: Span) -> list[str]:
    told = []
    for one in used:
        name = f"{one.prediction} ({one.horizon})"
        if one.first is None:
            told.append(f"There is no score of {name} in this time: whoever has to have one does not enter.")
        elif one.rescored:
            told.append(
                f"Scores of {name} were made for this back-test, by models that learnt from outcomes alone that were "
                "complete at each week's beginning."
            )
        else:
            told.append(f"Scores of {name} are those that were stored, of {one.scorings} scorings.")
            if one.first > span.begin:
                told.append(f"Before {naive_utc(one.first):%Y-%m-%d} nobody had a score of {name}.")
    return told


def _was_live(found: Found, key: str) -> bool:
    rows = found.asking.reader.analytics.query(
        "SELECT 1 AS one FROM journey_run_rows r WHERE r.journey = $journey AND r.entered_at >= $begin "
        "AND r.entered_at <= $until LIMIT 1",
        {"journey": key, "begin": naive_utc(found.span.begin), "until": naive_utc(found.span.end)},
    )
    return bool(rows.num_rows)


def _sentence(text: str) -> str:
    return text if text.endswith(".") else f"{text}."
