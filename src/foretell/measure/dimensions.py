"""By what a KPI is split: calendar steps, segments, a trait's values; and whom a segment limits it to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from foretell.clock import naive_utc
from foretell.condition import Reader, parse
from foretell.definitions import Catalog
from foretell.engine import Analytics
from foretell.errors import UsageError
from foretell.measure.kpi_document import SegmentAt
from foretell.measure.kpi_rows import Selection
from foretell.measure.periods import GRAINS, Period

TRAIT = "trait:"
WITHOUT = "(none)"
MAX_GROUPS = 100


@dataclass(frozen=True)
class Split:
    """What was asked for with ``by``.

    Args:
        grain: ``month``, ``week``, ``day`` or None.
        segments: True to split by the workspace's segments.
        trait: name of the trait to split by, or empty.
    """

    grain: str | None = None
    segments: bool = False
    trait: str = ""

    @property
    def grouped(self) -> bool:
        """True where people are split into groups."""
        return self.segments or bool(self.trait)


def split_of(by: Iterable[str]) -> Split:
    """Read dimensions such as ``month``, ``segment``, ``trait:country``; at most one step and one group."""
    grain, segments, trait = None, False, ""
    for name in by:
        if name in GRAINS and grain is None:
            grain = name
        elif name == "segment" and not (segments or trait):
            segments = True
        elif name.startswith(TRAIT) and len(name) > len(TRAIT) and not (segments or trait):
            trait = name.removeprefix(TRAIT)
        else:
            raise UsageError(
                "BAD_DIMENSION",
                f"a KPI cannot be split by {name!r} here",
                next_step="Use one of month, week, day, and one of segment, trait:NAME.",
            )
    return Split(grain, segments, trait)


def instant_of(period: Period, segment_at: SegmentAt, now: datetime) -> datetime:
    """The instant of ``period`` at which membership is taken."""
    if segment_at == "now":
        return now
    return period.start if segment_at == "start" else period.last_instant


@dataclass(frozen=True)
class People:
    """Finds people by segment and trait, all through the one meaning of conditions."""

    analytics: Analytics
    reader: Reader
    catalog: Catalog

    def selection(self, split: Split, segment: str | None, at: datetime) -> Selection:
        """Whom to count, as of ``at``."""
        limits = () if segment is None else (self._segment(segment, at),)
        if split.segments:
            keys = [document.key for document in self.catalog.all("segment")]
            if not keys:
                raise UsageError("NO_SEGMENTS", "there is no segment", next_step="Write one into segments/.")
            return Selection(limits, {key: self._segment(key, at) for key in keys})
        return Selection(limits, self._by_trait(split.trait, at) if split.trait else {})

    def known(self, at: datetime) -> str:
        """SQL of the people with a known identifier by ``at``."""
        instant = naive_utc(at).isoformat(" ", "microseconds")
        return f"SELECT profile_key FROM log_sightings WHERE known AND ts <= TIMESTAMP '{instant}'"

    def _segment(self, key: str, at: datetime) -> str:
        self.catalog.get("segment", key)
        return self.reader.sql(parse({"segment": key}), as_of=at, of="all")

    def _by_trait(self, name: str, at: datetime) -> Mapping[str, str]:
        groups = {
            _label(value): self.reader.sql(parse({"trait": name, "is": value}), as_of=at, of="all")
            for value in self._values(name)
        }
        without = parse({"trait": name, "exists": False})
        return {**groups, WITHOUT: self.reader.sql(without, as_of=at, of="all")}

    def _values(self, name: str) -> list[str | float]:
        """The values that a trait ever had; numbers that were sent as numbers come as numbers."""
        found = self.analytics.query(
            "SELECT s, n FROM log_traits WHERE trait = $trait AND (s IS NOT NULL OR n IS NOT NULL) "
            f"GROUP BY s, n ORDER BY s, n LIMIT {MAX_GROUPS + 1}",
            {"trait": name},
        )
        if found.num_rows == 0:
            raise UsageError(
                "UNKNOWN_TRAIT", f"no person ever had the trait {name!r}", next_step="Check the trait's name."
            )
        if found.num_rows > MAX_GROUPS:
            raise UsageError(
                "TOO_MANY_GROUPS",
                f"the trait {name!r} has more than {MAX_GROUPS} values",
                next_step="Split by segments that put its values together.",
            )
        values = [row["s"] if row["s"] is not None else row["n"] / 1e6 for row in found.to_pylist()]
        return list(dict.fromkeys(values))


def _label(value: str | float) -> str:
    if isinstance(value, str):
        return value
    return str(int(value)) if value.is_integer() else str(value)
