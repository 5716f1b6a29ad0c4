"""HTML and text of a message with their links told, and HTML read as text."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape, unescape
from html.parser import HTMLParser

_HREF = re.compile(r"(<a\b[^>]*?\shref\s*=\s*)(\"[^\"]*\"|'[^']*')", re.IGNORECASE)
_URL = re.compile(r"https?://[^\s<>\"']+")
_TRAILING = ".,;:!?)]}"
_BLOCKS = {"p", "div", "br", "tr", "table", "h1", "h2", "h3", "h4", "ul", "ol", "li", "blockquote", "hr", "section"}
_SILENT = {"style", "script", "head", "title"}


def tracked_html(html: str, track: Callable[[str], str]) -> str:
    """``html`` with the target of every link that leads to a site replaced by ``track`` of it."""

    def replace(found: re.Match[str]) -> str:
        target = unescape(found[2][1:-1]).strip()
        return found[0] if not _is_site(target) else f'{found[1]}"{escape(track(target))}"'

    return _HREF.sub(replace, html)


def tracked_text(text: str, track: Callable[[str], str]) -> str:
    """``text`` with every address of a site replaced by ``track`` of it."""

    def replace(found: re.Match[str]) -> str:
        url = found[0].rstrip(_TRAILING)
        return track(url) + found[0][len(url) :]

    return _URL.sub(replace, text)


def _is_site(target: str) -> bool:
    return target.lower().startswith(("http://", "https://"))


def with_pixel(html: str, url: str) -> str:
    """``html`` with the picture that tells its opening, before the end of the body."""
    pixel = f'<img src="{escape(url)}" width="1" height="1" alt="" style="display:block;border:0;">'
    before, end, after = html.rpartition("</body>")
    return f"{before}{pixel}{end}{after}" if end else html + pixel


class _Reading(HTMLParser):
    """Collects what a person would read."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._silent = 0
        self._targets: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._silent += 1
        if tag in _BLOCKS:
            self.parts.append("\n\n" if tag in ("p", "h1", "h2", "h3", "table") else "\n")
        if tag == "li":
            self.parts.append("- ")
        if tag == "a":
            self._targets.append(dict(attrs).get("href") or "")
        if tag == "img" and (alternative := dict(attrs).get("alt")):
            self.parts.append(alternative)

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        if tag == "a" and self._targets and (target := self._targets.pop()):
            self.parts.append(f" ({target})")
        if tag in ("p", "div", "h1", "h2", "h3", "tr", "li"):
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.parts.append(re.sub(r"\s+", " ", data))


def text_of(html: str) -> str:
    """What ``html`` says, as plain text; links keep their address behind their words."""
    reading = _Reading()
    reading.feed(html)
    reading.close()
    lines = [line.strip() for line in "".join(reading.parts).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
