"""``/api/predictions``: looking before training, saving for the app, people, spread and quadrant."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest

from foretell import collect
from foretell.clock import FixedClock, naive_utc
from foretell.condition import parse
from foretell.errors import ForetellError
from foretell.web.works import Works
from tests.support.served_workspace import Served, served
from tests.support.small_workspace import write_documents

NOW = datetime(2025, 9, 1, 12, tzinfo=UTC)
AGAIN = {"name": "Buys again", "outcome": {"did": "Order Completed"}, "horizons": ["30d", "90d"],
         "population": {"did": "Order Completed"}}  # fmt: skip


def _orders() -> str:
    """Four customers; the first two buy every month, the others once."""
    bought = [(who, month) for who in range(1, 5) for month in range(1, 9) if who < 3 or month == 1]
    return "".join(
        f'{{"type": "track", "messageId": "o{who}-{month}", "userId": "u{who}", "event": "Order Completed", '
        f'"timestamp": "2025-{month:02}-05T09:00:00Z", "properties": {{"order_id": "{who}-{month}", "revenue": 20}}}}\n'
        for who, month in bought
    )


@pytest.fixture
def shop(tmp_path: Any) -> Iterator[Served]:
    write_documents(tmp_path)
    (tmp_path / "history.jsonl").write_text(_orders())
    with served(tmp_path, clock=FixedClock(NOW)) as found:
        place = found.site.workspace
        collect.import_files(place.engine, place.catalog, [tmp_path / "history.jsonl"], "site", now=NOW)
        found.site.cache.forget()
        yield found


def _send(shop: Served, method: str, path: str, body: object = None, status: int = 200) -> Any:
    found = shop.browser.request(method, f"/api/{path}", **({} if body is None else {"json": body}))
    assert found.status_code == status, found.text
    return found.json() if found.content else None


def _score(shop: Served, key: str, horizon: str, scores: list[float]) -> None:
    people = shop.site.workspace.engine.analytics.query("SELECT node_key FROM nodes ORDER BY profile_id")["node_key"]
    n = len(scores)
    rows = pa.table(
        {
            "prediction": [key] * n, "horizon": [horizon] * n, "node_key": people[:n],
            "as_of": pa.array([naive_utc(NOW)] * n, pa.timestamp("us")), "score": scores, "low": scores, "high": scores,
            "model": ["m"] * n, "reasons": ["[]"] * n,
        }
    )  # fmt: skip
    shop.site.workspace.engine.publish("predict", {"score_rows": rows}, now=NOW)
    shop.site.cache.forget()


def test_a_look_at_what_is_not_saved(shop: Served) -> None:
    told = _send(shop, "POST", "predictions/look", {"spec": AGAIN})
    assert told["problems"] == []
    assert told["error"] is None
    assert (told["unit"], told["people"]) == ("probability", 4)
    assert [one["horizon"] for one in told["horizons"]] == ["30d", "90d"]
    month = told["horizons"][0]
    assert month["verdict"] == "too_few"
    assert month["windows"][-1]["part"] == "test"
    assert month["windows"][-1]["positives"] == 2
    assert any("of the 200 people" in one["text"] for one in month["statements"])
    assert [one.key for one in shop.site.workspace.catalog.all("prediction")] == ["churn"]


def test_what_is_wrong_stands_at_its_place(shop: Served) -> None:
    told = _send(
        shop, "POST", "predictions/look", {"spec": {**AGAIN, "outcome": {"did": "Order Completed", "wihtin": "3d"}}}
    )
    assert told["horizons"] == []
    assert told["problems"][0]["path"][0] == "outcome"
    missing = _send(shop, "POST", "predictions/look", {"spec": {"outcome": {"did": "x"}, "horizon": "30d"}})
    assert "needs a population" in missing["problems"][0]["what"]


def test_an_empty_history_is_told_and_not_an_error(tmp_path: Any) -> None:
    write_documents(tmp_path)
    with served(tmp_path, clock=FixedClock(NOW)) as empty:
        told = _send(empty, "POST", "predictions/look", {"spec": AGAIN})
    assert told["error"]["code"] == "NO_HISTORY"
    assert told["horizons"] == []


def test_a_prediction_is_saved_changed_and_removed(shop: Served) -> None:
    made = _send(shop, "PUT", "predictions/again?revision=0", {"spec": AGAIN})
    assert (made["revision"], made["file"]) == (1, "predictions/again.yaml")
    told = shop.get("predictions/again/document")
    assert told["spec"] == AGAIN
    assert told["kept_by"] == "app"
    assert "horizons:" in told["yaml"]
    assert shop.get("predictions/again")["horizons"] == ["30d", "90d"]
    refused = _send(shop, "PUT", "predictions/again?revision=0", {"spec": AGAIN}, status=409)
    assert refused["error"]["code"] == "CHANGED_MEANWHILE"
    wrong = _send(shop, "PUT", "predictions/again", {"spec": {**AGAIN, "bands": {"none": 0.5}}}, status=422)
    assert wrong["problems"]
    _send(shop, "DELETE", "predictions/again?revision=1", status=204)
    _send(shop, "GET", "predictions/again/document", status=404)


def test_what_people_keep_in_files_stays_theirs(shop: Served) -> None:
    assert shop.get("predictions/churn/document")["kept_by"] == "files"
    refused = _send(shop, "PUT", "predictions/churn", {"spec": AGAIN}, status=409)
    assert refused["error"]["code"] == "KEPT_IN_FILES"


def test_people_spread_and_quadrant(shop: Served) -> None:
    _send(shop, "PUT", "predictions/again", {"spec": AGAIN})
    _score(shop, "again", "30d", [0.9, 0.8, 0.2, 0.1])
    _score(shop, "again", "90d", [0.95, 0.3, 0.9, 0.2])
    people = shop.get("predictions/again/people", horizon="30d", gte=0.5)
    assert people["total"] == 2
    assert [row["scores"]["30d"]["score"] for row in people["rows"]] == [0.9, 0.8]
    assert people["rows"][0]["scores"]["90d"]["score"] == 0.95
    reader = shop.site.workspace.reader
    assert reader.count(parse(people["condition"]), as_of=NOW) == 2
    spread = shop.get("predictions/again/spread", horizon="90d")
    assert spread["people"] == 4 == sum(bar["people"] for bar in spread["bars"])
    quadrant = shop.get("predictions/again/quadrant")
    assert (quadrant["short"]["gte"], quadrant["short"]["by"]) == (0.5, "mean")
    assert {cell["name"]: cell["people"] for cell in quadrant["cells"]} == {
        "act_now": 1, "noisy": 1, "slow_drift": 1, "healthy": 1,
    }  # fmt: skip
    for cell in quadrant["cells"]:
        inside = shop.get("predictions/again/people", cell=cell["name"])
        assert inside["total"] == 1 == reader.count(parse(cell["condition"]), as_of=NOW)
        assert inside["condition"] == cell["condition"]


def test_an_unknown_horizon_is_named(shop: Served) -> None:
    told = shop.get("predictions/churn/people", status=404, horizon="2y")
    assert told["error"]["code"] == "UNKNOWN_HORIZON"


def test_values_of_a_property_are_told_apart(shop: Served) -> None:
    spec = {**AGAIN, "per": "products.category"}
    _send(shop, "PUT", "predictions/again", {"spec": spec})
    for value, scores in (("Shoes", [0.9, 0.1, 0.3, 0.2]), ("Tents", [0.2, 0.6, 0.4, 0.1])):
        _score(shop, f"again.{value}", "30d", scores)
    told = shop.get("predictions/again/categories")
    assert told["per"] == "products.category"
    assert {row["value"]: (round(row["mean"], 4), row["high"]) for row in told["rows"]} == {
        "Shoes": (0.375, 2), "Tents": (0.325, 2),
    }  # fmt: skip
    people = shop.get("predictions/again/people", value="Tents", gte=0.4)
    assert [row["scores"]["30d"]["score"] for row in people["rows"]] == [0.6, 0.4]
    assert shop.site.workspace.reader.count(parse(people["condition"]), as_of=NOW) == 2
    assert shop.get("predictions/churn/categories")["rows"] == []


def _worked(shop: Served, key: str) -> Any:
    """How the work ended; it is done in a thread of the server."""
    for _ in range(600):
        told = shop.get(f"predictions/{key}/work")
        if told["state"] in ("done", "failed"):
            return told
        time.sleep(0.05)
    raise AssertionError(told)


def test_a_training_says_why_it_failed_and_the_next_one_runs_all_the_same(shop: Served) -> None:
    assert shop.get("predictions/churn/work")["state"] is None
    begun = _send(shop, "POST", "predictions/churn/train", status=202)
    assert (begun["doing"], begun["state"]) == ("train", "waiting")
    told = _worked(shop, "churn")
    assert (told["state"], told["error"]["code"], told["step"]) == ("failed", "TOO_FEW_OUTCOMES", "")
    _send(shop, "POST", "predictions/churn/score", status=202)
    told = _worked(shop, "churn")
    assert (told["doing"], told["error"]["code"]) == ("score", "NOT_TRAINED")
    _send(shop, "POST", "predictions/nothing/train", status=404)


def test_what_is_being_done_is_not_begun_twice() -> None:
    works, going, end = Works(), threading.Event(), threading.Event()

    def wait() -> None:
        going.set()
        end.wait(20)

    works.ask("churn", "train", [("Waiting", wait)], NOW)
    assert going.wait(20)
    running = works.last("churn")
    assert running is not None
    assert (running.state, running.step) == ("running", "Waiting")
    with pytest.raises(ForetellError, match="being worked on"):
        works.ask("churn", "score", [], NOW)
    other = works.ask("clv", "score", [("Failing", lambda: 1 / 0)], NOW)
    assert other.state == "waiting"
    end.set()
    for _ in range(400):
        last = works.last("clv")
        if last is not None and last.state == "failed":
            break
        time.sleep(0.05)
    assert last is not None
    assert last.error is not None
    assert last.error.code == "WORK_FAILED"
