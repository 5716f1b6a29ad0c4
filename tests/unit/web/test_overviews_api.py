"""``/api/technology``, ``/api/demographics`` and a person's visits, on people whose answers are known by hand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from foretell import app
from foretell.clock import FixedClock
from tests.support.served_workspace import Served, served
from tests.support.small_workspace import write, write_documents

NOW = datetime(2025, 2, 1, 12, tzinfo=UTC)
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:127.0) Gecko/20100101 Firefox/127.0"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/17.5 Mobile/15E148 Safari/604.1"
)
READERS = "kind: segment\nkey: readers\nspec: {title: Readers, condition: {trait: country, is: DE}}\n"


def _identify(who: str, **traits: Any) -> dict[str, Any]:
    return {"type": "identify", "messageId": f"{who}-i", "userId": who, "traits": traits, "timestamp": "2025-01-01"}


def _page(number: int, who: str, agent: str, day: int, locale: str | None = None) -> dict[str, Any]:
    context = {"userAgent": agent, "page": {"url": f"https://shop.example/{number}"}, "locale": locale}
    head = {"messageId": f"p{number}", "userId": who, "anonymousId": f"{who}-{agent[13:19]}"}
    return {"type": "page", **head, "timestamp": f"2025-01-{day:02}T10:00:00Z", "context": context}


EVENTS = [
    _identify("ann", country="DE", gender="Female", birthday="1990-02-02"),
    _identify("bob", country="DE", age=17),
    _identify("cat", country="FR", gender="female", birthday="no date"),
    _page(1, "ann", FIREFOX, 2, "de-DE"),
    _page(2, "ann", IPHONE, 3, "de-DE"),
    _page(3, "cat", FIREFOX, 4, "fr-FR"),
    _page(4, "cat", "Googlebot/2.1 (+http://www.google.com/bot.html)", 5),
]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("shop")
    write_documents(folder)
    write(folder, {"segments/readers.yaml": READERS})
    with served(folder, events="\n".join(map(json.dumps, EVENTS)), clock=FixedClock(NOW)) as found:
        app.advance(found.site.workspace, NOW)
        found.site.cache.forget()
        yield found


def _rows(told: dict[str, Any], part: str) -> dict[str, tuple[int, float, int, float]]:
    (found,) = [one for one in told["parts"] if one["part"] == part]
    rows = found["rows"]
    return {
        row["value"]: (row["people"], round(row["share"], 2), row["everybody"], round(row["everybody_share"], 2))
        for row in rows
    }


def test_technology_of_a_segment_against_everybody(shop: Served) -> None:
    told = shop.get("technology", segment="readers")
    assert (told["segment"], told["people"], told["everybody"]) == ({"key": "readers", "title": "Readers"}, 1, 2)
    assert _rows(told, "browser") == {"Firefox": (1, 1.0, 2, 1.0), "Mobile Safari": (1, 1.0, 1, 0.5)}
    assert _rows(told, "device_type") == {"desktop": (1, 1.0, 2, 1.0), "phone": (1, 1.0, 1, 0.5)}
    assert _rows(told, "language") == {"de-DE": (1, 1.0, 1, 0.5), "fr-FR": (0, 0.0, 1, 0.5)}
    assert [one["part"] for one in told["parts"]] == ["browser", "os", "device_type", "language"]


def test_technology_of_everybody(shop: Served) -> None:
    told = shop.get("technology")
    assert (told["segment"], told["people"], told["everybody"]) == (None, 2, 2)
    assert _rows(told, "os") == {"Windows": (2, 1.0, 2, 1.0), "iOS": (1, 0.5, 1, 0.5)}


def test_demographics_of_a_segment_against_everybody(shop: Served) -> None:
    told = shop.get("demographics", segment="readers")
    assert (told["people"], told["everybody"]) == (2, 3)
    assert _rows(told, "country") == {"DE": (2, 1.0, 2, 0.67), "FR": (0, 0.0, 1, 0.33)}
    assert _rows(told, "gender") == {"female": (1, 1.0, 2, 1.0)}
    assert list(_rows(told, "age")) == ["under 18", "25–34"], "Ann turns 35 tomorrow; what is no date tells no age"


def test_an_unknown_segment_is_told(shop: Served) -> None:
    assert shop.get("technology", status=404, segment="nothing")["error"]["code"] == "UNKNOWN_DEFINITION"
    assert shop.get("demographics", status=404, segment="nothing")["error"]["code"] == "UNKNOWN_DEFINITION"


def test_the_visits_of_a_person(shop: Served) -> None:
    rows = shop.get("people/user_id:ann/sessions")["rows"]
    assert [(row["landing_page"], row["device_type"], row["started_at"]) for row in rows] == [
        ("https://shop.example/2", "phone", "2025-01-03T10:00:00Z"),
        ("https://shop.example/1", "desktop", "2025-01-02T10:00:00Z"),
    ]
    assert [row["browser"] for row in shop.get("people/cat/sessions")["rows"]] == ["Firefox"]
    assert shop.get("people/bob/sessions")["rows"] == []
    assert shop.get("people/zz/sessions", status=404)["error"]["code"] == "PROFILE_UNKNOWN"
