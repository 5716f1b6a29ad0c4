"""Is a segment still good? When it is looked at again, what was decided, and what has drifted since.

Enters: segments, their reviews (kept as rows), an instant. Leaves: the list of what is due, a
:class:`Review` that is recorded, a :class:`Drift` report with advice. This package alone writes
``segment_reviews``. For the room ``segment``.
"""

from __future__ import annotations

from foretell.segment.reviews.advice import Advice, Reason
from foretell.segment.reviews.against import Against, Standing
from foretell.segment.reviews.composition import Composition, Part
from foretell.segment.reviews.drift import Drift, LostTo, OverlapThen, drift
from foretell.segment.reviews.due import Due, review_list
from foretell.segment.reviews.rows import DECISIONS, Decision, Review, record_review, review_history

__all__ = [
    "DECISIONS",
    "Advice",
    "Against",
    "Composition",
    "Decision",
    "Drift",
    "Due",
    "LostTo",
    "OverlapThen",
    "Part",
    "Reason",
    "Review",
    "Standing",
    "drift",
    "record_review",
    "review_history",
    "review_list",
]
