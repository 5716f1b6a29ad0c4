"""What conditions said at many instants of the past, each by what was known then, in a few queries.

Enters: a condition, a grid of instants or people at instants of their own. Leaves: intervals, truth by person and
instant, the first instant at which something came true. For the room ``segment``; offered to ``journey``.
"""

from __future__ import annotations

from foretell.segment.past.crowd import Pairs
from foretell.segment.past.past import Intervals, Past, Watched

__all__ = ["Intervals", "Pairs", "Past", "Watched"]
