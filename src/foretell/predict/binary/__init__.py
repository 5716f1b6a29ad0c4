"""Binary predictions: the probability that an outcome comes true within a horizon.

Enters: point-in-time features, outcomes of past windows. Leaves: judged, calibrated models and
probabilities with intervals and reasons. For the room ``predict`` alone.
"""

from __future__ import annotations
