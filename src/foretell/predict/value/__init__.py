"""Value predictions: what people are expected to spend within a horizon.

Enters: purchases from the event log. Leaves: fitted repeat-buying and spending models, expected
values with intervals. For the room ``predict`` alone.
"""

from __future__ import annotations
