"""Net promoter score: the share of 9 and 10 less the share of 0 to 6 (Reichheld, Harvard Business Review 81, 2003)."""

from __future__ import annotations

from foretell.listen.scores.measures.base import Band, Figure, Measure
from foretell.stats import Scale

MEASURE = Measure(
    "nps",
    "Net promoter score",
    0,
    10,
    (
        Figure(
            "nps",
            "Net promoter score",
            "points",
            "CASE WHEN score >= 9 THEN 100 WHEN score < 7 THEN -100 ELSE 0 END",
            Scale(-100, 100, 3),
        ),
        Figure("mean", "Mean", "mean", "score", Scale(0, 10, 11)),
    ),
    (Band("0–6", 0, "bad"), Band("7–8", 7, "rest"), Band("9–10", 9, "good")),
)
