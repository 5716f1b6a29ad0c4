"""Customer satisfaction: the share of the two best answers of five, and the mean."""

from __future__ import annotations

from foretell.listen.scores.measures.base import Band, Figure, Measure
from foretell.stats import Scale

MEASURE = Measure(
    "csat",
    "Customer satisfaction",
    1,
    5,
    (
        Figure("top_two", "Satisfied (4 or 5)", "share", "CASE WHEN score >= 4 THEN 1 ELSE 0 END", Scale(0, 1, 2)),
        Figure("mean", "Mean", "mean", "score", Scale(1, 5, 5)),
    ),
    (Band("1–2", 1, "bad"), Band("3", 3, "rest"), Band("4–5", 4, "good")),
)
