"""``/api/data-health`` and ``foretell source health``: how sources are, as of any instant, and what was broken."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from foretell import collect
from foretell.app import advance
from foretell.cli.commands import run
from foretell.clock import FixedClock
from tests.support.served_workspace import served
from tests.support.small_workspace import write, write_documents

BEGIN = datetime(2025, 1, 6, tzinfo=UTC)
END = BEGIN + timedelta(days=40)
NOW = END + timedelta(hours=12)


def history() -> str:
    """A page view every half an hour until the end of the fortieth day."""
    rows = [
        {"type": "page", "name": "Home", "messageId": f"m{number}", "anonymousId": f"a{number % 9}",
         "timestamp": (BEGIN + timedelta(minutes=30) * number).isoformat()}
        for number in range(40 * 48)
    ]  # fmt: skip
    return "".join(json.dumps(row) + "\n" for row in rows)


def test_a_silent_source_is_told_until_it_speaks_again(tmp_path: Path) -> None:
    write_documents(tmp_path)
    write(tmp_path, {"history.jsonl": history()})
    with served(tmp_path, clock=FixedClock(NOW)) as shop:
        nothing = shop.get("data-health")
        assert (nothing["score"]["value"], nothing["score"]["learning"]) == (None, False)
        assert (nothing["sources"], nothing["alerts"]) == ([], [])
        place = shop.site.workspace
        collect.import_files(place.engine, place.catalog, [tmp_path / "history.jsonl"], "site", now=NOW)
        advance(place, NOW)
        shop.site.cache.forget()

        found = shop.get("data-health")
        (row,) = found["sources"]
        assert (row["source"], row["state"], row["last_hour"]) == ("site", "broken", 0)
        assert row["sentence"].startswith("Nothing came for 12 hours; up to ")
        assert row["next_step"]
        assert (len(row["days"]), row["days"][-1]["value"], row["days"][-2]["value"]) == (28, 23, 48)
        weights = {part["name"]: part["weight"] for part in found["score"]["parts"]}
        assert sum(weights.values()) == 1.0
        assert [one["monitor"] for one in found["alerts"]] == ["freshness"]

        (task,) = [task for task in shop.get("overview")["tasks"] if task["kind"] == "data"]
        assert (task["link"], task["count"], task["detail"]) == ("/sources/site", 1, row["sentence"])
        assert shop.browser.get("/readyz").json()["data_alerts"] == 1

        one = shop.get("data-health/site")
        assert [each["name"] for each in one["watched"] if each["state"] == "broken"] == ["freshness"]
        assert one["watched"][0]["since"] == "2025-02-14T23:30:00Z"
        assert one["alerts"] == found["alerts"]
        earlier = shop.get("data-health/site", as_of="2025-02-15T00:00:00Z")
        assert (earlier["state"], earlier["broken"]) == ("ok", 0)
        young = shop.get("data-health/site", as_of="2025-01-20T00:00:00Z")
        assert (young["state"], young["score"]["value"], young["score"]["learning"]) == ("learning", None, True)
        given_up = shop.get("data-health/site", as_of="2025-06-01T00:00:00Z")
        assert (given_up["state"], given_up["broken"]) == ("silent", 0)
        assert shop.browser.get("/api/data-health/nowhere").status_code == 404


def test_the_command_tells_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_documents(tmp_path)
    write(tmp_path, {"history.jsonl": history()})

    def told(*arguments: str) -> str:
        assert run([*arguments, "--workspace", str(tmp_path)]) == 0
        return capsys.readouterr().out

    told("import", str(tmp_path / "history.jsonl"), "--source", "site")
    read = json.loads(told("source", "health", "site", "--as-of", NOW.isoformat(), "--json"))
    assert read["score"]["parts"]["timeliness"] == 0
    broken = [one["name"] for one in read["sources"][0]["monitors"] if one["state"] == "broken"]
    assert broken == ["freshness"]
    assert "Nothing came for 12 hours" in told("source", "health", "--as-of", NOW.isoformat())
    assert told("source", "health", "till") == "Nothing ever came of till.\n"
