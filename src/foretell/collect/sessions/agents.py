"""What a user agent says: browser, system, kind of device, and whether it is a program rather than a person.

Read by the rules of the ``ua-parser`` project, which is loaded where there is something to read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from importlib import import_module
from typing import Any

import pyarrow as pa

AGENTS = pa.schema(
    [
        ("user_agent", pa.string()),
        ("browser", pa.string()),
        ("browser_version", pa.string()),
        ("os", pa.string()),
        ("os_version", pa.string()),
        ("device_name", pa.string()),
        ("device_type", pa.string()),
        ("machine", pa.bool_()),
    ]
)
LONGEST = 1_000
"""Characters of a user agent that are read."""
_MACHINES = re.compile(
    r"(?<!cu)bot\b|(?<!cu)bot[/_ -]|crawl|spider|slurp|monitor|pingdom|uptime|statuscake|synthetic|headless|"
    r"phantomjs|lighthouse|pagespeed|selenium|puppeteer|playwright|preview|scanner|scrapy|facebookexternalhit|"
    r"\bcurl/|\bwget/|python-|python/|aiohttp|httpx|go-http-client|java/|libwww|axios/|node-fetch|postman|apache-httpclient",
    re.IGNORECASE,
)
_TABLETS = re.compile(r"ipad|tablet|kindle|silk/|playbook", re.IGNORECASE)
_SCREENS = re.compile(r"smart-?tv|\btv\b|appletv|hbbtv|googletv|android tv|roku|bravia|crkey", re.IGNORECASE)
_PHONES = re.compile(r"iphone|ipod|windows phone|mobile|phone", re.IGNORECASE)
_DESKTOPS = {"Windows", "Mac OS X", "Linux", "Ubuntu", "Chrome OS", "Fedora", "Debian", "FreeBSD", "OpenBSD"}


def read_agents(user_agents: Iterable[str]) -> pa.Table:
    """Columns of :data:`AGENTS`, one row for each of the (distinct) ``user_agents``."""
    rows = [dict(zip(AGENTS.names, (agent, *_read(agent[:LONGEST])), strict=True)) for agent in user_agents]
    return pa.Table.from_pylist(rows, AGENTS)


@lru_cache(maxsize=20_000)
def _read(agent: str) -> tuple[Any, ...]:
    found = import_module("ua_parser").parse(agent)
    browser, system, device = found.user_agent, found.os, found.device
    family = system.family if system else None
    machine = bool(_MACHINES.search(agent)) or (device is not None and device.family == "Spider")
    return (
        browser.family if browser else None,
        _version(browser),
        family,
        _version(system),
        None if machine else _name(device),
        None if machine else _kind(agent, family),
        machine,
    )


def _version(part: Any) -> str | None:
    numbers = [part.major, part.minor] if part is not None else []
    return ".".join(number for number in numbers if number is not None) or None


def _name(device: Any) -> str | None:
    if device is None:
        return None
    model, brand = device.model or device.family, device.brand
    generic = brand is None or brand.startswith("Generic") or model.lower().startswith(brand.lower())
    return str(model) if generic else f"{brand} {model}"


def _kind(agent: str, family: str | None) -> str:
    if _SCREENS.search(agent):
        return "tv"
    if _TABLETS.search(agent) or (family == "Android" and "mobile" not in agent.lower()):
        return "tablet"
    if _PHONES.search(agent):
        return "phone"
    return "desktop" if family in _DESKTOPS else "other"
