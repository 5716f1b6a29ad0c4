"""``look``: what there is to learn from, before anything is trained."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from foretell.clock import Duration
from foretell.condition import Reader, parse_measure
from foretell.definitions import Catalog
from foretell.engine import Engine, naming
from foretell.errors import ForetellError
from foretell.predict.document import PredictionSpec, spec_of
from foretell.predict.looking.amounts import Amounts, amounts_of, distribution
from foretell.predict.looking.power import Power, power
from foretell.predict.looking.season import Season, season_of
from foretell.predict.looking.statements import (
    ENOUGH,
    Evidence,
    Statement,
    Verdict,
    about_amounts,
    about_evidence,
    about_rate,
    about_season,
    verdict_of,
)
from foretell.predict.looking.windows_counted import (
    MOST_PEOPLE,
    Counter,
    Ints,
    WindowCount,
    counted,
    drawing,
)
from foretell.predict.permission import TRAINING, Permission
from foretell.predict.population import Population, history_begins
from foretell.predict.windows import HISTORY_DAYS, STEP_DAYS, Split, split_of
from foretell.profile import purposes_of
from foretell.stats import Floats

_MONTH = timedelta(days=STEP_DAYS)
MOST_WINDOWS = 24


@dataclass(frozen=True)
class HorizonLook:
    """What there is to learn from over one horizon.

    Args:
        windows: complete ones about a month apart, oldest first, and those that a training would use besides.
        by: how a model would be tested: on a later ``time``, or on other ``people`` where the history is too short;
            None where it cannot be trained.
        learn_n, learn_positives: people × windows a training would learn from.
        had, had_not: different people with the outcome in some window, and without it in some.
        open_from: windows that began after this instant are not complete.
        weeks_until_enough: at the present rate; 0 where there is enough, None where it is not in sight.
    """

    horizon: str
    windows: tuple[WindowCount, ...]
    by: str | None
    learn_n: int
    learn_positives: int
    had: int
    had_not: int
    power: Power
    season: Season
    amounts: Amounts | None
    open_from: datetime
    verdict: Verdict
    weeks_until_enough: int | None
    statements: tuple[Statement, ...]


@dataclass(frozen=True)
class Look:
    """What there is to learn from.

    Args:
        unit: of what is foreseen.
        people: meant now, may be scored or not.
        drawn: share of everybody that was looked at; below 1 all counts are of those drawn.
        left_out: people whom it may not be learnt from, by reason.
    """

    prediction: str
    unit: str
    as_of: datetime
    history_from: datetime
    people: int
    drawn: float
    left_out: Mapping[str, int]
    horizons: tuple[HorizonLook, ...]
    statements: tuple[Statement, ...]


def look(
    engine: Engine, catalog: Catalog, reader: Reader, key: str, *, as_of: datetime, now: datetime,
    most_people: int = MOST_PEOPLE,
) -> Look:  # fmt: skip
    """What prediction ``key`` of ``catalog``, saved or not, has to learn from as of an instant; nothing is fitted.

    Windows are those that a training would use and as many months before them as there are. Who may not be learnt
    from is left out, as in training.

    Args:
        now: who objects by then is left out.
        most_people: where there are more, so many are drawn by the hash of their keys.

    Raises:
        ForetellError: ``NO_HISTORY``, and what the document's conditions raise.
    """
    spec, document = spec_of(catalog, key), catalog.get("prediction", key)
    first = history_begins(engine.analytics, as_of, document.name)
    zone = catalog.settings.zone_info
    with naming(f"look at {document.name}"):
        asked, share = drawing(engine, catalog, reader, most_people, key)
        permission = Permission(TRAINING, engine.ops, purposes_of(catalog), now)
        counter = Counter(Population.of(asked, spec, as_of, None), permission)
        plans = [_Plan.of(horizon, first, as_of, zone) for horizon in spec.all_horizons]
        counter.read({as_of, *(at for plan in plans for at in plan.parts)})
        horizons = tuple(_look(plan, counter, spec, asked, as_of) for plan in plans)
    people = counter.members(as_of).size
    return Look(
        key, spec.foresees, as_of, first, people, share, permission.left_out, horizons,
        tuple(_about(people, share, permission.left_out)),
    )  # fmt: skip


@dataclass(frozen=True)
class _Plan:
    """The windows of one horizon and what each is for: ``learn``, ``test`` or ``shown``."""

    horizon: str
    split: Split | None
    parts: dict[datetime, str]
    ends: dict[datetime, datetime]
    open_from: datetime
    complete_at: datetime
    """When there will be enough history to train."""

    @classmethod
    def of(cls, horizon: str, first: datetime, as_of: datetime, zone: ZoneInfo) -> _Plan:
        length = Duration.parse(horizon)
        latest = length.before(as_of, zone)
        months = [latest - back * _MONTH for back in range(MOST_WINDOWS)]
        parts = {at: "shown" for at in months if at - first >= timedelta(days=HISTORY_DAYS)}
        try:
            split = split_of(first, as_of, horizon, zone, thing="")
            parts |= {**dict.fromkeys(split.origins, "learn"), split.test: "test"}
        except ForetellError as error:
            if error.code != "TOO_LITTLE_HISTORY":
                raise
            split = None
        ends = {at: length.after(at, zone) for at in parts}
        needed = first + timedelta(days=HISTORY_DAYS)
        return cls(horizon, split, parts, ends, latest, length.after(needed, zone))


def _look(plan: _Plan, counter: Counter, spec: PredictionSpec, reader: Reader, as_of: datetime) -> HorizonLook:
    values = _values(plan, counter, spec, reader, as_of)
    had = {at: _had(plan, counter, values, at) for at in plan.parts}
    windows = counted(
        plan.parts,
        {at: counter.members(at).size for at in plan.parts},
        {at: keys.size for at, keys in had.items()},
        plan.ends,
    )
    evidence = _evidence(plan, counter, had, windows, "any" if values else "the outcome")
    test = next((one for one in windows if one.part == "test"), None)
    worth = power(test.positives, test.people - test.positives) if test else power(0, 0)
    season = season_of(windows, as_of)
    amounts = None if values is None else distribution(values)
    learnt = [one for one in windows if one.part != "shown"]
    return HorizonLook(
        plan.horizon, windows, plan.split.by if plan.split else None,
        sum(one.people for one in learnt), sum(one.positives for one in learnt), evidence.had, evidence.had_not,
        worth, season, amounts, plan.open_from, verdict_of(evidence) if plan.split else "impossible",
        evidence.weeks_until(ENOUGH), tuple(_said(plan, evidence, worth, season, windows, amounts, as_of)),
    )  # fmt: skip


def _values(
    plan: _Plan, counter: Counter, spec: PredictionSpec, reader: Reader, as_of: datetime
) -> dict[datetime, Floats] | None:
    if spec.value is None:
        return None
    measure = parse_measure(spec.value)
    return {at: amounts_of(reader, measure, counter.members(at), at, plan.horizon, as_of) for at in plan.parts}


def _had(plan: _Plan, counter: Counter, values: dict[datetime, Floats] | None, at: datetime) -> Ints:
    """For whom it came true; of a value: who had any."""
    return counter.had(at, plan.horizon) if values is None else counter.members(at)[values[at] > 0]


def _evidence(
    plan: _Plan, counter: Counter, had: Mapping[datetime, Ints], windows: tuple[WindowCount, ...], what: str
) -> Evidence:
    used = [at for at, part in plan.parts.items() if part != "shown"]
    nobody = np.zeros(0, np.int64)
    positive = np.unique(np.concatenate([*(had[at] for at in used), nobody])).size
    others = [np.setdiff1d(counter.members(at), had[at], assume_unique=True) for at in used]
    negative = np.unique(np.concatenate([*others, nobody])).size
    last = windows[-1] if windows else None
    weeks = Duration.parse(plan.horizon).days / 7
    rarer = 0 if last is None else last.positives if positive <= negative else last.people - last.positives
    return Evidence(positive, negative, rarer / weeks, what)


def _said(
    plan: _Plan, evidence: Evidence, worth: Power, season: Season, windows: tuple[WindowCount, ...],
    amounts: Amounts | None, as_of: datetime,
) -> Iterator[Statement]:  # fmt: skip
    if plan.split is None:
        yield Statement(
            "TOO_LITTLE_HISTORY",
            "bad",
            f"No model yet: the history is too short for windows of {plan.horizon}. "
            f"It is long enough on {max(plan.complete_at, as_of):%-d %B %Y}, or with a shorter horizon.",
        )
        return
    yield from about_evidence(evidence, worth, as_of)
    if plan.split.by == "people":
        how = (
            "each person will be judged by a model of others"
            if plan.split.folds
            else "a third of the people is kept apart"
        )
        yield Statement(
            "NO_LATER_TEST",
            "warn",
            f"The history is too short to test on a later time: {how}, and nothing will be known about other seasons.",
        )
    if windows and amounts is None:
        yield from about_rate(windows[-1].rate, plan.horizon)
    if windows:
        yield from about_season(season, windows)
    if amounts is not None:
        yield from about_amounts(amounts)
    yield Statement(
        "OPEN_WINDOWS",
            "plain",
            f"What began after {plan.open_from:%-d %B %Y} is not complete yet and is left out.",
    )  # fmt: skip


def _about(people: int, share: float, left_out: Mapping[str, int]) -> Iterator[Statement]:
    if not people:
        yield Statement("NOBODY", "bad", "The population has nobody now. Check its condition.")
    if share < 1:
        yield Statement("DRAWN", "plain", f"Counted on {share:.1%} of all people, drawn by the hash of their keys.")
    if left_out:
        yield Statement(
            "LEFT_OUT", "plain", f"{sum(left_out.values()):,} people may not be learnt from and are left out."
        )
