"""Links of a message: told by whom they are followed, with what they are about."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import escape, unescape

_LINK = re.compile(r"<(?:a|area)\b(?:\"[^\"]*\"|'[^']*'|[^>\"'])*>", re.IGNORECASE)
_HREF = re.compile(r"(\shref\s*=\s*)(\"[^\"]*\"|'[^']*')", re.IGNORECASE)
_TOPIC = re.compile(r"\sdata-topic\s*=\s*(\"[^\"]*\"|'[^']*')", re.IGNORECASE)
_URL = re.compile(r"https?://[^\s<>\"']+")
_TRAILING = ".,;:!?)]}"
_BODY = re.compile(r"<body\b[^>]*>", re.IGNORECASE)
_UNSEEN = "display:none;max-height:0;max-width:0;overflow:hidden;mso-hide:all;font-size:0;line-height:0;"

Track = Callable[[str, str | None], str]
"""A target and what the link is about → the address that tells of the click."""


@dataclass(frozen=True)
class Link:
    """A link as it stands in HTML.

    Args:
        target: where it leads, unescaped; topic: what it is about.
        offset: of its tag.
    """

    target: str
    topic: str | None
    offset: int


def links_in(html: str) -> Iterator[Link]:
    """Every link of ``html``."""
    for tag in _LINK.finditer(html):
        if (href := _HREF.search(tag[0])) is not None:
            topic = _TOPIC.search(tag[0])
            yield Link(unescape(href[2][1:-1]).strip(), unescape(topic[1][1:-1]) if topic else None, tag.start())


def tracked_html(html: str, track: Track) -> str:
    """``html`` with the target of every link that leads to a site replaced by ``track`` of it."""

    def replace(tag: re.Match[str]) -> str:
        href = _HREF.search(tag[0])
        if href is None:
            return tag[0]
        topic = _TOPIC.search(tag[0])
        told = tag[0] if topic is None else _TOPIC.sub("", tag[0])
        target = unescape(href[2][1:-1]).strip()
        if not is_site(target):
            return told
        address = track(target, unescape(topic[1][1:-1]) if topic else None)
        return _HREF.sub(lambda found: f'{found[1]}"{escape(address)}"', told, count=1)

    return _LINK.sub(replace, html)


def tracked_text(text: str, track: Track, topics: dict[str, str] | None = None) -> str:
    """``text`` with every address of a site replaced by ``track`` of it.

    Args:
        topics: what links to an address are about.
    """

    def replace(found: re.Match[str]) -> str:
        url = found[0].rstrip(_TRAILING)
        return track(url, topics.get(url) if topics else None) + found[0][len(url) :]

    return _URL.sub(replace, text)


def is_site(target: str) -> bool:
    """Whether a link leads to a site, and not to a mail program or phone."""
    return target[:8].lower().startswith(("http://", "https://"))


def with_pixel(html: str, url: str) -> str:
    """``html`` with the picture that tells its opening, before the end of the body."""
    pixel = f'<img src="{escape(url)}" width="1" height="1" alt="" style="display:block;border:0;">'
    before, end, after = html.rpartition("</body>")
    return f"{before}{pixel}{end}{after}" if end else html + pixel


def with_trap(html: str, url: str) -> str:
    """``html`` with a link that no person sees, first of all: what follows it follows every link of a mail."""
    trap = f'<a href="{escape(url)}" rel="nofollow" tabindex="-1" aria-hidden="true" style="{_UNSEEN}"></a>'
    found = _BODY.search(html)
    return html if found is None else html[: found.end()] + trap + html[found.end() :]
