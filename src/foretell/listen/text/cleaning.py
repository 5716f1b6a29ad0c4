"""Texts as people wrote them become plain ones: no markup, no control characters, one kind of blank, bounded length."""

from __future__ import annotations

import html
import unicodedata

import pyarrow as pa
import pyarrow.compute as pc

MOST_CHARACTERS = 5_000
"""So much of a text is read; who writes more has said what matters by then."""
BETWEEN = "\x1e"
"""Stands between texts that are worked on together; :func:`plain` leaves none inside of a text."""
_SCRIPTS = r"(?is)<(script|style)\b.*?(</(script|style)\s*>|$)"
_TAGS = r"(?s)<[/!?a-zA-Z][^<>]{0,1000}>"
_CONTROLS = r"[\x00-\x1f\x7f-\x{9f}\x{200b}\x{200e}\x{200f}\x{202a}-\x{202e}\x{2060}\x{2066}-\x{2069}\x{feff}\x{fffd}]+"
_BLANKS = r"\s+"


def plain(texts: pa.Array | pa.ChunkedArray) -> pa.Array:
    """The same texts without markup and control characters, NFKC, cut at :data:`MOST_CHARACTERS`; null stays null.

    Marks that turn the direction of writing go as well: nothing of one answer may turn what stands beside it.
    """
    found = _combined(texts)
    found = pc.utf8_slice_codeunits(found, 0, 4 * MOST_CHARACTERS)
    found = pc.replace_substring_regex(found, _CONTROLS, " ")
    found = pc.replace_substring_regex(found, _SCRIPTS, " ")
    found = pc.replace_substring_regex(found, _TAGS, " ")
    found = _together(found)
    found = pc.replace_substring_regex(found, _TAGS, " ")
    found = pc.replace_substring_regex(found, _CONTROLS, " ")
    found = pc.utf8_trim_whitespace(pc.replace_substring_regex(found, _BLANKS, " "))
    return pc.utf8_slice_codeunits(found, 0, MOST_CHARACTERS)


def joined(texts: pa.Array) -> str:
    """Plain texts in one, :data:`BETWEEN` them; null as nothing."""
    return BETWEEN.join(texts.fill_null("").to_pylist())


def _together(texts: pa.Array) -> pa.Array:
    """Named characters (``&amp;``) and forms of characters as one; work on all texts at once."""
    if not len(texts):
        return texts
    whole = joined(texts)
    if "&" in whole:
        # What a text names by number can never be what stands between texts: HTML knows no such character.
        whole = html.unescape(whole)
    if not whole.isascii():
        whole = unicodedata.normalize("NFKC", whole.replace("\u2019", "'").replace("\u2018", "'"))
    return pc.if_else(pc.is_null(texts), None, pa.array(whole.split(BETWEEN), pa.string()))


def _combined(texts: pa.Array | pa.ChunkedArray) -> pa.Array:
    found = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
    return found.cast(pa.string())
