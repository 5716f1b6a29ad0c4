"""How good a prediction is, for people: metrics beside those of the baseline, and the verdict."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from foretell.cli.output import left_out_words, number
from foretell.cli.tables import heading, people, right, say, table

_WORDS = {
    "roc_auc": "ROC AUC", "pr_auc": "PR AUC", "log_loss": "log-loss", "brier": "Brier score",
    "ece": "calibration error", "mae": "mean absolute error", "correlation": "correlation",
    "total_error": "error in total", "orders_mae": "orders: mean absolute error",
    "orders_correlation": "orders: correlation", "orders_total_error": "orders: error in total",
    "coverage": "within the 90 % interval",
}  # fmt: skip
_BESIDE = {"n", "positives", "params", "log_likelihood", "calibration"}
"""What the demo's summary holds of a prediction beside its metrics."""


def show_report(report: Mapping[str, Any]) -> None:
    """Print the report of a training."""
    trained = datetime.fromisoformat(report["trained_as_of"])
    heading(f"{report['prediction']}, trained as of {trained:%Y-%m-%d %H:%M} UTC")
    say(f"{report['model']}: {learnt_from(report)}")
    if report.get("left_out"):
        say(left_out_words(report["left_out"]))
    people.out("")
    show_metrics(report["metrics"], report.get("baseline") or {})
    if report["params"]:
        told = ", ".join(f"{name} {parameter(value)}" for name, value in report["params"].items())
        likelihood = report.get("log_likelihood")
        people.out("")
        say(told + (f"; log-likelihood {likelihood:,.2f}" if likelihood is not None else ""), hang=2)
    people.out("")
    say(report["verdict"])


def learnt_from(told: Mapping[str, Any]) -> str:
    """The rows that a model learnt from, in words."""
    if told.get("params"):
        return f"learnt from {told['n']:,} people, {told['positives']:,} of them came back"
    return f"learnt from {told['n']:,} rows, {told['positives']:,} of them positive"


def show_metrics(metrics: Mapping[str, Any], baseline: Mapping[str, Any]) -> None:
    """Print metrics, by horizon where there are several."""
    plain = {name: value for name, value in metrics.items() if name not in _BESIDE}
    if plain and all(isinstance(value, Mapping) for value in plain.values()):
        for place, (horizon, inner) in enumerate(plain.items()):
            people.out("\n" * (place > 0) + horizon, highlight=False)
            show_metrics(inner, baseline.get(horizon, {}))
        return
    table(
        ["out of time", right("model"), right("baseline")],
        [(_WORDS.get(name, name), metric(value), metric(baseline.get(name))) for name, value in plain.items()],
    )


def metric(value: Any) -> str:
    """A metric in as many digits as are worth reading; empty where there is none."""
    if value is None or isinstance(value, str | bool):
        return str(value or "")
    return number(value, 0 if isinstance(value, int) else 4 if abs(value) < 100 else 2)


def parameter(value: float) -> str:
    """A parameter in four decimals, a large one in fewer."""
    return f"{value:.4f}" if abs(value) < 1_000 else f"{value:,.0f}"
