"""Customer effort score: how far people agree, 1 to 7, that it was made easy for them (CES 2.0, CEB 2013); the mean,
and the share of 5 to 7."""

from __future__ import annotations

from foretell.listen.scores.measures.base import Band, Figure, Measure
from foretell.stats import Scale

MEASURE = Measure(
    "ces",
    "Customer effort score",
    1,
    7,
    (
        Figure("mean", "Customer effort score", "mean", "score", Scale(1, 7, 7)),
        Figure("easy", "Found it easy (5 to 7)", "share", "CASE WHEN score >= 5 THEN 1 ELSE 0 END", Scale(0, 1, 2)),
    ),
    (Band("1–3", 1, "bad"), Band("4", 4, "rest"), Band("5–7", 5, "good")),
)
