"""``/api/segments/{key}/keeping`` and ``/past``, on three events whose answers are known by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from foretell import app, collect
from foretell.clock import FixedClock
from tests.support.served_workspace import Served, served
from tests.support.small_workspace import EVENTS, write, write_documents

NOW = datetime(2025, 2, 1, 12, tzinfo=UTC)
MORE = {
    "segments/buyers.yaml": "kind: segment\nkey: buyers\nspec: {condition: {did: Order Completed}}\n",
    "segments/odd.yaml": "kind: segment\nkey: odd\nspec: {condition: {did: Order Completed, distinct: "
    "{product_id: {lt: 5}}, within: 30d}}\n",
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("shop")
    write_documents(folder)
    write(folder, MORE)
    (folder / "history.jsonl").write_text(EVENTS)
    with served(folder, clock=FixedClock(NOW)) as found:
        place = found.site.workspace
        collect.import_files(place.engine, place.catalog, [folder / "history.jsonl"], "site", now=NOW)
        app.freshen(place, NOW)
        found.site.cache.forget()
        yield found


def test_how_a_segment_is_kept(shop: Served) -> None:
    told = shop.get("segments/buyers/keeping")
    assert told["fresh"] == "at once"
    assert (told["at_once"], told["every"], told["members"], told["days"]) == (True, None, 1, [])
    assert told["kept_until"] == told["kept_since"] == "2025-02-01T12:00:00Z"
    odd = shop.get("segments/odd/keeping")
    assert (odd["at_once"], odd["every"]) == (True, "15m")
    assert odd["fresh"] == "at once by events, otherwise every 15m: this count also changes as time passes"


def test_the_past_of_a_segment(shop: Served) -> None:
    told = shop.get("segments/buyers/past?days=60")
    assert (told["exact"], told["step_hours"], told["intervals"], told["people"]) == (True, None, 1, 1)
    sizes = [one["members"] for one in told["sizes"]]
    assert (len(sizes), sizes[-1]) == (61, 1)
    assert shop.get("segments/odd/past")["exact"] is False


def test_a_segment_that_is_not_there(shop: Served) -> None:
    assert shop.browser.get("/api/segments/nobody/keeping").status_code == 404
