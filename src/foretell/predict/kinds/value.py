"""``value``: what people are expected to spend, by models of repeat buying and of spend."""

from __future__ import annotations

from dataclasses import dataclass

from foretell.clock import Duration
from foretell.errors import ForetellError
from foretell.ids import seed_of
from foretell.predict.binary.scored import scores_of
from foretell.predict.document import PredictionSpec
from foretell.predict.files import StoredModel
from foretell.predict.kinds.base import Answer, Asked, Lesson, Made, Plan
from foretell.predict.training_report import VALUE, TrainingReport
from foretell.predict.value.outlook import ValueModel
from foretell.predict.value.purchases import PurchaseLog
from foretell.predict.value.reasons import value_reasons
from foretell.predict.value.richer import richer_made, with_duel, without_repeats
from foretell.predict.value.stored import load_value, value_card, value_files
from foretell.predict.value.train import TrainedValue, ValueTask, train_value
from foretell.predict.value.verdict import value_verdict

_YEAR_DAYS = 365.25


@dataclass(frozen=True)
class Value:
    """Money of purchases over one horizon."""

    name: str = VALUE

    def handles(self, spec: PredictionSpec) -> bool:
        """Whether it sums what one event spends, and does not ask for trees."""
        return spec.is_spending and spec.model != "boosted"

    def plan(self, lesson: Lesson) -> Plan:
        """Which buying model is asked for, and the horizon."""
        task, spec = _task(lesson), lesson.spec
        log = PurchaseLog(lesson.engine, spec.value or {}, lesson.zone, task.unit_days, lesson.thing)
        return Plan({"model": spec.model, "horizon": spec.horizon}, lambda: _made(lesson, task, log))

    def load(self, stored: StoredModel) -> ValueModel:
        """Buying and spending."""
        return load_value(stored)

    def score(self, asked: Asked, model: ValueModel) -> Answer:
        """Expected spend; the interval holds 90 % of the simulated spending."""
        horizon = asked.spec.all_horizons[0]
        settings = asked.catalog.settings
        unit_days = model.buying.unit_days
        log = PurchaseLog(asked.engine, asked.spec.value or {}, settings.zone_info, unit_days, asked.thing)
        purchases = log.until(asked.people, asked.as_of)
        seed = seed_of("outlook", asked.as_of.isoformat())
        outlook = model.outlook(purchases, Duration.parse(horizon).days, seed)
        texts = value_reasons(outlook, horizon, settings.currency)
        return Answer(scores_of(purchases.people, horizon, outlook.value, outlook.low, outlook.high, texts))


def _task(lesson: Lesson) -> ValueTask:
    spec = lesson.spec
    unit_days = Duration.parse(spec.unit).days
    return ValueTask(
        thing=lesson.thing,
        model=spec.model,
        unit=spec.unit,
        unit_days=unit_days,
        horizon_days=Duration.parse(spec.all_horizons[0]).days,
        rate=(1 + spec.discount_rate) ** (unit_days / _YEAR_DAYS) - 1,
        currency=lesson.catalog.settings.currency,
        first=lesson.first,
        seed=lesson.seed,
    )


def _made(lesson: Lesson, task: ValueTask, log: PurchaseLog) -> Made:
    try:
        found = train_value(log, lesson.population, task, lesson.as_of)
    except ForetellError as error:
        richer = without_repeats(lesson) if error.code == "NO_REPEAT_BUYERS" and task.model is None else None
        if richer is None:
            raise
        return richer
    richer, duel = richer_made(lesson, task, log, found, value_report)
    if richer is not None:
        return richer
    return Made(
        VALUE,
        found.digest,
        value_card(found.model),
        lambda _: value_files(found.model),
        lambda model: with_duel(value_report(lesson, model, found, task), duel),
        found,
    )


def value_report(lesson: Lesson, model: str, found: TrainedValue, task: ValueTask) -> TrainingReport:
    """The report of a value prediction; its metrics are those of the inner hold-out."""
    buying, spending = found.model.buying, found.model.spending
    repeats = found.purchases.histories.repeats
    spending_part = None if spending is None else {
        "log_likelihood": spending.evidence.log_likelihood, "people": spending.evidence.people,
        "standard_errors": spending.standard_errors(), "converged": spending.evidence.converged,
    }  # fmt: skip
    return TrainingReport(
        prediction=lesson.document.key,
        model=model,
        kind=buying.kind,
        n=int(repeats.size),
        positives=int((repeats > 0).sum()),
        trained_as_of=lesson.as_of,
        seed=task.seed,
        metrics=found.trials.get(buying.kind, {}),
        params=buying.parameters | ({} if spending is None else spending.parameters),
        log_likelihood=buying.evidence.log_likelihood,
        verdict=value_verdict(found, task),
        horizons={
            "holdout": found.holdout,
            "candidates": found.trials,
            "unit": task.unit,
            "standard_errors": buying.standard_errors(),
            "converged": buying.evidence.converged,
            "spending": spending_part,
            "frequency_spend_correlation": found.independence,
        },
    )


KIND = Value()
