"""What a value prediction's training says, in plain words."""

from __future__ import annotations

from foretell.predict.value.train import TrainedValue, ValueTask

_DEPENDENT = 0.3
_FAR_OFF = 0.2
_UNSETTLED = {
    "AT_EDGE": "the best fit lies at the edge of what is tried",
    "FLAT": "many values fit as well as the best",
    "NOT_REACHED": "the search ended before it found the best",
}
"""What it means where a search of parameters did not converge."""


def value_verdict(found: TrainedValue, task: ValueTask) -> str:
    """What the score is, how far off its like was on the hold-out, and what to beware of."""
    buying = found.model.buying
    discounted = " discounted" if task.rate else ""
    parts = [f"The score is the expected{discounted} spend in {task.currency} over {task.horizon_days:g} days."]
    metrics = found.trials.get(buying.kind)
    if metrics is None:
        parts.append("History is too short for a hold-out: nothing is known about its error.")
    else:
        parts.append(
            f"On the last {found.holdout['days']:g} days, kept apart, purchases were off by "
            f"{metrics['orders_mae']:.2f} a person, in total by {metrics['orders_total_error']:+.0%}; "
            f"{metrics['coverage']:.0%} of people spent within the 90 % interval."
        )
        if abs(metrics["orders_total_error"]) > _FAR_OFF:
            parts.append("The total is far off: a season or a change of business that the model does not know.")
    if not buying.evidence.converged:
        why = _UNSETTLED[buying.evidence.reason]
        parts.append(f"The data do not tell all parameters apart ({why}): read no meaning into them.")
    if found.model.spending is None:
        parts.append("Spend per purchase could not be modelled; everybody is given the usual spend.")
    elif abs(found.independence) > _DEPENDENT:
        parts.append(
            f"How often and how much go together (correlation {found.independence:+.2f}), "
            "which the spending model takes for independent."
        )
    return " ".join(parts)
