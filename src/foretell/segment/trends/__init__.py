"""How a segment's size went: at past instants, who joined, who left, who stayed.

Enters: a segment, a grid of instants. Leaves: a :class:`Trend`. Counts of past instants are kept in
``segment_points``. For the room ``segment``.
"""

from __future__ import annotations

from foretell.segment.trends.grid import weeks_until
from foretell.segment.trends.points import Trend, TrendPoint, trend, trends

__all__ = ["Trend", "TrendPoint", "trend", "trends", "weeks_until"]
