"""``/api/tracking`` and ``/api/quarantine``: plans with owners, what breached them, and reading rows again."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from foretell import collect
from foretell.app import reload_definitions
from foretell.clock import FixedClock
from tests.support.served_workspace import served
from tests.support.small_workspace import EVENTS, ORDER, write, write_documents

NOW = datetime(2025, 2, 1, 12, tzinfo=UTC)
PLAN = """\
kind: tracking
key: shop
spec:
  owner: {team: Shop}
  on_violation: quarantine
  events: {Order Completed: {description: Paid, properties: {order_id: {type: string, required: true, pattern: '^o'}}}}
  traits: {email: {format: email, pii: contact, owner: {person: ada}, on_violation: allow}}
"""


def test_plans_violations_and_replay(tmp_path: Path) -> None:
    write_documents(tmp_path)
    bad = ORDER.replace("m2", "m9").replace('"o1"', '"x9"')
    write(tmp_path, {"tracking/shop.yaml": PLAN, "history.jsonl": EVENTS.replace("ada@shop.example", "nope") + bad})
    with served(tmp_path, clock=FixedClock(NOW)) as shop:

        def replayed(body: dict[str, Any]) -> Any:
            return shop.browser.post("/api/quarantine/replay", json=body).json()

        place = shop.site.workspace
        collect.import_files(
            place.engine, place.catalog, [tmp_path / "history.jsonl"], "site", now=NOW, reader=place.frames
        )
        (plan,) = shop.get("tracking")["plans"]
        assert (plan["key"], plan["owner"], plan["violations"]) == ("shop", "Shop", 2)
        orders, traits = plan["events"]
        assert (orders["event"], orders["description"], orders["violations"]) == ("Order Completed", "Paid", 1)
        assert orders["fields"][0]["rules"] == ["matches ^o"]
        assert (traits["event"], traits["fields"][0]["owner"], traits["fields"][0]["violations"]) == ("", "ada", 1)

        told = shop.get("tracking/violations")
        assert (told["events"], told["violating"], len(told["breaches"])) == (4, 2, 2)
        (breach,) = shop.get("tracking/violations", owner="Shop")["breaches"]
        assert (breach["field"], breach["quarantined"], breach["examples"]) == ("order_id", 1, ["x9"])
        assert breach["trend"] == [{"day": "2025-02-01", "count": 1}]
        later = shop.browser.get("/api/tracking/violations", params={"from": "2025-02-02T00:00:00Z"}).json()
        assert (later["events"], later["breaches"]) == (0, [])

        draft = shop.get("tracking/draft", source="site")
        assert "key: drafted" in draft["document"]
        assert "Order Completed" in draft["document"]
        assert "Order Completed" not in shop.get("tracking/draft", source="shop")["document"]

        page = shop.get("quarantine", code="PLAN_VIOLATION")
        assert (page["total"], page["codes"], page["states"]) == (1, {"PLAN_VIOLATION": 1}, {"waiting": 1})
        (row,) = page["rows"]
        assert replayed({"ids": [row["id"]]})["still"] == {"PLAN_VIOLATION": 1}
        (tmp_path / "tracking" / "shop.yaml").write_text(PLAN.replace("'^o'", "'^[ox]'"))
        reload_definitions(place)
        done = replayed({})
        assert (done["rows"], done["replayed"], done["events"], done["still"]) == (1, 1, 1, {})
        assert shop.get("quarantine")["total"] == 0
        assert shop.get("quarantine", state="replayed")["rows"][0]["replayed_at"] == "2025-02-01T12:00:00Z"
