"""From purchase days to histories and average spend, set-wise on Arrow."""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from foretell.errors import ForetellError
from foretell.stats import Floats


def rfm_summary(orders: pa.Table, *, end: date, unit_days: float = 7.0) -> pa.Table:
    """One row for each person with a purchase on or before ``end``; the orders of one day count as one.

    Args:
        orders: ``profile_key`` and ``day`` (date32, local days), optionally ``amount`` (float, major
            units), in any order; days after ``end`` are left out.
        end: last observed day.
        unit_days: days in one model unit (7: weeks).
    Returns: columns of :func:`histories_from_days` led by ``profile_key``, sorted by it; with
        ``amount`` also ``mean_spend``: average of the repeat days' totals, null without repeats.
    """
    seen = orders.filter(pc.less_equal(orders["day"], pa.scalar(end, pa.date32())))
    spend = [("amount", "sum")] if "amount" in orders.column_names else []
    days = seen.group_by(["profile_key", "day"]).aggregate(spend)
    plan = [("day", "min"), ("day", "max"), ("day", "count")]
    people = days.group_by("profile_key").aggregate(
        plan + [("amount_sum", "sum") for _ in spend]
    ).sort_by("profile_key")  # fmt: skip
    table = histories_from_days(
        people["day_min"], people["day_max"], people["day_count"], end=end, unit_days=unit_days
    ).add_column(0, "profile_key", people["profile_key"])
    if not spend:
        return table
    return table.append_column("mean_spend", _mean_repeat_spend(days, people))


def histories_from_days(
    first: pa.ChunkedArray, last: pa.ChunkedArray, days: pa.ChunkedArray, *, end: date, unit_days: float
) -> pa.Table:
    """First and last purchase day (date32), number of distinct purchase days → the model's terms.

    Returns: float64 columns ``repeats`` (x), ``last`` (t_x) and ``age`` (T), times in units of
    ``unit_days``. Raises :class:`ForetellError` ``BAD_UNIT``.
    """
    if not unit_days > 0:
        raise ForetellError("BAD_UNIT", f"a unit of {unit_days:g} days is no unit", next_step="Use e.g. 7 for weeks.")
    begin, latest = _day_numbers(first), _day_numbers(last)
    final = float((end - date(1970, 1, 1)).days)
    count = np.asarray(days.to_numpy(), dtype=np.float64)
    columns = {"repeats": count - 1, "last": (latest - begin) / unit_days, "age": (final - begin) / unit_days}
    return pa.table(columns)


def _day_numbers(days: pa.ChunkedArray) -> Floats:
    """Days since 1970 (rows,)."""
    return np.asarray(days.cast(pa.int32()).to_numpy(), dtype=np.float64)


def _mean_repeat_spend(days: pa.Table, people: pa.Table) -> pa.Array:
    """Average of the daily totals after the first day; null where there are none."""
    firsts = people.select(["profile_key", "day_min"]).rename_columns(["profile_key", "day"])
    opening = firsts.join(days, ["profile_key", "day"]).sort_by("profile_key")["amount_sum"].to_numpy()
    total = people["amount_sum_sum"].to_numpy()
    repeats = people["day_count"].to_numpy() - 1
    mean = (total - opening) / np.maximum(repeats, 1)
    return pa.array(mean, mask=repeats < 1)
