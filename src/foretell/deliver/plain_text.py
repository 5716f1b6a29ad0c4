"""HTML read as plain text, as a person would write it: links, lists, headings, buttons, tables of facts."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from foretell.deliver.text_parts import Tokens

_PARAGRAPHS = frozenset(
    {"p", "h1", "h2", "h3", "h4", "h5", "h6", "table", "ul", "ol", "blockquote", "pre", "hr", "section"}
)
_LINES = frozenset({"div", "tr", "li", "dt", "dd", "figcaption"})
_SIGNS = {"hr": "-" * 20, "blockquote": "> "}
_SILENT = frozenset({"style", "script", "head", "title"})
_VOID = frozenset({"br", "hr", "img", "input", "meta", "link", "col", "area", "base", "wbr", "source"})
_HIDDEN = re.compile(r"display\s*:\s*none", re.IGNORECASE)
_ESCAPING = re.compile(r"\s*\|\s*(?:escape_once|escape|newline_to_br)\s*(?=\||\}\}|-\}\})")
_EMPTY_LINES = re.compile(r"[ \t]*\n(?:[ \t]*\n)+")


class _Reading(HTMLParser):
    """Collects what a person would read."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._breaks = 0
        self._silent: list[str] = []
        self._links: list[tuple[str, bool, int]] = []
        self._lists: list[int | None] = []
        self._facts: list[bool] = []
        self._cells = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        if self._silent or tag in _SILENT or _HIDDEN.search(told.get("style") or ""):
            if tag not in _VOID:
                self._silent.append(tag)
            return
        self._break(tag)
        self._begin(tag, told)

    def _begin(self, tag: str, told: dict[str, str | None]) -> None:
        if tag in ("ul", "ol"):
            self._lists.append(1 if tag == "ol" else None)
        elif tag == "table":
            self._facts.append(told.get("role") != "presentation")
        elif tag in ("tr", "td", "th"):
            self._begin_cell(tag)
        elif tag == "li":
            self._say("  " * max(0, len(self._lists) - 1) + self._bullet())
        elif tag in _SIGNS:
            self._say(_SIGNS[tag])
            self._breaks = 2 if tag == "hr" else 0
        elif tag == "a":
            self._say("")
            self._links.append((told.get("href") or "", _is_button(told), len(self.parts)))
        elif tag == "img" and (alternative := (told.get("alt") or "").strip()):
            self._say(alternative)

    def _begin_cell(self, tag: str) -> None:
        self._cells = 0 if tag == "tr" else self._cells + 1
        if self._in_facts and self._cells > 1:
            self._say(" | ")

    def handle_endtag(self, tag: str) -> None:
        if self._silent:
            if tag in self._silent:
                while self._silent.pop() != tag:
                    pass
            return
        if tag == "a" and self._links:
            self._end_link(*self._links.pop())
        if tag in ("ul", "ol") and self._lists:
            self._lists.pop()
        if tag == "table" and self._facts:
            self._facts.pop()
        if tag != "br":
            self._break(tag)

    def _end_link(self, target: str, is_button: bool, begin: int) -> None:
        words = "".join(self.parts[begin:]).strip()
        if not target or target.startswith("#"):
            return
        if target.removeprefix("mailto:").removeprefix("tel:") == words or not words:
            self.parts[begin:] = [words or target]
        elif is_button:
            self.parts[begin:] = [f"{words}:\n{target}"]
        else:
            self.parts.append(f" ({target})")

    def _bullet(self) -> str:
        number = self._lists[-1] if self._lists else None
        if number is None:
            return "- "
        self._lists[-1] = number + 1
        return f"{number}. "

    @property
    def _in_facts(self) -> bool:
        return bool(self._facts) and self._facts[-1]

    def _break(self, tag: str) -> None:
        if tag == "br":
            self._breaks += 1
        elif tag in ("td", "th"):
            self._breaks = max(self._breaks, 0 if self._in_facts else 1)
        elif tag in _PARAGRAPHS:
            self._breaks = max(self._breaks, 1 if tag in ("ul", "ol") and self._lists else 2)
        elif tag in _LINES:
            self._breaks = max(self._breaks, 1)

    def _say(self, words: str) -> None:
        self.parts += ["\n" * self._breaks, words]
        self._breaks = 0

    def handle_data(self, data: str) -> None:
        if self._silent:
            return
        words = re.sub(r"\s+", " ", data)
        if self._breaks:
            words = words.lstrip(" ")
        if words:
            self._say(words)


def _is_button(told: dict[str, str | None]) -> bool:
    style = (told.get("style") or "").replace(" ", "")
    return "button" in (told.get("class") or "").split() or "display:inline-block" in style


def text_of(html: str) -> str:
    """What ``html`` says, as plain text; links keep their address behind their words."""
    reading = _Reading()
    reading.feed(html)
    reading.close()
    lines = [line.rstrip() if _is_nested(line) else line.strip() for line in "".join(reading.parts).split("\n")]
    return tidied("\n".join(re.sub(r"(?<=\S) {2,}", " ", line) for line in lines))


def _is_nested(line: str) -> bool:
    return re.match(r" +(?:- |\d+\. )", line) is not None


def text_with_liquid(html: str) -> str:
    """The plain text of HTML that holds Liquid, with its Liquid: read once, rendered for each person."""
    tokens = Tokens()
    text = text_of(tokens.hide(html))
    tokens.kept = [_ESCAPING.sub(" ", piece) for piece in tokens.kept]
    return tokens.show(text)


def tidied(text: str) -> str:
    """``text`` with no more than one empty line in a row."""
    return _EMPTY_LINES.sub("\n\n", text.replace("\u00a0", " ")).strip()
