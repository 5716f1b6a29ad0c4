"""Numeric outcomes: how many events, or how much of something, people will have within a horizon.

Enters: point-in-time features, amounts of past windows. Leaves: judged models, expected amounts with intervals that
hold as often as they say, and reasons. For the room ``predict`` alone.
"""

from __future__ import annotations
