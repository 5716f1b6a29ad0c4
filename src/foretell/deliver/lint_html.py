"""Doubts about HTML and MJML: links that lead nowhere, pictures without words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from urllib.parse import urlsplit

from foretell.definitions import Document, Problem
from foretell.deliver.template_checks import Source
from foretell.deliver.text_parts import Tokens

_TAG = re.compile(r"<([A-Za-z][\w-]*)((?:\"[^\"]*\"|'[^']*'|[^>\"'])*)>")
_ATTRIBUTE = re.compile(r"([A-Za-z][\w:-]*)\s*=\s*(\"[^\"]*\"|'[^']*')")
_LINKS = frozenset({"a", "area", "mj-button", "mj-image", "mj-navbar-link", "mj-social-element", "mj-carousel-image"})
_PICTURES = frozenset({"img", "mj-image", "mj-carousel-image"})
_SCHEMES = frozenset({"http", "https", "mailto", "tel", "sms"})
_HOST = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9])?\.)+[a-z0-9-]{2,}\Z", re.IGNORECASE)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)


def html_doubts(document: Document, source: Source) -> Iterator[Problem]:
    """What is doubtful about one text."""
    tokens = Tokens()
    hidden = _same_length(source.text, tokens)
    for tag in _TAG.finditer(hidden):
        name = tag[1].lower()
        told = {
            found[1].lower(): unescape(tokens.show(found[2][1:-1])).strip() for found in _ATTRIBUTE.finditer(tag[2])
        }
        if name in _LINKS and "href" in told:
            if wrong := link_fault(told["href"]):
                code, message, next_step = wrong
                yield source.problem(document, tag.start(), code, message, next_step, warning=True)
        elif name == "a" and "name" not in told and "id" not in told:
            yield source.problem(
                document, tag.start(), "BROKEN_LINK", "a link leads nowhere", "Give it an href.", warning=True
            )
        if name in _PICTURES:
            yield from _picture(document, source, tag.start(), told)


def _same_length(text: str, tokens: Tokens) -> str:
    """``text`` with its Liquid as words and its comments as blanks, every character where it was."""
    from foretell.deliver.text_parts import LIQUID

    def put(found: re.Match[str]) -> str:
        word = tokens.put(found[0])
        rest = len(found[0]) - len(word)
        # A piece too short for its word keeps its own first characters; none of them could end a tag.
        return word + " " * rest if rest >= 0 else "x" * len(found[0])

    blank = _COMMENT.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)
    return LIQUID.sub(put, blank)


def _picture(document: Document, source: Source, offset: int, told: dict[str, str]) -> Iterator[Problem]:
    if "alt" not in told:
        yield source.problem(
            document, offset, "IMAGE_WITHOUT_ALT", "a picture has no words for those who do not see it",
            'Write alt="…", or alt="" for decoration.', warning=True,
        )  # fmt: skip
    address = told.get("src", "")
    if address.startswith("data:"):
        message = "a picture lies in the mail itself (data:), which Gmail and Outlook do not show"
        yield source.problem(document, offset, "IMAGE_IN_MAIL", message, "Put it on a server.", warning=True)
    elif not _is_open(address) and urlsplit(address).scheme not in ("http", "https"):
        message = f"a picture comes from {address or 'nowhere'!r}, which mail programs cannot find"
        yield source.problem(
            document, offset, "RELATIVE_IMAGE", message, "Write its whole address, https://….", warning=True
        )


def _is_open(address: str) -> bool:
    """Whether Liquid says where an address begins."""
    return address.startswith(("{{", "{%"))


def link_fault(target: str) -> tuple[str, str, str] | None:
    """Code, sentence and next step where a link is no good; None where it may be."""
    if _is_open(target):
        return None
    if target in ("", "#"):
        return "BROKEN_LINK", "a link leads nowhere", "Write where it leads."
    if target.startswith("#"):
        return None
    fixed = re.split(r"\{\{|\{%", target, maxsplit=1)[0]
    try:
        parts = urlsplit(fixed)
        scheme, host = parts.scheme.lower(), parts.hostname
    except ValueError:
        return "BROKEN_LINK", f"{target!r} is no address", "Write a whole one, https://…."
    if not scheme or target.startswith(("/", "?", ".")):
        return "RELATIVE_LINK", f"{target!r} is no whole address: a mail has no site", "Write https:// and the site."
    if scheme not in _SCHEMES:
        return "UNKNOWN_SCHEME", f"{scheme}: is followed by no mail program", f"Use {', '.join(sorted(_SCHEMES))}."
    if scheme in ("http", "https") and fixed == target:
        if not host or not (_HOST.match(host) or host == "localhost" or host.replace(".", "").isdigit()):
            return "BROKEN_LINK", f"{target!r} names no site", "Look whether it is written right."
        if " " in target:
            return "BROKEN_LINK", f"{target!r} has a blank in it", "Write %20."
    return None
