"""What the features of one person take from everybody who is asked about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from foretell.errors import ForetellError
from foretell.predict.features.days import observed_until
from foretell.predict.features.plan import Floats
from foretell.predict.models import BgNbd, Histories

_UNIT = "1w"


@dataclass(frozen=True)
class Crowd:
    """The people of a question as a whole.

    Args:
        today: the day up to which they were observed, in days from 1970-01-01.
        buying: BG/NBD on their order days; None where nobody has bought twice. As a feature it need not have converged.
    """

    today: float
    buying: BgNbd | None

    @classmethod
    def of(cls, rows: pa.Table, as_of: datetime, zone: ZoneInfo) -> Crowd:
        """From columns order_days, first_day, last_day: one row a person, or one a history with the column people.

        Both ways give the same model, since it is fitted on the counts by history. Of a plan that asks nothing about
        orders the rows have no such columns.
        """
        if "order_days" not in rows.column_names:
            return cls(observed_until(as_of, zone, -np.inf), None)
        bought = rows.filter(rows.column("order_days").is_valid())
        days, first, last = (_floats(bought, name) for name in ("order_days", "first_day", "last_day"))
        today = observed_until(as_of, zone, float(last.max()) if last.size else -np.inf)
        if not last.size:
            return cls(today, None)
        people = _floats(bought, "people") if "people" in bought.column_names else None
        try:
            return cls(today, BgNbd.fit(histories_of(days, first, last, today, people), _UNIT))
        except ForetellError:
            return cls(today, None)


def histories_of(
    days: Floats, first: Floats, last: Floats, today: float, people: npt.ArrayLike | None = None
) -> Histories:
    """Histories in weeks from days with an order, and the first and last of them; all arrays (n,)."""
    return Histories.of(days - 1, (last - first) / 7, np.maximum(today - first, last - first) / 7, people)


def _floats(rows: pa.Table, name: str) -> Floats:
    return np.asarray(rows.column(name).cast(pa.float64()).to_numpy(), dtype=np.float64)
