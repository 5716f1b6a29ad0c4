"""Time to an outcome: the chance that it comes true in each stretch of time, for those for whom it has not yet.

Enters: point-in-time features, the instants at which outcomes came true, also of people who are not through yet.
Leaves: judged models, curves that cannot cross themselves, a probability for any horizon, the date to expect. For the
room ``predict`` alone.
"""

from __future__ import annotations
