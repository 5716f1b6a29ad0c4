"""Words for the heads that speak of events, and for what qualifies them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from foretell.clock import Duration
from foretell.condition import people_wording, wording
from foretell.condition.nodes import (
    Aggregate,
    Anchor,
    Change,
    Did,
    Figure,
    Measure,
    Pick,
    Ratio,
    Selection,
    Sequence,
    Step,
    Test,
    Top,
)
from foretell.condition.qualifiers import AT_LEAST_ONCE

_AGGREGATES = {
    "sum": "sum of",
    "avg": "average of",
    "min": "smallest",
    "max": "largest",
    "distinct": "number of different values of",
}


def measure(part: Measure) -> str:
    """``sum of revenue over Order Completed``."""
    return f"{figure(Figure(part.function, part.name))} over {events(part.selection)}"


def figure(part: Figure) -> str:
    """``sum of revenue``."""
    return "number of events" if part.function is None else f"{_AGGREGATES[part.function]} {part.name}"


def events(selection: Selection) -> str:
    """``Order Completed in the last 6 months where total is at least 5``."""
    words = wording.name(selection.event)
    if selection.within is not None:
        words += f" in the last {wording.length(selection.within)}"
    if selection.since is not None:
        words += f" since {_since(selection.since)}"
    if clock := people_wording.clock(selection):
        words += f" {clock}"
    if selection.where:
        words += f" where {wording.properties(selection.where)}"
    return words


def _since(since: Anchor | date) -> str:
    if not isinstance(since, Anchor):
        return wording.shown(since)
    words = f"their {since.which} {wording.name(since.event)}"
    return f"{words} (where {wording.properties(since.where)})" if since.where else words


def did(part: Did) -> str:
    """``who did Order Completed at least once``."""
    what = events(part.selection)
    if part.without is not None:
        alike = f" with the same {wording.listed(part.same)}" if part.same else ""
        what += f" that no {events(part.without)}{alike} followed"
    plain = not (part.aggregates or part.in_any or part.per or part.change or part.top)
    if part.negated and part.times == AT_LEAST_ONCE and plain:
        return f"who did not do {what}"
    words = [] if part.times is None else [_often(part, part.times, what)]
    for place, aggregate in enumerate(part.aggregates):
        words.append(_aggregate(aggregate, what if place == 0 and not words else "these"))
    if part.change is not None:
        words.append(f"whose {figure(part.change.figure)} over {what} {_changed(part.change, part.selection.within)}")
    if part.top is not None:
        words.append(f"who are in the top {_first(part.top)} by {figure(part.top.figure)} over {what}")
    said = ", and ".join(words) + _place(part)
    return f"who are none of those {said}" if part.negated else said


def _often(part: Did, times: Test, what: str) -> str:
    often = wording.times(times)
    return f"who did {often}: {what}" if part.selection.where or part.without else f"who did {what} {often}"


def _place(part: Did) -> str:
    """In which of the events the tests hold."""
    words = "" if part.in_any is None else f", all within some {wording.length(part.in_any)}"
    if part.per is not None:
        words += f", all with one and the same {part.per}" + ("" if part.bind is None else f" (called ${part.bind})")
    return words


def _aggregate(part: Aggregate, what: str) -> str:
    return f"whose {_AGGREGATES[part.function]} {part.name} over {what} is {wording.amount(part.test)}"


def _changed(change: Change, within: Duration | None, base: str = "events") -> str:
    length = "" if within is None else wording.length(within)
    then = f" ({base} then: {wording.amount(change.base)})" if change.base else ""
    return f"changed by {percent(change.test)} against the {length} before{then}"


def _first(top: Top) -> str:
    return str(top.count) if top.share is None else people_wording.percent(top.share)


def percent(test: Test) -> str:
    """What is said of a share or a change: ``at most -50%``."""
    said = []
    for check in test:
        shares = [people_wording.percent(one) for one in check.operands if isinstance(one, Decimal)]
        if check.name == "between":
            words = f"between {shares[0]} and {shares[1]}"
        else:
            words = (
                wording.listed(shares, "or") if check.name == "in" else f"{wording.COMPARED[check.name]} {shares[0]}"
            )
        said.append(("not " if check.negated else "") + words)
    return wording.listed(said)


def pick(part: Pick) -> str:
    """``whose last Order Completed was more than 60 days ago``."""
    words = []
    if part.ago:
        words.append(f"was {wording.since(part.ago)}")
    if part.properties:
        words.append(f"says that {wording.properties(part.properties)}")
    return f"whose {part.which} {events(part.selection)} {' and '.join(words)}"


def ratio(part: Ratio) -> str:
    """``who have at least 20% as many Email Opened as Email Delivered in the last 30 days``."""
    window = "" if part.within is None else f" in the last {wording.length(part.within)}"
    over, under = events(part.over), events(part.under)
    words = [f"who did {percent(part.test)} as many {over} as {under}{window}"] if part.test else []
    if part.change is not None:
        words.append(f"whose share of {over} in {under}{window} {_changed(part.change, part.within, under)}")
    return ", and ".join(words)


def sequence(part: Sequence) -> str:
    """``who did Product Viewed and then no Order Completed within 7 days, all with the same product_id``."""
    first = part.steps[0].selection
    words = f"who did {events(first)}"
    if part.within is not None:
        words += f" in the last {wording.length(part.within)}"
    for place, step in enumerate(part.steps[1:], start=1):
        closing = all(later.negated for later in part.steps[place:])
        words += f", {_step(step, closing, part.open)}"
    return f"{words}, all with the same {wording.listed(part.same)}" if part.same else words


def _step(step: Step, closing: bool, so_far: bool) -> str:
    within = step.selection.within
    limit = "" if within is None else f" within {wording.length(within)}"
    what = events(replace(step.selection, within=None))
    if not step.negated:
        return f"then {what}{limit}"
    if closing:
        return f"then no {what}{limit}{' so far' if so_far else ''}"
    return f"no {what}{limit} in between"
