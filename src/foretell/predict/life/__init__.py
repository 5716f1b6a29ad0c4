"""The life of a model: what it was trained on, whether the world moved away from it, which model is in use.

Enters: models, stored scores, what came true since. Leaves: references on model cards, rows of ``model_checks``,
decisions about which model scores, comparisons of runs. For the room ``predict`` alone.
"""

from __future__ import annotations
