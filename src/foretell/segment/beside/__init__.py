"""How segments lie beside each other, and what they are used in.

Enters: who is in which segment, the documents. Leaves: an :class:`OverlapMatrix`, the uses of each
segment, the segments nobody uses. For the room ``segment``.
"""

from __future__ import annotations

from foretell.segment.beside.overlap import Overlap, OverlapMatrix, overlap
from foretell.segment.beside.uses import Unused, Use, title_of, unused, uses

__all__ = ["Overlap", "OverlapMatrix", "Unused", "Use", "overlap", "title_of", "unused", "uses"]
