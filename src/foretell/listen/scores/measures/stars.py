"""Stars, 1 to 5: the mean, and the share of 4 and 5."""

from __future__ import annotations

from foretell.listen.scores.measures.base import Band, Figure, Measure
from foretell.stats import Scale

MEASURE = Measure(
    "stars",
    "Stars",
    1,
    5,
    (
        Figure("mean", "Stars", "mean", "score", Scale(1, 5, 5)),
        Figure("top_two", "4 or 5 stars", "share", "CASE WHEN score >= 4 THEN 1 ELSE 0 END", Scale(0, 1, 2)),
    ),
    (Band("1–2", 1, "bad"), Band("3", 3, "rest"), Band("4–5", 4, "good")),
)
