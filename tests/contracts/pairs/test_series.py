"""Series of one's own are read the same on every pair of stores."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from foretell import collect
from foretell.predict.features import compute_at, plan_for
from tests.support.features_shop import AS_OF, everybody, load, opened, person, told, values

PRICES = """\
kind: table
key: prices
spec:
  row_key: [region, day]
  series: {date: day, by: {region: region}, known_after: 6h}
  columns: {region: string, day: date, price: number}
"""


def test_a_series_is_read_the_same(tmp_path: Path, pair: str) -> None:
    with opened(tmp_path, tables__prices=PRICES) as shop:
        load(shop, "people", [told("ann", 90, region="North"), told("bob", 90, region="South")])
        rows = [
            {"region": region, "day": (AS_OF - timedelta(days=days)).date().isoformat(), "price": days / 4 + extra}
            for region, extra in (("north", 0), ("SOUTH", 100))
            for days in range(60)
        ]
        collect.load_rows(shop.engine, shop.workspace.catalog, "prices", rows, now=AS_OF + timedelta(days=1))
        plan = plan_for(
            shop.engine.analytics, everybody(shop), AS_OF, (30.0,), currency="EUR", zone="UTC", wanted=["series"],
            columns=shop.engine.log.properties(), series=collect.series_of(shop.workspace.catalog),
        )  # fmt: skip
        earlier = AS_OF - timedelta(days=20)
        found = compute_at(shop.engine.analytics, plan, [(at, everybody(shop)) for at in (AS_OF, earlier)])
        name = "series:prices.price"
        for user, extra in (("ann", 0.0), ("bob", 100.0)):
            for at, first in ((AS_OF, 1), (earlier, 21)):
                told_of = values(found[at], person(shop, user))
                week, before = np.arange(first, 27 if first > 1 else 7), np.arange(first + 6, first + 29)
                expected = {
                    name: first / 4 + extra, f"{name}:7d": week.mean() / 4 + extra,
                    f"{name}:before_7d": before.mean() / 4 + extra,
                }  # fmt: skip
                assert {one: told_of[one] for one in expected} == pytest.approx(expected), pair
