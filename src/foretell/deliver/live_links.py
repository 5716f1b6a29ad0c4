"""Whether the links of templates still lead somewhere, asked on the spot."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from foretell.definitions import Catalog
from foretell.deliver.library import library_of
from foretell.deliver.links import is_site, links_in
from foretell.errors import ForetellError

TIMEOUT_SECONDS = 10.0
_AT_ONCE = 8
_ALIVE = frozenset({401, 403, 405, 429})
"""Answers of a site that is there and lets no program in."""


@dataclass(frozen=True)
class DeadLink:
    """A link that leads nowhere; ``said`` is what was answered instead."""

    template: str
    url: str
    said: str


def dead_links(catalog: Catalog, key: str | None = None, *, timeout_seconds: float = TIMEOUT_SECONDS) -> list[DeadLink]:
    """Links of all templates, or of one, that no site answers for; those that Liquid makes are left out."""
    chosen = [key] if key is not None else [document.key for document in catalog.all("template")]
    pairs = sorted({(template, url) for template in chosen for url in _links(catalog, template)})
    urls = sorted({url for _, url in pairs})
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        said = dict(zip(urls, pool.map(lambda url: _fault(url, timeout_seconds), urls), strict=True))
    return [DeadLink(template, url, fault) for template, url in pairs if (fault := said[url])]


def _links(catalog: Catalog, template: str) -> Iterator[str]:
    try:
        written = library_of(catalog).everywhere(template)
    except ForetellError:
        return
    for one in written:
        for link in links_in(one.texts.get("html", "")):
            if is_site(link.target) and "{{" not in link.target and "{%" not in link.target:
                yield link.target.partition("#")[0]


def _fault(url: str, timeout_seconds: float) -> str:
    request = Request(url, headers={"User-Agent": "Mozilla/5.0 (compatible; Foretell link check)"})
    try:
        with urlopen(request, timeout=timeout_seconds) as answer:
            answer.read(1)
        return ""
    except HTTPError as error:
        return "" if error.code in _ALIVE else f"{error.code} {error.reason}"
    except (URLError, OSError, ValueError) as error:
        return str(getattr(error, "reason", error)) or type(error).__name__
