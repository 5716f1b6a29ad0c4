"""House rules on the text of any file."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tools.files import SourceFile
from tools.rule import Finding, Rule, everywhere, package_python, package_python_but

# Built from parts, so that this file does not breach its own rule.
_HOSTS = [
    ("pypi", "org"),
    ("pypi", "python", "org"),
    ("pythonhosted", "org"),
    ("npmjs", "org"),
    ("npmjs", "com"),
    ("yarnpkg", "com"),
    ("deb", "debian", "org"),
    ("anaconda", "org"),
    ("crates", "io"),
    ("proxy", "golang", "org"),
]
_ADDRESSES = {
    "a registry's host": "|".join(r"\b" + r"\.".join(host) + r"\b" for host in _HOSTS),
    "an index address": r"\b(?:extra-)?index" + r"-url\b|--find" + "-links",
    "a resolved download": r'"resolved"' + r":\s*\"http|\.whl" + "#|/-/[^ ]*\\.t" + "gz",
    "a path of one machine": r"(?<![\w.~$/-])/(?:home|Users|root|work)/[\w.-]+|\b[A-Z]:\\Users" + r"\\",
}
_ADDRESS = re.compile("|".join(f"(?P<a{n}>{one})" for n, one in enumerate(_ADDRESSES.values())))
_STORES = re.compile("duckdb|sqlite", re.IGNORECASE)
_UNFINISHED = re.compile(r"\b(?:TODO|FIXME|XXX|NotImplementedError)\b")


def no_address(file: SourceFile) -> Iterator[Finding]:
    """No file names a registry's host or a path of one machine.

    Where packages come from is the business of the machine that installs them: mirrors, proxies and
    closed networks must work without an edit. And a path of somebody's disk is wrong on all others.
    """
    for number, line in _lines(file):
        found = _ADDRESS.search(line)
        if found:
            kind = list(_ADDRESSES)[int(str(found.lastgroup)[1:])]
            yield number, f"{kind}: {found[0]}"


def no_store_above_engine(file: SourceFile) -> Iterator[Finding]:
    """Nothing above ``engine`` names a store, not even in a comment.

    The same definitions run on other stores; a room that knows which one it is on will come to rely
    on it. ``bench`` may: the other side of its comparisons is one of them.
    """
    for number, line in _lines(file):
        found = _STORES.search(line)
        if found:
            yield number, f"{found[0]}: say what it does for the room, not what it is"


def nothing_unfinished(file: SourceFile) -> Iterator[Finding]:
    """What is in the package works; what is still to be done is an issue.

    A mark in the code is read by nobody who could decide on it.
    """
    for number, line in _lines(file):
        found = _UNFINISHED.search(line)
        if found:
            yield number, f"{found[0]}: finish it or take it out"


CHOOSING = ("definitions/settings.py", "cli/moving.py")
"""Where people say which stores they want; nothing there knows what such a store does."""
RULES = (
    Rule("FH201", no_address, everywhere),
    Rule("FH202", no_store_above_engine, package_python_but("engine/", "bench/", *CHOOSING)),
    Rule("FH203", nothing_unfinished, package_python),
)


def _lines(file: SourceFile) -> Iterator[tuple[int, str]]:
    return enumerate((file.text or "").splitlines(), start=1)
