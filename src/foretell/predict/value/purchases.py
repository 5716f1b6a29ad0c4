"""Purchases of people as histories: the orders of one local day count as one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from foretell.clock import naive_utc
from foretell.engine import Engine
from foretell.errors import ForetellError
from foretell.money import MICRO
from foretell.predict.features import local_day, observed_until
from foretell.predict.models import Histories
from foretell.stats import Floats


@dataclass(frozen=True)
class Purchases:
    """What each person had bought by an instant; all arrays (n,), in order of profile keys.

    Args:
        mean_spend: average of the repeat days' totals, major units; NaN without repeats.
        total: everything spent, major units.
        days: days with a purchase.
    """

    people: npt.NDArray[np.int64]
    histories: Histories
    mean_spend: Floats
    total: Floats
    days: Floats


class PurchaseLog:
    """Reads the purchases that a value prediction is about.

    Args:
        value: the document's ``value``: event name and the property that is summed.
        unit_days: days in one model unit.
    """

    def __init__(self, engine: Engine, value: Mapping[str, Any], zone: ZoneInfo, unit_days: float, thing: str) -> None:
        self._analytics = engine.analytics
        self._event = str(value["did"])
        self._zone = zone
        self._unit_days = unit_days
        column = engine.log.properties().of(str(value["sum"]))
        if column is None or column.array is not None:
            raise ForetellError(
                "UNKNOWN_PROPERTY" if column is None else "PROPERTY_IN_ARRAY",
                f"{value['sum']!r} is no number that {self._event!r} has",
                thing=thing,
                next_step="Sum a property of the event itself, such as revenue.",
            )
        self._number = column.number

    def until(self, people: pa.Table, as_of: datetime) -> Purchases:
        """Purchases of ``people`` (column profile_key) up to ``as_of``, known then; others are left out."""
        rows = self._query(people, "e.ts <= $until", {"until": naive_utc(as_of), "known_at": naive_utc(as_of)}, as_of)
        first, last, days = (_floats(rows, name) for name in ("first_day", "last_day", "days"))
        end = observed_until(as_of, self._zone, float(last.max()) if last.size else -np.inf)
        repeats = days - 1
        histories = Histories.of(
            repeats, (last - first) / self._unit_days, np.maximum(end - first, last - first) / self._unit_days
        )
        spend = np.full(days.size, np.nan)
        np.divide(_floats(rows, "repeat_micro") / MICRO, repeats, out=spend, where=repeats > 0)
        return Purchases(_keys(rows), histories, spend, _floats(rows, "micro") / MICRO, days)

    def between(self, people: npt.NDArray[np.int64], after: datetime, until: datetime) -> tuple[Floats, Floats]:
        """Days with a purchase and money spent in ``(after, until]`` for each of ``people`` (n,)."""
        window = {"after": naive_utc(after), "until": naive_utc(until), "known_at": naive_utc(until)}
        asked = pa.table({"profile_key": people})
        rows = self._query(asked, "e.ts > $after AND e.ts <= $until", window, until)
        place = np.searchsorted(people, _keys(rows))
        days, spent = np.zeros(people.size), np.zeros(people.size)
        days[place], spent[place] = _floats(rows, "days"), _floats(rows, "micro") / MICRO
        return days, spent

    def _query(self, people: pa.Table, window: str, values: Mapping[str, object], as_of: datetime) -> pa.Table:
        sql = f"""
WITH bought AS (
  SELECT e.profile_key, {local_day("e.ts", self._zone, as_of)} AS day, coalesce(e.{self._number}, 0) AS micro
  FROM log_events e JOIN people p ON p.profile_key = e.profile_key
  WHERE e.event = $event AND {window} AND e.known_at <= $known_at
), days AS (
  SELECT profile_key, day, CAST(sum(micro) AS BIGINT) AS micro FROM bought GROUP BY profile_key, day
), marked AS (
  SELECT profile_key, day, micro, min(day) OVER (PARTITION BY profile_key) AS first_day FROM days
)
SELECT profile_key, min(day) AS first_day, max(day) AS last_day, count(*) AS days,
  CAST(sum(micro) AS BIGINT) AS micro,
  CAST(sum(CASE WHEN day > first_day THEN micro ELSE 0 END) AS BIGINT) AS repeat_micro
FROM marked GROUP BY profile_key ORDER BY profile_key"""
        params = {**values, "event": self._event}
        return self._analytics.query(sql, params, {"people": people.select(["profile_key"])})


def _floats(rows: pa.Table, name: str) -> Floats:
    return np.asarray(rows.column(name).cast(pa.float64()).to_numpy(), dtype=np.float64)


def _keys(rows: pa.Table) -> npt.NDArray[np.int64]:
    return np.asarray(rows.column("profile_key").to_numpy(), dtype=np.int64)
