"""``/api/feedback/themes``, ``quotes``, ``words`` and ``foretell text``."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from foretell import collect
from foretell.cli.commands import run
from foretell.clock import FixedClock
from foretell.listen import text
from tests.support.served_workspace import Served, served
from tests.support.small_workspace import write_documents

NOW = datetime(2026, 6, 1, 9, tzinfo=UTC)
LATE = "My parcel came late and the delivery was terrible."
GOOD = "Great shoes, I love the quality."


def line(number: int, said: str, score: int) -> dict[str, Any]:
    return {
        "type": "track", "event": "Survey Answered", "messageId": f"m{number}", "userId": f"u{number}",
        "timestamp": f"2026-05-{1 + number % 28:02}T09:00:00Z",
        "properties": {"survey": "nps", "score": score, "text": said},
    }  # fmt: skip


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("shop")
    write_documents(folder)
    lines = [line(n, LATE, 2) for n in range(7)] + [line(n, GOOD, 10) for n in range(10, 16)]
    (folder / "past.jsonl").write_text("\n".join(map(json.dumps, lines)) + "\n")
    with served(folder, clock=FixedClock(NOW)) as found:
        place = found.site.workspace
        collect.import_files(place.engine, place.catalog, [folder / "past.jsonl"], "site", now=NOW)
        text.refresh(place.engine, place.catalog, now=NOW)
        found.site.cache.forget()
        yield found


def test_themes_quotes_and_words_are_told(shop: Served) -> None:
    told = shop.get("feedback/themes", survey="nps")
    assert (told["texts"], told["people"]) == (13, 13)
    by_words = {row["key"]: row for row in told["rows"]}
    assert {"delivery", "great", "love"} & set(by_words)
    bad = next(row for row in told["rows"] if row["sentiments"]["negative"])
    assert (bad["texts"], bad["sentiments"]["negative"], bad["score"], sum(bad["trend"])) == (7, 7, 2.0, 7)
    rows = shop.get("feedback/quotes", theme=bad["key"])["rows"]
    assert [(row["text"], row["alike"], row["sentiment"]) for row in rows] == [(LATE, 7, "negative")]
    words = {row["word"]: row for row in shop.get("feedback/words", sentiment="positive")["rows"]}
    assert words["shoe"]["positive"] == 6
    assert "parcel" not in words


def test_what_is_asked_wrongly_is_told(shop: Served) -> None:
    assert shop.get("feedback/quotes", 404, theme="rain")["error"]["code"] == "UNKNOWN_THEME"
    assert shop.get("feedback/words", 422, sentiment="angry")["error"]["code"] == "BAD_REQUEST"
    backwards = {"from": "2026-05-02T00:00:00Z", "to": "2026-05-01T00:00:00Z"}
    assert shop.get("feedback/themes", 400, **backwards)["error"]["code"] == "BAD_PERIOD"
    assert shop.get("feedback/themes", survey="none")["rows"] == []
    assert shop.get("feedback/quotes", theme="-")["rows"] == []


@pytest.fixture
def told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    write_documents(tmp_path)

    def said(*words: str, status: int = 0) -> str:
        assert run([*words, "--workspace", str(tmp_path)]) == status
        return "".join(capsys.readouterr())

    return said


def test_the_terminal_judges_and_routes(told: Callable[..., str], tmp_path: Path) -> None:
    good, bad = json.loads(told("text", "judge", "I love this shop.", "A terrible waste of money, bad.", "--json"))
    assert (good["sentiment"], bad["sentiment"]) == ("positive", "negative")
    assert "[e-mail]" in told("text", "judge", "Write to ann@example.org please, it is great")
    sorted_ = tmp_path / "sorted.csv"
    topics = {"delivery": "Where is my parcel {}", "refund": "I want my money back {}"}
    with sorted_.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["text", "queue"])
        rows.writerows([said.format(n), topic] for topic, said in topics.items() for n in range(20))
    report = json.loads(told("text", "train", str(sorted_), "--router", "queues", "--topic", "queue", "--json"))
    assert (report["texts"], report["topics"], report["accuracy"]) == (40, 2, 1.0)
    (row, other) = json.loads(told("text", "route", "queues", "where is the parcel", "qwertz", "--json"))
    assert row["topic"] == "delivery"
    assert other["probability"] < 1
    assert "queues" in told("text", "route", "queue", "x", status=2)
    assert "no column" in told("text", "train", str(sorted_), "--router", "queues", "--topic", "nothing", status=2)
    told("text", "train", "--router", "queues", status=2)
    told("text", "judge", status=2)


def test_the_terminal_shows_nothing_where_nothing_was_said(told: Callable[..., str]) -> None:
    assert json.loads(told("text", "themes", "--json"))["texts"] == 0
    assert json.loads(told("text", "quotes", "--json")) == []
    assert json.loads(told("text", "words", "--json")) == []
    assert json.loads(told("text", "train", "--json")) == []
    assert "no theme" in told("text", "quotes", "--theme", "rain", status=2)
