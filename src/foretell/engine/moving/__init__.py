"""Carrying a workspace from one store to another: everything that lies there, with the proof that it arrived.

Enters: an opened workspace (nobody else works on it) and where its stores shall stand. Leaves: the same workspace
there, and a :class:`MoveReport`. The source stays as it is; which stores a workspace has is changed by whoever calls,
when all is proven. A move that was cut off goes on where it was.
"""

from __future__ import annotations

from foretell.engine.moving.moving import counted, move
from foretell.engine.moving.proof import MoveReport, Proof

__all__ = ["MoveReport", "Proof", "counted", "move"]
