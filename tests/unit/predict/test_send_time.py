"""Best hours and channels: on people's own clocks, from their own clicks, else from people like them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from foretell import predict
from foretell.clock import micros
from foretell.errors import ForetellError
from foretell.predict.send_time.habits import habits
from foretell.predict.send_time.kept import refresh_send_times, send_times_due
from tests.support.prediction_shop import START, Happened, Shop, add, open_shop

T = START + timedelta(days=120)
HOUR_US = 3_600_000_000
EARLY, LATE, SILENT, TRAVELLER, NOBODY = 1, 2, 3, 4, 999


def _happened() -> Happened:
    """Forty people click at 20 o'clock UTC; one at 7, one clicks nothing, one lives in New York."""
    rows: list[tuple[int, int, str]] = []
    start = micros(START)
    for day in range(1, 119):
        at = start + day * 24 * HOUR_US
        if day % 3 == 0:
            rows += [(person, at + 20 * HOUR_US, "Email Link Clicked") for person in range(10, 50) if day % 2 == 0]
            rows += [(EARLY, at + 7 * HOUR_US, "Email Link Clicked"), (LATE, at + 20 * HOUR_US, "Email Link Clicked")]
            rows.append((TRAVELLER, at + 13 * HOUR_US, "Email Link Clicked"))
            rows += [(person, at + 6 * HOUR_US, "Email Delivered") for person in (EARLY, LATE, SILENT, *range(10, 50))]
            rows += [(SILENT, at + 6 * HOUR_US, "SMS Sent"), (EARLY, at + 9 * HOUR_US, "Email Opened")]
    people, ts, event = zip(*rows, strict=True)
    return Happened(np.array(people), np.array(ts), np.array(event), np.zeros(len(rows), np.int64))


def _opened(folder: Path) -> Shop:
    opened = open_shop(folder, {})
    add(opened, _happened())
    stamp = pa.array([micros(START)]).cast(pa.timestamp("us"))
    told = {"seq": [1], "node_key": [TRAVELLER], "ts": stamp, "known_at": stamp, "trait": ["timezone"]}
    rest = {"s": ["America/New_York"], "n": pa.array([None], pa.int64()), "source": ["test"]}
    opened.engine.publish("test", {"trait_values": pa.table({**told, **rest})}, now=opened.now)
    return opened


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A shop whose send times are worked out."""
    opened = _opened(tmp_path_factory.mktemp("shop"))
    refresh_send_times(opened.engine, opened.catalog, now=T)
    yield opened
    opened.engine.close()


def test_they_are_worked_out_once_a_day_and_until_then_that_is_said(tmp_path: Path) -> None:
    fresh = _opened(tmp_path)
    with pytest.raises(ForetellError, match="worked out yet"):
        predict.person_send_time(fresh.engine, EARLY)
    assert send_times_due(fresh.engine, now=T) == T
    made = refresh_send_times(fresh.engine, fresh.catalog, now=T)
    assert made is not None
    assert made.judged["log_loss"] < made.judged["everybody"] < made.judged["any_hour"]
    assert refresh_send_times(fresh.engine, fresh.catalog, now=T) is None, "once a day"
    assert send_times_due(fresh.engine, now=T) == T + timedelta(days=1)
    fresh.engine.close()


def test_everybody_has_an_hour_of_their_own_clock(shop: Shop) -> None:
    asked = pa.table({"profile_key": [NOBODY, TRAVELLER, SILENT, LATE, EARLY]})
    found = predict.best_hour(shop.engine, asked).to_pylist()
    assert {row["profile_key"]: row["hour"] for row in found} == {
        EARLY: 7, LATE: 20, SILENT: 20, TRAVELLER: 8, NOBODY: 20,
    }  # fmt: skip
    own = {row["profile_key"]: row["own"] for row in found}
    assert own[EARLY] > 30
    assert own[SILENT] == own[NOBODY] == 0


def test_new_york_keeps_its_own_hours_through_the_change_of_clocks(shop: Shop) -> None:
    found = habits(shop.engine.analytics, shop.catalog.settings.zone_info, T)
    row = found.responses[np.searchsorted(found.people, TRAVELLER)]
    assert (row[8] > 0, row[9] > 0) == (True, True), "13 UTC is 8 in winter and 9 in summer"
    assert row.sum() == row[8] + row[9]


def test_channels_are_shrunk_and_say_how_sure_they_are(shop: Shop) -> None:
    early = predict.person_send_time(shop.engine, EARLY)
    silent = predict.person_send_time(shop.engine, SILENT)
    nobody = predict.person_send_time(shop.engine, NOBODY)
    by = {one.channel: one for one in early.channels}
    assert early.sure.startswith("from 39 own clicks")
    assert by["email"].expected > 0.8
    assert by["email"].low < by["email"].expected < by["email"].high
    assert {one.channel: one.messages for one in silent.channels} == {"email": 39, "sms": 39}
    assert {one.channel: one.expected for one in silent.channels}["email"] < 0.2
    assert nobody.sure == "from people like this"
    assert sum(nobody.hours) == pytest.approx(1)
    assert "push" not in by, "nobody gets pushes"
    asked = pa.table({"profile_key": [EARLY, NOBODY]})
    assert predict.best_channel(shop.engine, asked)["channel"].to_pylist() == ["email", "email"]
    assert predict.best_channel(shop.engine, asked, ("push",))["channel"].to_pylist() == [None, None]


def test_rows_are_read_by_person(shop: Shop) -> None:
    rows = shop.engine.analytics.query("SELECT * FROM send_times").to_pylist()
    assert len(rows) == 44
    assert all(row["profile_id"] and 0 <= row["hour"] < 24 for row in rows)
    json.dumps(predict.send_time_report(shop.engine), allow_nan=False)


def test_without_any_click_there_is_nothing_to_do(tmp_path: Path) -> None:
    opened = open_shop(tmp_path, {})
    assert send_times_due(opened.engine, now=T) is None
    made = predict.make_send_times(opened.engine, opened.catalog, as_of=T, now=T)
    assert (made.people, made.judged) == (0, {})
    assert predict.best_hour(opened.engine, pa.table({"profile_key": [5]}))["chance"][0].as_py() == pytest.approx(
        1 / 24
    )
    assert predict.best_channel(opened.engine, pa.table({"profile_key": [5]}))["channel"].to_pylist() == [None]
    assert predict.person_send_time(opened.engine, 5).channels == ()
    opened.engine.close()
