"""``/api/feedback`` and ``foretell survey report``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from foretell import collect
from foretell.cli.commands import run
from foretell.clock import FixedClock
from tests.support.served_workspace import Served, served
from tests.support.small_workspace import write_documents

NOW = datetime(2026, 6, 1, 9, tzinfo=UTC)
SURVEY = """\
kind: survey
key: nps
spec:
  title: How are we doing?
  questions: [{key: recommend, type: nps, ask: Would you recommend us?}]
  targets: [{raise: 15%, from: 2026-03-01}]
"""


def answer(user: str, days: float, score: int, **more: Any) -> dict[str, Any]:
    at = (NOW - timedelta(days=days)).isoformat()
    properties = {"survey": "nps", "score": score, **more}
    return {
        "type": "track", "event": "Survey Answered", "messageId": f"{user}-{days}", "userId": user, "timestamp": at,
        "properties": properties,
    }  # fmt: skip


LINES = [
    answer(f"u{n}", days, 10 if (n + round(days)) % 3 else 4, touchpoint="delivery" if n % 2 else "support")
    for n in range(40)
    for days in (15.0, 50.0, 130.0)
]


def fill(root: Path) -> None:
    write_documents(root)
    (root / "surveys").mkdir()
    (root / "surveys" / "nps.yaml").write_text(SURVEY)
    (root / "past.jsonl").write_text("\n".join(map(json.dumps, LINES)) + "\n")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    root = tmp_path_factory.mktemp("feedback")
    fill(root)
    with served(root, clock=FixedClock(NOW)) as found:
        place = found.site.workspace
        collect.import_files(place.engine, place.catalog, [root / "past.jsonl"], "site", now=NOW)
        found.site.cache.forget()
        yield found


def test_what_can_be_asked_for(shop: Served) -> None:
    told = shop.get("feedback/choices")
    assert told["surveys"] == [{"key": "nps", "title": "How are we doing?"}]
    assert told["measures"][0] == {"key": "nps", "title": "Net promoter score"}
    assert {"segment", "theme", "month"} <= set(told["dimensions"])


def test_scores_with_interval_bands_and_months(shop: Served) -> None:
    told = shop.get("feedback/scores", survey="nps")
    main = told["scores"][0]
    assert (main["unit"], main["people"], main["answers"]) == ("points", 40, 80)
    assert main["low"] < main["value"] < main["high"]
    assert sum(band["answers"] for band in told["bands"]) == 80
    assert len(told["series"]) == 13
    assert told["weighting"]["applied"] is False
    assert told["weighting"]["words"]
    assert (told["lowest"], told["highest"], told["level"]) == (-100, 100, 0.9)
    assert shop.get("feedback/scores", touchpoint="support")["scores"][0]["people"] == 20
    weeks = shop.get("feedback/scores", survey="nps", grain="week")["series"]
    assert all("-W" in one["period"] for one in weeks)


def test_the_change_adds_up(shop: Served) -> None:
    told = shop.get("feedback/change", survey="nps", **{"from": "2026-04-20T00:00:00Z", "to": "2026-06-01T00:00:00Z"})
    assert told["opinions"]["value"] + told["answering"]["value"] == pytest.approx(told["total"]["value"])
    assert told["panel_people"] == 40
    assert sum(one["opinions"] + one["answering"] for one in told["strata"]) == pytest.approx(told["total"]["value"])


def test_groups_and_targets(shop: Served) -> None:
    told = shop.get("feedback/groups", survey="nps", by="touchpoint")
    assert {row["key"] for row in told["rows"]} == {"delivery", "support"}
    drawn = [row["drawn"] for row in told["rows"]]
    assert drawn == sorted(drawn, reverse=True)
    (target,) = shop.get("feedback/targets", survey="nps")["rows"]
    assert target["course"] in ("on_course", "not_yet", "behind")
    assert shop.get("feedback/targets", measure="csat")["rows"] == []


@pytest.mark.parametrize(
    ("path", "params", "status", "code"),
    [
        ("scores", {"survey": "npz"}, 404, "UNKNOWN_SURVEY"),
        ("scores", {"measure": "joy"}, 404, "UNKNOWN_MEASURE"),
        ("scores", {"segment": "loyal"}, 404, "UNKNOWN_DEFINITION"),
        ("scores", {"from": "2026-06-01T00:00:00Z", "to": "2026-05-01T00:00:00Z"}, 400, "BAD_RANGE"),
        ("scores", {"from": "yesterday"}, 422, "BAD_REQUEST"),
        ("scores", {"grain": "hour"}, 422, "BAD_REQUEST"),
        ("scores", {"from": "1900-01-01T00:00:00Z", "grain": "week"}, 400, "TOO_MANY_PERIODS"),
        ("groups", {"by": "colour"}, 400, "BAD_DIMENSION"),
        ("groups", {}, 422, "BAD_REQUEST"),
        ("groups", {"by": "persona"}, 400, "NO_PERSONAS"),
    ],
)
def test_what_cannot_be_is_told(shop: Served, path: str, params: dict[str, str], status: int, code: str) -> None:
    assert shop.get(f"feedback/{path}", status, **params)["error"]["code"] == code


def test_the_terminal_tells_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fill(tmp_path)

    def told(*words: str, status: int = 0) -> str:
        assert run([*words, "--workspace", str(tmp_path)]) == status
        return "".join(capsys.readouterr())

    told("import", str(tmp_path / "past.jsonl"), "--source", "site")
    window = ("--from", "2026-03-03", "--to", "2026-06-01")
    text = told("survey", "report", "nps", *window, "--by", "touchpoint")
    for word in ("How are we doing?", "as answered", "opinions moved", "who answered changed", "delivery", "Target"):
        assert word in text, word
    found = json.loads(told("survey", "report", "nps", *window, "--by", "month", "--json"))
    assert (found["measure"], found["scores"][0]["people"], found["change"]["figure"]["key"]) == ("nps", 40, "nps")
    assert found["groups"]["dimension"] == "month"
    assert len(found["targets"]) == 1
    assert "UNKNOWN_SURVEY" in told("survey", "report", "npz", "--json", status=2)
