"""What became of the rows of a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Tally:
    """Counts; every row is in exactly one of ``mapped``, ``skipped`` and ``quarantined``.

    Args:
        rows: rows or lines read.
        events: events made of them.
        quarantined: rows that went to quarantine.
        mapped: mapping → (events, rows).
        skipped: name of the filter → rows.
    """

    rows: int = 0
    events: int = 0
    quarantined: int = 0
    mapped: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    skipped: Mapping[str, int] = field(default_factory=dict)

    def plus(self, other: Tally) -> Tally:
        """Both together."""
        mapped = dict(self.mapped)
        for name, (events, rows) in other.mapped.items():
            before = mapped.get(name, (0, 0))
            mapped[name] = (before[0] + events, before[1] + rows)
        skipped = dict(self.skipped)
        for name, count in other.skipped.items():
            skipped[name] = skipped.get(name, 0) + count
        return Tally(
            self.rows + other.rows,
            self.events + other.events,
            self.quarantined + other.quarantined,
            mapped,
            skipped,
        )
