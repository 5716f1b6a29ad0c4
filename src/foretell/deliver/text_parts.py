"""Liquid within a text: its pieces, and the strings and blocks that it names.

Strings and blocks are put into a text before it is parsed, once for every language, so that a message is one
rendering whatever it is made of.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from html import escape

LIQUID = re.compile(r"\{\{.*?\}\}|\{%-?\s*(raw|comment)\b.*?\{%-?\s*end\1\s*-?%\}|\{%.*?%\}", re.DOTALL)
"""One output or tag; what is within ``raw`` and ``comment`` is one piece with them."""
_BLOCK = re.compile(r"\{\{-?\s*blocks\.([A-Za-z0-9_-]+?)\s*-?\}\}")
_STRING = re.compile(r"\{\{-?\s*strings\.([A-Za-z0-9_-]+?)\s*-?\}\}")
_ANY_STRING = re.compile(r"\bstrings\.([A-Za-z0-9_-]+)")
_LINKING = re.compile(r"<(?:a|area|mj-button|mj-image|mj-navbar-link|mj-social-element)\b(?=[^>]*\shref\s*=)", re.I)
_TOPIC = re.compile(r"\sdata-topic\s*=", re.IGNORECASE)


def blocks_named(text: str) -> Iterator[tuple[str, int]]:
    """The blocks that a text names, with the offset of each."""
    for found in re.finditer(r"\bblocks\.([A-Za-z0-9_-]+)", " ".join(_liquid_only(text))):
        yield found[1], text.find(found[0])


def strings_named(text: str) -> Iterator[tuple[str, int]]:
    """The strings that a text names, with the offset of each."""
    for piece in LIQUID.finditer(text):
        for found in _ANY_STRING.finditer(piece[0]):
            yield found[1], piece.start() + found.start()


def _liquid_only(text: str) -> list[str]:
    return [found[0] for found in LIQUID.finditer(text)]


def with_strings(text: str, strings: Mapping[str, str]) -> str:
    """``text`` with every ``{{ strings.NAME }}`` replaced by its words."""
    return _STRING.sub(lambda found: strings.get(found[1], ""), text)


def with_blocks(text: str, block: Callable[[str], str | None]) -> str:
    """``text`` with every ``{{ blocks.NAME }}`` replaced by what it says to those who see it.

    Args:
        block: gives a block's text in the form of this one; None where it says nothing.
    """

    def replace(found: re.Match[str]) -> str:
        content = block(found[1])
        return "" if not content else f"{{% if blocks.{found[1]} %}}{content}{{% endif %}}"

    return _BLOCK.sub(replace, text)


def with_topic(text: str, topic: str | None) -> str:
    """``text`` of a block with its topic on every link that names none."""
    if not topic:
        return text

    def replace(found: re.Match[str]) -> str:
        rest = text[found.end() :]
        own = _TOPIC.search(rest[: rest.find(">") if ">" in rest else len(rest)])
        return found[0] if own else f'{found[0]} data-topic="{escape(topic)}"'

    return _LINKING.sub(replace, text)


def escaped(text: str) -> str:
    """A line of Liquid as it stands in HTML: what its author wrote is escaped, its Liquid is not."""
    parts, at = [], 0
    for found in LIQUID.finditer(text):
        parts += [escape(text[at : found.start()], quote=False), found[0]]
        at = found.end()
    return "".join([*parts, escape(text[at:], quote=False)])


@dataclass
class Tokens:
    """Pieces that are put aside as words of letters and digits while something else reads the text."""

    kept: list[str] = field(default_factory=list)
    _word: re.Pattern[str] = field(default=re.compile(r"Qlq(\d+)qlQ"), repr=False)

    def put(self, piece: str) -> str:
        """The word that stands for ``piece``."""
        self.kept.append(piece)
        return f"Qlq{len(self.kept) - 1}qlQ"

    def hide(self, text: str) -> str:
        """``text`` with its Liquid put aside."""
        return LIQUID.sub(lambda found: self.put(found[0]), text)

    def show(self, text: str) -> str:
        """``text`` with everything put back, also what was put aside within other pieces."""
        while (shown := self._word.sub(lambda found: self.kept[int(found[1])], text)) != text:
            text = shown
        return text

    def only(self, text: str) -> bool:
        """Whether there is nothing but such words and white space."""
        return not self._word.sub("", text).strip()

    def any(self, text: str) -> bool:
        """Whether there is such a word."""
        return self._word.search(text) is not None
