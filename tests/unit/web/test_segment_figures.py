"""What the list of segments says of each: how many, and the means of those who are scored."""

from __future__ import annotations

import pyarrow as pa

from foretell.web.api.segments import Figures, figures_of

INSIDE = pa.table({"segment": ["a", "a", "a", "b"], "profile_key": pa.array([1, 2, 3, 3], pa.int64())})
EVERYBODY = pa.table(
    {
        "profile_key": pa.array([1, 2, 3, 4], pa.int64()),
        "churn": pa.array([0.2, 0.6, None, 0.9]),
        "clv": pa.array([10.0, None, None, 99.0]),
    }
)


def test_means_are_of_those_who_are_scored() -> None:
    assert figures_of(INSIDE, EVERYBODY) == {"a": Figures(3, 0.4, 10.0), "b": Figures(1, None, None)}


def test_nobody_in_any() -> None:
    assert figures_of(INSIDE.slice(0, 0), EVERYBODY) == {}
