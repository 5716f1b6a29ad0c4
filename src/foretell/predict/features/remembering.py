"""Features that are asked for twice in one piece of work are computed once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime

import numpy as np
import pyarrow as pa

from foretell.predict.features.plan import FeaturePlan, Matrix

MOST_PEOPLE = 25_000
"""Of more people it is not worth the memory."""
_Key = tuple[int, datetime, bytes]
_KEPT: ContextVar[dict[_Key, tuple[FeaturePlan, Matrix]] | None] = ContextVar("kept_features", default=None)


@contextmanager
def remembered() -> Iterator[None]:
    """Within the block the features of the same people, plan and instant are computed once."""
    before = _KEPT.set({})
    try:
        yield
    finally:
        _KEPT.reset(before)


def once(plan: FeaturePlan, people: pa.Table, as_of: datetime, make: Callable[[], Matrix]) -> Matrix:
    """What ``make`` gives, or gave before in this block.

    Args:
        people: column profile_key.
    """
    kept = _KEPT.get()
    if kept is None or people.num_rows > MOST_PEOPLE:
        return make()
    key = id(plan), as_of, np.asarray(people["profile_key"].to_numpy()).tobytes()
    if key not in kept:
        kept[key] = plan, make()  # the plan is held too, so that no other takes its id
    return kept[key][1]
