"""Sessions once more, one event after the other, by the words of the documentation."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

IDLE = timedelta(minutes=30)
LONG = timedelta(hours=12)
Message = Mapping[str, Any]
Told = dict[str, Any]


def counts(message: Message) -> bool:
    """Whether it has a web or app context."""
    context = message.get("context", {})
    return message["type"] in ("page", "screen") or any(name in context for name in ("page", "device", "userAgent"))


def sessions(messages: Iterable[Message]) -> list[Told]:
    """The sessions that messages make up, by device and time."""
    by_device: dict[str, list[Message]] = defaultdict(list)
    for message in {one["messageId"]: one for one in messages}.values():
        if counts(message):
            by_device[message.get("anonymousId") or f"user {message['userId']}"].append(message)
    found = []
    for events in by_device.values():
        events.sort(key=lambda one: (at(one), one["messageId"].encode()))
        for visit in _visits(events):
            parts = _parts(visit)
            for part, following in zip(parts, [*parts[1:], None], strict=True):
                found.append(_told(part, following, visit))
    return found


def at(message: Message) -> datetime:
    """When it happened, UTC without a zone."""
    return datetime.fromisoformat(message["timestamp"]).replace(tzinfo=None)


def _visits(events: list[Message]) -> list[list[Message]]:
    visits: list[list[Message]] = []
    for event in events:
        if visits and at(event) - at(visits[-1][-1]) <= IDLE and at(event) < _midnight(at(visits[-1][0]) + LONG):
            visits[-1].append(event)
        else:
            visits.append([event])
    return visits


def _midnight(instant: datetime) -> datetime:
    """The first one from ``instant`` on."""
    day = instant.replace(hour=0, minute=0, second=0, microsecond=0)
    return day if day == instant else day + timedelta(days=1)


def _parts(visit: list[Message]) -> list[list[Message]]:
    parts: list[list[Message]] = []
    running: tuple[str, ...] | None = None
    for event in visit:
        named = _campaign(event)
        if not parts or (named is not None and named != running):
            parts.append([event])
        else:
            parts[-1].append(event)
        running = named or running
    return parts


def _utm(event: Message) -> dict[str, str]:
    given = event.get("context", {}).get("campaign", {})
    asked = parse_qs(urlsplit(_url(event) or "").query)
    names = {"source": "source", "medium": "medium", "campaign": "name"}
    found = {part: given.get(name) or asked.get(f"utm_{part}", [""])[0] for part, name in names.items()}
    return {part: value for part, value in found.items() if value}


def _campaign(event: Message) -> tuple[str, ...] | None:
    utm = _utm(event)
    return tuple(utm.get(part, "").lower() for part in ("source", "medium", "campaign")) if utm else None


def _url(event: Message) -> str | None:
    own = event.get("properties", {}).get("url") if event["type"] == "page" else None
    url: str | None = event.get("context", {}).get("page", {}).get("url") or own
    return url


def _page(event: Message) -> str | None:
    url = _url(event)
    return url.partition("#")[0].partition("?")[0] if url else None


def _terms(part: list[Message]) -> str | None:
    found: list[str] = []
    for event in part:
        if event.get("event") == "Products Searched":
            found.append(event["properties"]["query"])
        elif event["type"] == "page" and "q" in (asked := parse_qs(urlsplit(_url(event) or "").query)):
            found.append(asked["q"][0])
    return " | ".join(list(dict.fromkeys(found))[:10]) or None


def _told(part: list[Message], following: list[Message] | None, visit: list[Message]) -> Told:
    pages = [page for event in part if (page := _page(event))]
    utm = next((_utm(event) for event in part if _campaign(event)), {})
    orders = [event["properties"] for event in part if event.get("event") == "Order Completed"]
    idle = at(part[-1]) + IDLE
    views = sum(event["type"] == "page" for event in part)
    return {
        "started_at": at(part[0]),
        "ended_at": at(part[-1]),
        "over_at": min(idle, at(following[0])) if following else idle,
        "duration_seconds": (at(part[-1]) - at(part[0])) // timedelta(seconds=1),
        "events": len(part),
        "pages": views,
        "landing_page": pages[0] if pages else None,
        "exit_page": pages[-1] if pages else None,
        "utm_source": utm.get("source"),
        "utm_medium": utm.get("medium"),
        "utm_campaign": utm.get("campaign"),
        "search_terms": _terms(part),
        "orders": len({order["order_id"] for order in orders}),
        "revenue": sum(round(order["revenue"] * 100) for order in orders) / 100,
        "bounced": views <= 1 and not any(event["type"] == "track" for event in part),
        "first_message": part[0]["messageId"],
        "last_message": part[-1]["messageId"],
        "visit_started_at": at(visit[0]),
        "last_of_visit": following is None,
    }
