"""Learning how texts feel from a workspace's own answers: the score beside a text is a label that costs nothing.

Of NPS 0 to 6 are negative, 7 and 8 neutral, 9 and 10 positive; of CSAT and stars 1 and 2, 3, 4 and 5; of CES 1 to 3, 4,
5 to 7. A model is kept only where it says better than the one in use what texts felt that it was not trained on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from foretell.engine import Engine, scratch
from foretell.listen.text.cleaning import plain
from foretell.listen.text.judging import judge
from foretell.listen.text.keeping import keep_sentiment, models_of
from foretell.listen.text.sentiment import Cuts, fit, fit_cuts, folds_of, held_out_margins
from foretell.listen.text.sources import new_texts

LEAST_TEXTS, LEAST_OF_EACH = 200, 30
"""Below so many labelled texts of a language, and so many of its negative and positive ones, nothing is trained."""
MOST_TEXTS = 60_000
_WINDOW = 20_000
_LABELS = """
WITH told AS (
  SELECT text, told, score, coalesce(measure, CASE WHEN survey IN ('nps', 'csat', 'ces', 'stars') THEN survey END,
    CASE WHEN origin = 'review' THEN 'stars' END) AS measure, seq FROM t WHERE score IS NOT NULL
)
SELECT text, told, seq, CASE measure
  WHEN 'nps' THEN CASE WHEN score <= 6 THEN -1 WHEN score < 9 THEN 0 ELSE 1 END
  WHEN 'ces' THEN CASE WHEN score < 4 THEN -1 WHEN score <= 4 THEN 0 ELSE 1 END
  ELSE CASE WHEN score < 3 THEN -1 WHEN score <= 3 THEN 0 ELSE 1 END END AS label
FROM told WHERE measure IS NOT NULL ORDER BY seq"""
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Trained:
    """What a training of one language came to.

    Args:
        texts: labelled texts in the language.
        kept: whether the new model judges from now on.
        reason: why it is, or is not, in words.
        loss, loss_before: mean log loss of the three classes on texts not trained on, of the new model and of the one
            in use; None where there is none.
        accuracy, accuracy_before: share of negative and positive texts on the right side, likewise.
    """

    language: str
    texts: int
    kept: bool
    reason: str
    loss: float | None = None
    loss_before: float | None = None
    accuracy: float | None = None
    accuracy_before: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)


def train(engine: Engine, *, now: datetime, language: str | None = None) -> list[Trained]:
    """Train every language that has enough labelled texts, or one; a line each, by language."""
    labelled = _labelled(engine)
    judged = judge(labelled["text"], models_of(engine), told=labelled["told"]) if labelled.num_rows else None
    named = [] if judged is None else sorted(set(judged["language"].to_pylist()) - {"unknown"})
    found = []
    for one in named if language is None else [language]:
        if judged is None or one not in named:
            found.append(Trained(one, 0, False, "no answer in this language has a score and words"))
            continue
        inside = pc.equal(judged["language"], one)
        found.append(_language(engine, one, labelled.filter(inside), judged.filter(inside), now))
    return found


def _language(engine: Engine, language: str, rows: pa.Table, judged: pa.Table, now: datetime) -> Trained:
    texts, labels = plain(rows["text"]), rows["label"].to_numpy().astype(np.int64)
    few = _too_few(labels)
    if few:
        return Trained(language, len(labels), False, few)
    places = folds_of(texts)
    margins = held_out_margins(texts, labels, places)
    shares = _crossed(margins, labels, places)
    loss, accuracy = _loss(shares, labels), _accuracy(shares, labels)
    before = np.column_stack([judged[name].to_numpy() for name in ("negative", "neutral", "positive")])
    known = ~np.isnan(before[:, 0])
    usual = np.array([(labels == label).mean() for label in (-1, 0, 1)])
    held = np.where(known[:, None], before, usual)
    beside = _loss(held, labels)
    told = {
        "loss": loss, "accuracy": accuracy, "loss_before": beside,
        "accuracy_before": _accuracy(held, labels) if known.any() else None,
    }  # fmt: skip
    if loss >= beside:
        return Trained(language, len(labels), False, "the model in use says it better", **told)
    card = {
        "name": f"own_{language}", "language": language, "trained_at": now.isoformat(),
        "labels": "scores beside answers and reviews", "beside": beside,
    }  # fmt: skip
    keep_sentiment(engine, language, fit(texts, labels, card))
    return Trained(language, len(labels), True, "it says better how texts felt that it was not trained on", **told)


def _too_few(labels: Ints) -> str | None:
    if len(labels) < LEAST_TEXTS:
        return f"{LEAST_TEXTS} labelled texts are needed"
    for name, label in (("negative", -1), ("positive", 1)):
        if (labels == label).sum() < LEAST_OF_EACH:
            return f"{LEAST_OF_EACH} {name} texts are needed"
    return None


def _crossed(margins: Floats, labels: Ints, places: Ints) -> Floats:
    """Probabilities by cuts that were fitted to the other half of the folds."""
    shares = np.zeros((len(labels), 3))
    for half in (0, 1):
        inside = places % 2 == half
        cuts: Cuts = fit_cuts(margins[~inside], labels[~inside])
        shares[inside] = cuts.shares(margins[inside])
    return shares


def _loss(shares: Floats, labels: Ints) -> float:
    return round(float(-np.log(np.maximum(shares[np.arange(len(labels)), labels + 1], 1e-4)).mean()), 5)


def _accuracy(shares: Floats, labels: Ints) -> float:
    polar = labels != 0
    return round(float(((shares[:, 2] > shares[:, 0]) == (labels > 0))[polar].mean()), 5)


def _labelled(engine: Engine) -> pa.Table:
    """``text``, ``told`` (language or null), ``label`` (-1, 0, 1): the latest with a score, each text once."""
    parts = [_with_measure(engine, part) for part in _windows(engine)]
    if not parts:
        return pa.table({"text": pa.array([], pa.string()), "told": pa.array([], pa.string()),
                         "label": pa.array([], pa.int64())})  # fmt: skip
    found = pa.concat_tables(parts)
    return scratch(
        "SELECT text, max(told) AS told, CAST(round(avg(label)) AS BIGINT) AS label FROM f GROUP BY text "
        "ORDER BY max(seq) DESC, text LIMIT $most",
        {"f": found}, {"most": MOST_TEXTS},
    )  # fmt: skip


def _windows(engine: Engine) -> Iterator[pa.Table]:
    since = -(2**62)
    while True:
        part = new_texts(engine, since=since, most=_WINDOW)
        if part.num_rows:
            yield part.filter(pc.is_in(part["origin"], pa.array(["survey", "review"])))
        if part.num_rows < _WINDOW:
            return
        since = pc.max(part["seq"]).as_py()


def _with_measure(engine: Engine, part: pa.Table) -> pa.Table:
    ids = pa.table({"response_id": pc.unique(part["response_id"].drop_null())})
    measures = engine.analytics.query(
        "SELECT s.response_id, min(s.measure) AS measure FROM survey_responses s "
        "JOIN ids i ON i.response_id = s.response_id GROUP BY s.response_id",
        tables={"ids": ids},
    )
    return scratch(_LABELS.replace("FROM t WHERE", "FROM t LEFT JOIN m USING (response_id) WHERE"),
                   {"t": part, "m": measures})  # fmt: skip
