"""Where are churn, value or response unusual? Groups that are found, checked on other people and a later time.

Enters: a :class:`Target` and an instant. Leaves: a :class:`Discovery` with groups as conditions that can be
edited. Groups are looked for by beam search over traits and habits in one half of the people in an earlier
window; what is found is tested on the other half in the later window, and kept where it holds there
(see ``docs/decisions/0013-groups-found-on-one-half-checked-on-the-other.md``). For the room ``segment``.
"""

from __future__ import annotations

from foretell.segment.discovery.discover import Discovery, Group, discover
from foretell.segment.discovery.target import RESPONSE, Target, TargetChoice, target_from, target_of, targets

__all__ = [
    "RESPONSE",
    "Discovery",
    "Group",
    "Target",
    "TargetChoice",
    "discover",
    "target_from",
    "target_of",
    "targets",
]
