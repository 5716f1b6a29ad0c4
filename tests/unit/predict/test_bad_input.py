"""What a training cannot do, and the first line that says so."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest

from foretell import predict
from foretell.clock import from_micros
from foretell.errors import ForetellError
from foretell.predict.binary.boosted import grow, logits
from foretell.predict.binary.judge import MANY
from foretell.predict.binary.logistic import Logistic
from foretell.predict.binary.rows import Rows, finite
from foretell.predict.estimators import BOOSTED
from tests.support.prediction_shop import BOUGHT, CHURN, START, Shop, add, buyers, open_shop

T = START + timedelta(days=300)
HAPPENED = buyers(400, 420, 1)
FIRST = from_micros(int(HAPPENED.ts.min()))
PREDICTIONS: dict[str, dict[str, Any]] = {
    "churn": CHURN,
    "never": {**CHURN, "outcome": {"did": "Moon Landing"}},
    "always": {**CHURN, "outcome": {"did_not": "Moon Landing"}},
    "twenty": {**CHURN, "outcome": {"did": BOUGHT, "sum": "revenue", "gte": 400}},
    "nobody": {**CHURN, "population": {"did": "Moon Landing"}},
    "excluded": {**CHURN, "exclude": {"did": BOUGHT}},
    "far": {**CHURN, "horizon": "290d"},
    "constant": {**CHURN, "features": ["cancelled"]},
    "misnamed": {**CHURN, "features": ["orders_30d", "horoscope"]},
    "strange": {**CHURN, "estimator": "oracle"},
}
CASES: list[tuple[str, datetime, str, str]] = [
    ("never", T, "ONE_CLASS", "over 60d nobody had the outcome in the training windows (prediction never)"),
    ("always", T, "ONE_CLASS", "over 60d everybody had the outcome in the training windows (prediction always)"),
    ("twenty", T, "TOO_FEW_OUTCOMES",
     "over 60d only 4 people had the outcome and 334 did not; 20 of each are needed (prediction twenty)"),
    ("nobody", T, "NOBODY", "the population has nobody as of 2024-10-27 00:00 UTC (prediction nobody)"),
    ("excluded", T, "NOBODY", "the population has nobody as of 2024-10-27 00:00 UTC (prediction excluded)"),
    ("far", T, "TOO_LITTLE_HISTORY", "300 days of history hold no complete window of 290d (prediction far)"),
    ("constant", T, "NOTHING_VARIES", "every feature is the same for everybody (prediction constant)"),
    ("misnamed", T, "UNKNOWN_FEATURE", "there is no feature called 'horoscope' (prediction misnamed)"),
    ("strange", T, "ESTIMATOR_MISSING", "there is no estimator called 'oracle' (prediction strange)"),
    ("churn", FIRST, "NO_HISTORY", f"nothing had happened before {FIRST:%Y-%m-%d %H:%M} UTC (prediction churn)"),
    ("churn", START - timedelta(days=1), "NO_HISTORY",
     "nothing had happened before 2023-12-31 00:00 UTC (prediction churn)"),
    ("churn", FIRST + timedelta(days=70), "TOO_LITTLE_HISTORY",
     "70 days of history hold no complete window of 60d (prediction churn)"),
]  # fmt: skip


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    opened = open_shop(tmp_path_factory.mktemp("shop"), PREDICTIONS)
    add(opened, HAPPENED)
    yield opened
    opened.engine.close()


@pytest.mark.parametrize(("key", "as_of", "code", "line"), CASES, ids=[f"{case[0]}-{case[2]}" for case in CASES])
def test_the_first_line_says_what_is_wrong(shop: Shop, key: str, as_of: datetime, code: str, line: str) -> None:
    with pytest.raises(ForetellError) as refused:
        predict.train(*shop.places, key, as_of=as_of, now=shop.now)
    found = refused.value
    assert (found.code, f"{found.what} ({found.thing})") == (code, line)
    assert str(found).startswith(line)
    assert found.next_step, "there is always something to do about it"


def test_few_outcomes_that_suffice_are_called_rough(shop: Shop) -> None:
    found = predict.train(*shop.places, "churn", as_of=START + timedelta(days=170), now=shop.now)
    rarer = int(found.verdict.split("Only ")[1].split()[0])
    assert 20 <= rarer < MANY
    assert found.verdict.endswith("people of the rarer outcome were learnt from: all numbers are rough.")


def test_what_is_infinite_counts_as_unknown() -> None:
    random = np.random.default_rng(0)
    x = random.normal(size=(600, 3)).astype(np.float32)
    y = (x[:, 0] > 0).astype(float)
    holed, infinite = x.copy(), x.copy()
    holed[::7, 1], infinite[::7, 1] = np.nan, np.inf
    infinite[::14, 1] *= -1
    assert np.array_equal(finite(infinite), holed, equal_nan=True)
    assert finite(x) is x
    people = np.arange(600)
    with_holes, with_infinity = (Rows(values, y, people, people * 0) for values in (holed, infinite))
    one, other = (grow(rows, 20, 1) for rows in (with_holes, with_infinity))
    assert logits(one, holed).tolist() == logits(other, infinite).tolist()
    assert Logistic.fit(with_holes).logits(holed).tolist() == Logistic.fit(with_infinity).logits(infinite).tolist()
    models = [BOOSTED.learnt(BOOSTED.settings[0], rows, 20, 1) for rows in (with_holes, with_infinity)]
    assert models[0].logits(holed).tolist() == models[1].logits(infinite).tolist()
