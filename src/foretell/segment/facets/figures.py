"""Figures of what people did: how often an event in a window, or what it came to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from foretell.clock import naive_utc
from foretell.condition import Reader, parse_measure
from foretell.predict import DONE_BY_PEOPLE
from foretell.segment.facets.people import Rows

ORDER, MONEY = "Order Completed", "revenue"
_MICRO = 1_000_000.0
_COMMON = """
SELECT e.event, count(DISTINCT e.profile_key) AS people FROM log_events e JOIN rows_asked r
ON r.profile_key = e.profile_key
WHERE e.ts <= $as_of AND e.known_at <= $as_of AND e.ts > $since AND e.event IS NOT NULL
  AND ({done} OR e.event = 'Session Ended')
GROUP BY e.event ORDER BY people DESC, e.event LIMIT $most"""


@dataclass(frozen=True)
class Figure:
    """A number a person, as a measure of the condition language.

    Args:
        raw: as it is written: ``{did: Order Completed, within: 90d}``, with ``sum: revenue`` for money.
        words: what it says.
    """

    raw: Mapping[str, Any]
    words: str

    @property
    def name(self) -> str:
        """One word for all figures of the same event and property, whatever their window."""
        return f"{self.raw['did']}:{self.raw.get('sum', '')}"

    @property
    def money(self) -> bool:
        """Whether it is an amount (major units)."""
        return "sum" in self.raw

    @property
    def event(self) -> Mapping[str, Any]:
        """Event and window, to which a test is added."""
        return {name: self.raw[name] for name in ("did", "within") if name in self.raw}


def common_figures(reader: Reader, rows: Rows, *, as_of: datetime, since: datetime, windows: Sequence[str],
                   most: int) -> list[Figure]:  # fmt: skip
    """Figures of the things that most of ``rows`` did themselves in ``(since, as_of]``, known then: counts over each of
    ``windows``, and what orders came to.

    Args:
        most: so many events at most.
    """
    asked = {"as_of": naive_utc(as_of), "since": naive_utc(since), "most": most}
    sql = _COMMON.format(done=DONE_BY_PEOPLE)
    events = reader.analytics.query(sql, asked, {"rows_asked": rows.table})["event"].to_pylist()
    figures = [
        Figure({"did": event, "within": window}, f"{event} in the last {window}")
        for event in events for window in windows
    ]  # fmt: skip
    if ORDER in events:
        figures += [
            Figure({"did": ORDER, "within": window, "sum": MONEY}, f"{MONEY} of {ORDER} in the last {window}")
            for window in windows
        ]
    return figures


def figure_values(
    reader: Reader, figure: Figure, rows: Rows, *, as_of: datetime, known_at: datetime | None = None
) -> npt.NDArray[np.float64]:
    """The figure of each row (n,), 0 where there is nothing; amounts in major units."""
    query = reader.measure_sql(parse_measure(dict(figure.raw)), as_of=as_of, known_at=known_at)
    values = rows.spread(reader.analytics.query(query), "value")
    return values / _MICRO if figure.money else values
