"""Propensities: which values of a property people's next events will have ("buys in category X").

Enters: point-in-time features, how people and each value went together before. Leaves: one judged, calibrated
model over all pairs of person and value. For the room ``predict`` alone.
"""

from __future__ import annotations
