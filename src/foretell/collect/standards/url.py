"""Web addresses: RFC 3986 with the normal form of its section 6, hosts by IDNA."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, parse_qsl, quote, urlsplit

import idna
import pyarrow as pa
from pydantic import Field

from foretell.collect.standards.base import (
    Example,
    Standard,
    StandardContext,
    Standardised,
    StandardOptions,
    each_distinct,
)
from foretell.collect.standards.tables.signs import without_hidden

TRACKING = re.compile(
    r"utm_.+|mtm_.+|pk_.+|hsa_.+|gclid|gclsrc|dclid|gbraid|wbraid|gad_.+|fbclid|msclkid|twclid|ttclid|li_fat_id|yclid|"
    r"igshid|igsh|mc_cid|mc_eid|mkt_tok|_hsenc|_hsmi|_ga|_gl|epik|srsltid|s_kwcid|ef_id|vero_id|oly_(?:anon|enc)_id"
)
"""Parameters that say where somebody came from, not where they are."""
_PORTS = {"http": 80, "https": 443}
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})*\.?|\[[0-9a-f:.]+\]")
_BARE = re.compile(r"[^\s/?#:@]+\.[^\W\d_]{2,}(?::[0-9]{1,5})?(?:[/?#].*)?", re.DOTALL)
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_KEPT = "!$&'()*+,;=:@/?%~-._[]|"


class UrlOptions(StandardOptions):
    """What of an address is kept."""

    drop_tracking: bool = Field(default=False, description="true drops utm_*, gclid, fbclid and their like.")
    drop_fragment: bool = Field(default=False, description="true drops what stands behind #.")
    drop_query: bool = Field(default=False, description="true drops what stands behind ?.")


def _work(values: pa.Array, _context: StandardContext, options: StandardOptions) -> Standardised:
    assert isinstance(options, UrlOptions)
    return each_distinct(values, lambda text: normal_url(text, options))


def normal_url(text: str, options: UrlOptions) -> str | None:
    """``text`` in normal form; None where it is no address of the web, or holds a password."""
    word = without_hidden(text).strip()
    if word.startswith("//"):
        word = f"https:{word}"
    elif "://" not in word.partition("?")[0] and _BARE.fullmatch(word):
        word = f"https://{word}"
    try:
        parts = urlsplit(word)
        port = parts.port
        host = _host(parts.hostname or "")
    except ValueError:  # of idna too
        return None
    if parts.scheme not in _PORTS or host is None or "@" in parts.netloc or re.search(r"\s", word.partition("?")[0]):
        return None
    where = host if port in (None, _PORTS[parts.scheme]) else f"{host}:{port}"
    return f"{parts.scheme}://{where}{_path(parts.path)}{_rest(parts, options)}"


def _host(host: str) -> str | None:
    """The host in lower case and ASCII."""
    if ":" in host:
        return f"[{host}]" if _HOST.fullmatch(f"[{host}]") else None
    if not host.isascii():
        host = idna.encode(host, uts46=True).decode()
    host = host.lower()
    return host if _HOST.fullmatch(host) and ("." in host.strip(".") or host == "localhost") else None


def _path(path: str) -> str:
    """Escapes in one form, without ``.`` and ``..``."""
    kept: list[str] = []
    parts = _escaped(path).split("/")[1:]
    for part in parts:
        if part == "..":
            del kept[-1:]
        elif part != ".":
            kept.append(part)
    end = "/" if parts and parts[-1] in (".", "..") and kept else ""
    return "/" + "/".join(kept) + end


def _rest(parts: SplitResult, options: UrlOptions) -> str:
    pairs = [] if options.drop_query else [pair for pair in parts.query.split("&") if pair]
    if options.drop_tracking:
        pairs = [pair for pair in pairs if not TRACKING.fullmatch(_name(pair))]
    query = f"?{_escaped('&'.join(pairs))}" if pairs else ""
    fragment = "" if options.drop_fragment or not parts.fragment else f"#{_escaped(parts.fragment)}"
    return query + fragment


def _name(pair: str) -> str:
    named = parse_qsl(pair, keep_blank_values=True)
    return named[0][0].lower() if named else ""


def _escaped(text: str) -> str:
    """Percent escapes in capitals, and none where none is needed; what may not stand bare is escaped."""
    lone = re.sub(r"%(?![0-9A-Fa-f]{2})", "%25", text)
    return quote(_ESCAPE.sub(_unescaped, lone), safe=_KEPT)


def _unescaped(found: re.Match[str]) -> str:
    sign = chr(int(found[1], 16))
    return sign if sign in _UNRESERVED else found[0].upper()


STANDARD = Standard(
    name="url",
    meaning="a web address with scheme, host in lower case, escapes in one form, no default port",
    source="RFC 3986, IDNA 2008",
    work=_work,
    options=UrlOptions,
    longest=8_000,
    examples=(
        Example("HTTPS://Shop.Example.com:443/a/../b?q=1#top", "https://shop.example.com/b?q=1#top"),
        Example("www.example.com", "https://www.example.com/"),
        Example("https://example.com/?utm_source=x&id=7", "https://example.com/?id=7", {"drop_tracking": True}),
        Example("javascript:alert(1)", None),
    ),
)
