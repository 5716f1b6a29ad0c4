"""Openings and clicks that no person made.

- Apple's Mail Privacy Protection loads the pictures of every mail when it arrives, through proxies that
  call themselves ``Mozilla/5.0`` and nothing more: a machine, whether the person reads the mail or not.
- Gmail's ``GoogleImageProxy`` and Yahoo's ``YahooMailProxy`` load a picture when the person opens the mail:
  a person, seen through a proxy.
- A request that says it is a prefetch (``Sec-Purpose``, ``Purpose``, ``X-Purpose``, ``X-Moz``), security
  scanners that follow links, crawlers and command-line programs are machines.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_PEOPLE_BEHIND = ("googleimageproxy", "yahoomailproxy")
_MACHINES = re.compile(
    r"\bbot\b|[a-z]bot\b|bot/|crawl|spider|slurp|preview|scanner|headlesschrome|barracuda|mimecast|proofpoint|"
    r"symantec|trendmicro|safelinks|curl/|wget/|python-requests|python-httpx|aiohttp|go-http-client|okhttp|java/|libwww",
    re.IGNORECASE,
)
_ANNOUNCING = ("sec-purpose", "purpose", "x-purpose", "x-moz")
_AHEAD = ("prefetch", "preview", "prerender", "instant")


def is_machine(user_agent: str | None, headers: Mapping[str, str] | None = None) -> bool:
    """Whether a request for a pixel or link was made by a program on its own.

    Args:
        headers: the request's headers, their names in lower case.
    """
    announced = " ".join((headers or {}).get(name, "") for name in _ANNOUNCING).lower()
    if any(word in announced for word in _AHEAD):
        return True
    agent = (user_agent or "").strip()
    if any(name in agent.lower() for name in _PEOPLE_BEHIND):
        return False
    return agent in ("", "Mozilla/5.0") or bool(_MACHINES.search(agent))
