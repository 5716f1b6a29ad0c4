"""Foretell: open, self-hosted customer experience management.

The package is a house of rooms in the order in which data flows; ``docs/house.md`` is its map.
"""

from __future__ import annotations

__version__ = "0.1.0"
