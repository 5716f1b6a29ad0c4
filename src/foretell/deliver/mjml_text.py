"""MJML with Liquid → the HTML of a mail with Liquid, once for every revision of a template.

The compiler (MRML, an implementation of MJML 4) sees the structure alone: Liquid and the content of elements such as
``mj-text`` are put aside as words and put back afterwards. So nothing about a person is ever read as MJML, a
condition may stand between sections, and HTML within a text need not be XML.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from html import escape

from foretell.deliver.mjml_elements import CONTENT, ELEMENTS, PLACES
from foretell.deliver.text_parts import Tokens
from foretell.errors import ForetellError

_TAG = re.compile(r"<(/?)([A-Za-z][\w-]*)((?:\"[^\"]*\"|'[^']*'|[^>\"'])*?)(/?)>")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_TOPIC = re.compile(r"\sdata-topic\s*=\s*(\"[^\"]*\"|'[^']*')", re.IGNORECASE)
_HREF = re.compile(r"(\shref\s*=\s*)(\"[^\"]*\"|'[^']*')", re.IGNORECASE)
_BODY_END = re.compile(r"</mj-body\s*>", re.IGNORECASE)
_HEAD = (
    '<mj-raw><meta name="color-scheme" content="light dark"><meta name="supported-color-schemes" content="light dark">'
    '</mj-raw><mj-attributes><mj-all font-family="-apple-system, Segoe UI, Roboto, Helvetica, Arial, sans-serif"/>'
    '<mj-section background-color="#FFFFFF" css-class="ft-inner"/><mj-wrapper background-color="#FFFFFF"/>'
    '<mj-text font-size="16px" line-height="1.5" color="#1B2530" css-class="ft-text"/>'
    '<mj-button background-color="#0B6A94" color="#FFFFFF" font-size="16px" border-radius="4px"/></mj-attributes>'
    "<mj-style>:root { color-scheme: light dark; } h1 { font-size: 24px; line-height: 1.3; margin: 0 0 16px; } "
    ".ft-text a { color: #0B6A94; } @media (prefers-color-scheme: dark) { body, .ft-outer { background: #0F1419 "
    "!important; } .ft-inner, .ft-inner > table { background: #171D24 !important; } .ft-text div { color: #E6EAEE "
    "!important; } .ft-text a { color: #5BB8E0 !important; } .ft-foot, .ft-foot > table { background: #0F1419 "
    "!important; } .ft-foot div, .ft-foot a { color: #9AA7B3 !important; } }</mj-style>"
)
"""What a mail looks like whose author wrote the content of its body alone: as in ``layout.html``. A whole ``<mjml>``
says it all itself."""
_FOOTER = (
    '<mj-section css-class="ft-foot" background-color="#F4F6F8"><mj-column><mj-text css-class="ft-small" '
    'align="center" font-size="12px" line-height="1.6" color="#5B6875">{footer}</mj-text></mj-column></mj-section>'
)


@dataclass(frozen=True)
class MjmlFault:
    """What is wrong with an MJML text, and the character at which it shows."""

    message: str
    offset: int


class _FaultError(Exception):
    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.fault = MjmlFault(message, offset)


def mjml_fault(text: str) -> MjmlFault | None:
    """What is wrong with the structure of ``text``; None where nothing is."""
    try:
        _compiled(text, "", "")
    except _FaultError as error:
        return error.fault
    return None


@lru_cache(maxsize=256)
def mail_of(text: str, preheader: str, footer: str) -> str:
    """The HTML of a mail, its Liquid as it was written.

    Args:
        text: a whole ``<mjml>`` or the content of its body; strings and blocks are in it already.
        preheader: Liquid, escaped; empty: none.
        footer: HTML with Liquid, for mails that have no link to unsubscribe; empty: none.

    Raises:
        ForetellError: ``BROKEN_MJML``.
    """
    try:
        return _compiled(text, preheader, footer)
    except _FaultError as error:
        line = text.count("\n", 0, error.fault.offset) + 1
        raise ForetellError("BROKEN_MJML", f"line {line}: {error.fault.message}") from error


def _compiled(text: str, preheader: str, footer: str) -> str:
    from mjml import mjml2html  # loaded with the first text that is written so

    tokens = Tokens()
    whole = _whole(text, preheader, footer)
    shift = whole.find(text) if text and text in whole else 0
    structure = _structure(whole, tokens, shift, text)
    try:
        made = str(mjml2html(structure, disable_comments=True, fonts={}))  # no font of others is asked for
    except ValueError as error:
        raise _FaultError(f"the MJML cannot be read: {error}", 0) from error
    return tokens.show(made)


def _whole(text: str, preheader: str, footer: str) -> str:
    if "<mjml" not in text:
        body = '<mj-body background-color="#F4F6F8" css-class="ft-outer">'
        text = f"<mjml><mj-head>{_HEAD}</mj-head>{body}{text}</mj-body></mjml>"
    if footer and "unsubscribe_url" not in text:
        ends = list(_BODY_END.finditer(text))
        if ends:
            at = ends[-1].start()
            text = text[:at] + _FOOTER.format(footer=footer) + text[at:]
    head = f"<mj-preview>{preheader}</mj-preview>" if preheader and "<mj-preview" not in text else ""
    if not head:
        return text
    if "<mj-head" not in text:
        return re.sub(r"<mjml\b[^>]*>", lambda found: f"{found[0]}<mj-head>{head}</mj-head>", text, count=1)
    return re.sub(r"<mj-head\b[^>]*>", lambda found: found[0] + head, text, count=1)


def _structure(whole: str, tokens: Tokens, shift: int, text: str) -> str:
    """The elements alone: what is between them and within them put aside."""
    hidden, places = _hidden(whole, tokens)

    def place(at: int) -> int:
        """The offset in the author's text of one in the hidden one."""
        found = max((pair for pair in places if pair[0] <= at), default=(0, 0))
        return min(max(found[1] + (at - found[0]) - shift, 0), len(text))

    out: list[str] = []
    open_: list[tuple[str, int]] = []
    at = 0
    while (found := _TAG.search(hidden, at)) is not None:
        out.append(_between(hidden[at : found.start()], open_, tokens, place(at)))
        closing, name, attributes, alone = found[1], found[2].lower(), found[3], found[4]
        at = found.end()
        if closing:
            if not open_ or open_[-1][0] != name:
                missing = f"<{open_[-1][0]}> is not closed" if open_ else f"</{name}> closes nothing"
                raise _FaultError(missing, place(open_[-1][1] if open_ else found.start()))
            open_.pop()
            out.append(f"</{name}>")
            continue
        _allowed(name, open_, place(found.start()))
        out.append(f"<{name}{_attributes(attributes, tokens)}{alone}>")
        if alone:
            continue
        if name in CONTENT:
            end = re.compile(rf"</{name}\s*>", re.IGNORECASE).search(hidden, at)
            if end is None:
                raise _FaultError(f"<{name}> is not closed", place(found.start()))
            content = hidden[at : end.start()]
            kept = content if name == "mj-style" or not content.strip() else tokens.put(content)
            out.append(f"{kept}</{name}>")
            at = end.end()
        else:
            open_.append((name, found.start()))
    out.append(_between(hidden[at:], open_, tokens, place(at)))
    if open_:
        raise _FaultError(f"<{open_[-1][0]}> is not closed", place(open_[-1][1]))
    return "".join(out)


def _hidden(whole: str, tokens: Tokens) -> tuple[str, list[tuple[int, int]]]:
    """``whole`` with its Liquid as words and without comments; pairs of offsets (there, here) at each piece."""
    parts, places, at, length = [], [(0, 0)], 0, 0
    pieces = re.compile(rf"(?P<comment>{_COMMENT.pattern})|(?P<liquid>\{{\{{.*?\}}\}}|\{{%.*?%\}})", re.DOTALL)
    for found in pieces.finditer(whole):
        plain = whole[at : found.start()]
        word = "" if found["comment"] else tokens.put(found[0])
        parts += [plain, word]
        at, length = found.end(), length + len(plain) + len(word)
        places.append((length, at))
    parts.append(whole[at:])
    return "".join(parts), places


def _between(text: str, open_: list[tuple[str, int]], tokens: Tokens, offset: int) -> str:
    if not text.strip():
        return ""
    inside = open_[-1][0] if open_ else ""
    if not tokens.only(text):
        said = " ".join(text.split())[:40]
        raise _FaultError(f"{said!r} stands outside of an element that holds text, such as <mj-text>", offset)
    if inside not in PLACES["mj-raw"]:
        where = f"within <{inside}>" if inside else "outside of <mj-body>"
        raise _FaultError(f"Liquid cannot stand {where}; put it around a section or column, or into a text", offset)
    return f"<mj-raw>{text.strip()}</mj-raw>"


def _allowed(name: str, open_: list[tuple[str, int]], offset: int) -> None:
    inside = open_[-1][0] if open_ else ""
    if name not in ELEMENTS:
        from foretell.definitions import nearest

        near = nearest(name, sorted(ELEMENTS))
        hint = f"; did you mean <{near}>?" if near else "; HTML belongs into <mj-text>, <mj-table> or <mj-raw>"
        raise _FaultError(f"there is no element <{name}>{hint}", offset)
    if inside not in PLACES[name]:
        within = sorted(PLACES[name])
        told = f"belongs into <{'> or <'.join(within)}>" if within != [""] else "must be the outermost"
        raise _FaultError(f"<{name}> {told}, not into {f'<{inside}>' if inside else 'nothing'}", offset)


def _attributes(attributes: str, tokens: Tokens) -> str:
    """Attributes as the compiler takes them: a topic goes with the target of the link."""
    topic, href = _TOPIC.search(attributes), _HREF.search(attributes)
    told = _TOPIC.sub("", attributes)
    if topic is None or href is None:
        return told
    # The compiler writes no attribute that it does not know; the target brings the topic along.
    target = tokens.put(f'{href[2][1:-1]}" data-topic="{escape(topic[1][1:-1])}')
    return _HREF.sub(lambda found: f'{found[1]}"{target}"', told, count=1)
