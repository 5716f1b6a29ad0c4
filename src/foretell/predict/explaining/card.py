"""The model card: what a model foresees of whom, how well, and what it cannot know; every number from its report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from foretell.predict.explaining.card_limits import limits, parts_of, sources
from foretell.predict.explaining.writing import bounds, listed, number, numbered, said_share

Report = Mapping[str, Any]
CARD_FILE = "card.md"
"""The card among a model's files, to be read without anything."""
_METRICS = {
    "roc_auc": "ranking (AUC)", "pr_auc": "precision over recall (PR AUC)", "log_loss": "log-loss",
    "brier": "Brier score", "ece": "calibration error", "mae": "mean absolute error", "rmse": "root of squared error",
    "correlation": "correlation", "total_error": "error of the total", "coverage": "share within the interval",
    "interval_width": "width of the interval", "orders_mae": "mean absolute error in orders",
    "orders_correlation": "correlation in orders", "orders_total_error": "error of the total of orders",
}  # fmt: skip


@dataclass(frozen=True)
class Section:
    """A part of a card.

    Args:
        text: paragraphs.
        rows: a table, each row with the same columns.
    """

    title: str
    text: tuple[str, ...] = ()
    rows: tuple[Mapping[str, str], ...] = ()


@dataclass(frozen=True)
class ModelCard:
    """A model's card; see :func:`model_card`."""

    prediction: str
    model: str
    title: str
    sections: tuple[Section, ...] = field(default=())

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        sections = [
            {"title": one.title, "text": list(one.text), "rows": [dict(row) for row in one.rows]}
            for one in self.sections
        ]
        return {"prediction": self.prediction, "model": self.model, "title": self.title, "sections": sections}

    def markdown(self) -> str:
        """The card as a document."""
        return "\n".join(line for part in self._lines() for line in part).rstrip() + "\n"

    def _lines(self) -> Iterator[Sequence[str]]:
        yield (f"# {self.title}", "", f"Prediction `{self.prediction}`, model `{self.model}`.", "")
        for one in self.sections:
            yield (f"## {one.title}", "")
            for paragraph in one.text:
                yield (paragraph, "")
            if one.rows:
                yield (*_table(one.rows), "")


def model_card(report: Report) -> ModelCard:
    """The card of a training's report (:meth:`TrainingReport.as_dict`), from it alone."""
    about = report.get("about") or {}
    title = f"{about.get('title') or report['prediction']}: model card"
    sections = [
        _foreseen(report, about), _data(report, about), _quality(report), _calibration(report), _groups(report),
        _drivers(report), _tried(report), Section("Limits", tuple(limits(report))), _origin(report, about),
    ]  # fmt: skip
    return ModelCard(report["prediction"], report["model"], title, tuple(one for one in sections if one is not None))


def _foreseen(report: Report, about: Report) -> Section:
    unit = {"probability": "A score is a probability from 0 to 1.", "count": "A score is an expected number."}
    money = f"A score is an expected amount in {about.get('currency', 'the currency of the workspace')}."
    text = [unit.get(str(about.get("foresees")), money)]
    if about:
        text.insert(0, f"Foreseen: {about['outcome'].rstrip('.')}, over {listed(about['horizons'])}.")
    return Section("What it foresees", (*text, str(report["verdict"])))


def _data(report: Report, about: Report) -> Section:
    text = []
    if about:
        people = numbered(int(about["people"]), "person is", "people are")
        text.append(
            f"About whom: {about['population'].rstrip('.')}. {people} in this population at the time of training."
        )
        if about["exclude"]:
            text.append(f"Left out by the document: {about['exclude'].rstrip('.')}.")
        text.append(f"Data: events from {about['history_from'][:10]} to {report['trained_as_of'][:10]}.")
    for reason, people in report["left_out"].items():
        text.append(f"Left out because of their own choice or a restriction ({reason}): {people:,}.")
    spoken = {
        "value": f"It learnt from {report['n']:,} people; {report['positives']:,} bought again.",
        "numeric": f"It learnt from {report['n']:,} people at past instants; {report['positives']:,} had an amount.",
    }
    usual = f"It learnt from {report['n']:,} people at past instants; for {report['positives']:,} the outcome came true"
    text.append(spoken.get(report["kind"], f"{usual} over the shortest horizon."))
    text += [_window(horizon, part["split"]) for horizon, part in parts_of(report).items()]
    return Section("Data and population", tuple(text))


def _window(horizon: str, split: Report) -> str:
    origins = split.get("origins") or []
    seen = f" from {str(origins[0])[:10]} to {str(origins[-1])[:10]}" if origins else ""
    how = {
        "people": "judged on other people of overlapping windows",
        "folds": "judged on parts of the people, each by a model of the others",
    }
    by = how.get(str(split.get("by")), "judged on what came after this instant, before which it had learnt")
    test = f"; tested as of {str(split['test'])[:10]}, {by}" if split.get("test") else ""
    return f"{horizon}: {numbered(len(origins), 'instant', 'instants')}{seen}{test}."


def _quality(report: Report) -> Section:
    rows = []
    for horizon, metrics, baseline in _by_horizon(report, report["metrics"], report["baseline"]):
        for name, value in metrics.items():
            if isinstance(value, int | float) and name in _METRICS:
                rows.append(
                    {
                        "horizon": horizon,
                        "measure": _METRICS[name],
                        "model": number(value),
                        "baseline": number(baseline.get(name)),
                    }
                )
    what = {
        "binary": "The baseline is a logistic regression on the same features.",
        "numeric": "The baseline is: as much as in the window before.",
    }
    text = ["How good it is on people, or at a time, that it did not learn from."]
    if any(row["baseline"] != "—" for row in rows):
        text.append(what.get(report["kind"], "The baseline is the simplest model of the same thing."))
    return Section("Quality", tuple(text), tuple(rows))


def _calibration(report: Report) -> Section | None:
    found = [
        (horizon, part) for horizon, part, _ in _by_horizon(report, report["calibration"], {}) if "calibrated" in part
    ]
    if not found:
        return None
    rows = tuple(_calibrated(horizon, part) for horizon, part in found)
    bad = [horizon for horizon, part in found if not part["calibrated"]]
    if not bad:
        text = "On the test window the probabilities could be taken at their word."
        return Section("Calibration and season", (text,), rows)
    text = f"Not calibrated for this season: {listed(bad)}. The order of people holds, the numbers do not."
    then = (
        "Bands and journeys that act from a probability such as 70 % on stay quiet until somebody accepts that in the "
        "document: accept_uncalibrated, with the reason."
    )
    return Section("Calibration and season", (text, then), rows)


def _calibrated(horizon: str, part: Report) -> dict[str, str]:
    at = part.get("at_70_percent") or {}
    found = "nobody" if not at.get("n") else (
        f"{at['n']:,} people: mean probability {said_share(at['mean_probability'])}, came true "
        f"{bounds(at['precision'], at['precision_low'], at['precision_high'])}"
    )  # fmt: skip
    return {
        "horizon": horizon,
        "calibrated": "yes" if part["calibrated"] else "no",
        "error": number(part["ece"]),
        "chance explains": number(part["ece_expected_at_most"]),
        "base rate in training": said_share(part["base_rate_train"]),
        "base rate in the test": said_share(part["base_rate_test"]),
        "at 70 % and more": found,
    }


def _groups(report: Report) -> Section | None:
    rows, off = [], []
    for horizon, part in (report.get("explained") or {}).items():
        for group in part["groups"]:
            if group["off"]:
                off.append(f"{group['title']} ({horizon})")
            rows.append(_group(horizon, group))
    if not rows:
        return None
    text = (
        f"Further off than chance explains, with so many groups looked at: {listed(off)}."
        if off
        else "In no group are the probabilities further off than chance explains, with so many groups looked at."
    )
    least = "Groups of fewer than 200 tested people, or fewer than 20 with or without the outcome, are not judged."
    return Section("Segments and personas", (text, least), tuple(rows))


def _group(horizon: str, group: Report) -> dict[str, str]:
    return {
        "horizon": horizon,
        "group": f"{group['title']} ({group['kind']})",
        "people": f"{group['n']:,}",
        "came true": bounds(group["base_rate"], group["base_rate_low"], group["base_rate_high"]),
        "mean probability": said_share(group["mean_p"]),
        "AUC": f"{number(group['roc_auc'])} ({number(group['roc_auc_low'])} to {number(group['roc_auc_high'])})",
        "Brier score": f"{number(group['brier'])} ({number(group['brier_low'])} to {number(group['brier_high'])})",
        "off": "yes" if group["off"] else "no",
    }


def _drivers(report: Report) -> Section | None:
    rows = []
    for horizon, part in (report.get("explained") or {}).items():
        for driver in part["drivers"][:10]:
            rows.append(
                {
                    "horizon": horizon,
                    "feature": driver["text"],
                    "part of all that moves scores": said_share(driver["share"]),
                    "a higher value": "raises the score" if driver["rises"] else "lowers the score",
                }
            )
    if not rows:
        return None
    text = "Mean absolute part of the log-odds by feature (TreeSHAP). What goes with an outcome need not cause it."
    return Section("What moves the scores", (text,), tuple(rows))


def _tried(report: Report) -> Section | None:
    rows = []
    for horizon, part in parts_of(report).items():
        tuning = part.get("tuning") or {}
        chosen = (tuning.get("chosen") or {}).get("name")
        for one in tuning.get("candidates") or []:
            name = one["setting"]["name"]
            rows.append(
                {
                    "horizon": horizon,
                    "setting": name,
                    "steps": f"{one['rounds']:,}",
                    "log-loss": number(one["log_loss"]),
                    "chosen": "yes" if name == chosen else "no",
                }
            )
    if not rows:
        return None
    return Section("What was tried", ("Settings were chosen before the test was looked at.",), tuple(rows))


def _origin(report: Report, about: Report) -> Section:
    versions = listed([f"{name} {number}" for name, number in (about.get("versions") or {}).items()])
    text = [f"Trained as of {report['trained_as_of']} with seed {report['seed']}."]
    if versions:
        text.append(f"Made with {versions}. The same data, document, instant and seed give the same model.")
    return Section("Where it comes from", (*text, *sources(about)))


def _by_horizon(report: Report, one: Any, other: Any) -> Iterator[tuple[str, Report, Report]]:
    """(horizon, part of ``one``, part of ``other``): parts stand by horizon where there are several."""
    horizons = list(parts_of(report)) or [""]
    if len(horizons) == 1:
        yield horizons[0], one or {}, other or {}
        return
    for horizon in horizons:
        yield horizon, (one or {}).get(horizon, {}), (other or {}).get(horizon, {})


def _table(rows: Sequence[Mapping[str, str]]) -> list[str]:
    names = list(rows[0])
    lines = [[row[name].replace("|", "\\|") for name in names] for row in rows]
    return [f"| {' | '.join(cells)} |" for cells in (names, ["---"] * len(names), *lines)]
