"""What the counts mean, in plain words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Literal

from foretell.predict.looking.amounts import Amounts
from foretell.predict.looking.power import Power
from foretell.predict.looking.season import LEAST_WINDOWS, Season
from foretell.predict.looking.windows_counted import WindowCount
from foretell.stats import base_rate_shift

LEAST_TO_TRAIN = 20
"""People of either kind below which training refuses."""
ENOUGH = 200
"""People of either kind from which on a report can tell a good model from a poor one."""
LOPSIDED = 0.02
"""Where fewer than this share has the outcome, or has it not, there is little to tell people apart by."""
MATERIAL = 0.02
MOST_WEEKS = 520

Tone = Literal["good", "warn", "bad", "plain"]
Verdict = Literal["enough", "few", "too_few", "impossible"]


@dataclass(frozen=True)
class Statement:
    """One thing that was seen: a code to go by, and the words."""

    code: str
    tone: Tone
    text: str


@dataclass(frozen=True)
class Evidence:
    """What can be learnt from: different people over all complete windows.

    Args:
        had, had_not: people with a window in which it came true, and with one in which it did not.
        what: what they had or had not: ``the outcome``, or ``any`` of what a value counts.
        weekly: people with the outcome of the rarer kind that come each week at the present rate.
    """

    had: int
    had_not: int
    weekly: float
    what: str = "the outcome"

    @property
    def rarer(self) -> int:
        """The smaller of both."""
        return min(self.had, self.had_not)

    @property
    def rarer_words(self) -> str:
        """Who they are."""
        return f"with{'' if self.had <= self.had_not else 'out'} {self.what}"

    def weeks_until(self, needed: int) -> int | None:
        """Weeks until there are ``needed`` of the rarer kind at the present rate; None where that is not in sight."""
        missing = needed - self.rarer
        if missing <= 0:
            return 0
        weeks = ceil(missing / self.weekly) if self.weekly > 0 else MOST_WEEKS + 1
        return weeks if weeks <= MOST_WEEKS else None


def verdict_of(evidence: Evidence) -> Verdict:
    """Whether there is enough to learn from."""
    if evidence.had == 0 or evidence.had_not == 0:
        return "impossible"
    if evidence.rarer < LEAST_TO_TRAIN:
        return "too_few"
    return "few" if evidence.rarer < ENOUGH else "enough"


def about_evidence(evidence: Evidence, power: Power, as_of: datetime) -> Iterator[Statement]:
    """Whether there are enough people of either kind, and what a model could make of them."""
    verdict = verdict_of(evidence)
    if verdict == "impossible":
        who = "Nobody" if evidence.had == 0 else "Everybody"
        yield Statement(
            "ONE_CLASS",
            "bad",
            f"{who} had {evidence.what} in a complete window, so there is nothing to tell people apart "
            "by. Change the outcome, the population or the horizon.",
        )
        return
    people = f"{evidence.had:,} people had {evidence.what}, {evidence.had_not:,} did not"
    if verdict == "enough":
        yield Statement("ENOUGH", "good", f"Enough to learn from: {people}.")
        return
    reached = f"{evidence.rarer:,} of the {ENOUGH} people {evidence.rarer_words} that a dependable model needs"
    so_far = "No model yet" if verdict == "too_few" else "A model can be trained, with care"
    said = f"{so_far}: there are {reached}. {_in_time(evidence, as_of)} {_worth(power)}"
    yield Statement("TOO_FEW" if verdict == "too_few" else "FEW", "bad" if verdict == "too_few" else "warn", said)


def _in_time(evidence: Evidence, as_of: datetime) -> str:
    weeks = evidence.weeks_until(ENOUGH)
    if weeks is None:
        return (
            "At the present rate that is not in sight: widen the outcome or the population, or take a longer horizon."
        )
    rate = f"{evidence.weekly:.1f}".rstrip("0").rstrip(".")
    until = as_of + timedelta(weeks=weeks)
    return f"At the present rate, {rate} a week, that takes {weeks:,} weeks, until {until:%-d %B %Y}."


def _worth(power: Power) -> str:
    if power.auc_low is None or power.auc_high is None or power.calibration_error is None:
        return "The latest window has too few of either kind to judge a model by."
    told = (
        "no ranking, however good, could be told from chance"
        if power.auc_least is None
        else f"a ranking could be told from chance from an AUC of {power.auc_least:.2f} on"
    )
    return (
        f"Judged on the latest window, {told}, an AUC of .75 could not be told from {power.auc_low:.2f} or "
        f"{power.auc_high:.2f}, and even exact probabilities would look {100 * power.calibration_error:.0f} points off."
    )


def about_rate(rate: float | None, horizon: str) -> Iterator[Statement]:
    """Where nearly everybody or nearly nobody has it."""
    if rate is not None and 0 < rate < LOPSIDED:
        yield Statement(
            "RARE",
            "warn",
            f"Within {horizon} it comes true for {rate:.1%} alone. A longer horizon or a narrower "
            "population tells people apart better.",
        )
    if rate is not None and 1 - LOPSIDED < rate < 1:
        yield Statement(
            "NEARLY_ALL",
            "warn",
            f"Within {horizon} it comes true for {rate:.1%}, nearly everybody. A longer horizon or "
            "a narrower population tells people apart better.",
        )


def about_season(season: Season, windows: Sequence[WindowCount]) -> Iterator[Statement]:
    """Whether the rate moves, and whether a year is there to see it in."""
    if season.moves is None:
        yield Statement(
            "SEASON_UNKNOWN",
            "warn",
            f"Fewer than {LEAST_WINDOWS} complete windows: how the rate moves over time is not known yet.",
        )
        return
    if season.moves and season.lowest and season.highest:
        yield Statement(
            "MOVES",
            "plain",
            f"The rate moves more than chance explains: {season.low_rate:.1%} in the window from "
            f"{season.lowest:%-d %b %Y}, {season.high_rate:.1%} in the one from {season.highest:%-d %b %Y}.",
        )
    if not season.moves:
        yield Statement("STEADY", "good", "The rate moves from window to window no more than chance explains.")
    if season.year_from is not None:
        yield Statement(
            "NO_YEAR",
            "warn",
            f"The windows cover {season.covered_days:,} days. Whether the rate follows the season shows "
            f"from {season.year_from:%-d %B %Y} on; until then a model may be off in a season it has not seen.",
        )
    yield from _last_against_others(windows)


def _last_against_others(windows: Sequence[WindowCount]) -> Iterator[Statement]:
    last, others = windows[-1], windows[:-1]
    people = sum(one.people for one in others)
    if not people or not last.people:
        return
    mean = people / len(others)
    rate = sum(one.positives for one in others) / people
    shift = base_rate_shift(rate * mean, mean, float(last.positives), float(last.people))
    if (shift.low > 0 or shift.high < 0) and abs(shift.difference) > MATERIAL:
        way = "above" if shift.difference > 0 else "below"
        yield Statement(
            "SHIFTED",
            "warn",
            f"The latest window lies {abs(100 * shift.difference):.1f} points {way} those before it "
            f"({shift.after:.1%} against {shift.before:.1%}): what was learnt from the past may be off by as much.",
        )


def about_amounts(amounts: Amounts) -> Iterator[Statement]:
    """What a numeric outcome looks like."""
    if not amounts.people:
        return
    zeros = amounts.zeros / amounts.people
    if zeros > 0.5:
        yield Statement(
            "MANY_ZEROS",
            "plain",
            f"{zeros:.0%} of the people have nothing in a window: most of what is to be foreseen is "
            "who has anything at all.",
        )
    if amounts.top_tenth is not None and amounts.top_tenth > 0.5:
        yield Statement(
            "FEW_HAVE_MOST",
            "plain",
            f"A tenth of the people has {amounts.top_tenth:.0%} of the whole: single amounts are "
            "foreseen with wide intervals, sums over many people with narrow ones.",
        )
