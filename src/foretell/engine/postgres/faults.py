"""What PostgreSQL and its driver say when they fail, as errors that say what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from foretell.errors import ForetellError

_Known = tuple[str, str, str, bool]
_GONE: _Known = (
    "STORE_GONE",
    "PostgreSQL does not answer",
    "Start the server, or check its address; nothing acknowledged is lost.",
    True,
)
_BUSY: _Known = ("STORE_BUSY", "somebody else holds what is needed of PostgreSQL", "Try again.", True)
_MISSING: _Known = (
    "STORE_MISSING",
    "this database holds no such workspace",
    "Check stores.url and stores.schema in foretell.yaml.",
    False,
)
_REFUSED: _Known = (
    "STORE_REFUSED",
    "PostgreSQL refuses this user or password",
    "Check user and password in stores.url, and pg_hba.conf of the server.",
    False,
)
_CROWDED: _Known = (
    "TOO_MANY_CONNECTIONS",
    "PostgreSQL takes no more connections",
    "Raise max_connections of the server, or run fewer processes.",
    True,
)
_BY_STATE: dict[str, _Known] = {
    "53100": ("DISK_FULL", "the disk of PostgreSQL is full", "Free some room; nothing acknowledged is lost.", True),
    "53200": ("STORE_FULL", "PostgreSQL has no memory left", "Give the server more memory, or lower work_mem.", True),
    "53300": _CROWDED,
    "28000": _REFUSED,
    "28P01": _REFUSED,
    "3D000": _MISSING,
    "3F000": _MISSING,
    "42501": (
        "NOT_PERMITTED",
        "PostgreSQL does not permit this to the user",
        "Let the user own the schema: CREATE SCHEMA … AUTHORIZATION …",
        False,
    ),
    "25006": (
        "STORE_READ_ONLY",
        "this PostgreSQL only reads",
        "Name the primary in stores.url, e.g. with target_session_attrs=read-write.",
        True,
    ),
    "55P03": _BUSY,
    "40P01": _BUSY,
    "40001": _BUSY,
    "57014": ("STORE_SLOW", "PostgreSQL took too long for a statement", "Try again when it has less to do.", True),
    "22021": ("TEXT_UNFIT", "a text holds a character that PostgreSQL cannot keep", "Take NUL out of it.", False),
    "58P01": ("STORE_DAMAGED", "a file of PostgreSQL is missing", "Restore a backup.", False),
    "XX001": ("STORE_DAMAGED", "PostgreSQL's data are damaged", "Restore a backup.", False),
    "XX002": ("STORE_DAMAGED", "an index of PostgreSQL is damaged", "Rebuild it with REINDEX.", False),
}
_GONE_STATES = ("08", "57P", "25P03")
"""Connection failures, shutdowns and crashes, and a transaction in which nothing happened for too long."""
# On connecting libpq gives the server's words alone, without their state.
_BY_WORDS: tuple[tuple[str, _Known], ...] = (
    ("too many clients", _CROWDED),
    ("too many connections", _CROWDED),
    ("connection slots are reserved", _CROWDED),
    ("authentication failed", _REFUSED),
    ("no password supplied", _REFUSED),
    ("no pg_hba.conf entry", _REFUSED),
    ("is not permitted to log in", _REFUSED),
    ('role "', _REFUSED),
    ("session is not read-write", _BY_STATE["25006"]),
    ("session is read-only", _BY_STATE["25006"]),
    ("contain NUL", _BY_STATE["22021"]),
)


def is_lost(error: BaseException) -> bool:
    """True where the connection went, and the same work may succeed with another one."""
    if not isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
        return False
    if error.sqlstate:
        return error.sqlstate.startswith(_GONE_STATES) or error.sqlstate == "53300"
    return _by_words(error) in (None, _CROWDED)


def _by_words(error: psycopg.Error) -> _Known | None:
    said = str(error)
    if 'database "' in said and "does not exist" in said:
        return _MISSING
    return next((known for words, known in _BY_WORDS if words in said), None)


@contextmanager
def explain_server_errors(where: str) -> Iterator[None]:
    """Turn the driver's errors into errors that say what to do.

    Args:
        where: the place, without a password.
    """
    try:
        yield
    except psycopg.Error as error:
        raise explained(error, where) from error


def explained(error: psycopg.Error, where: str) -> ForetellError:
    """The driver's error as one of ours."""
    state = error.sqlstate or ""
    known = _BY_STATE.get(state) or (_GONE if state.startswith(_GONE_STATES) else None)
    if known is None and not state:
        known = _by_words(error) or (_GONE if is_lost(error) else None)
    if known is None:
        return ForetellError("STORE_FAILED", _line(error), where=where)
    code, what, next_step, transient = known
    return ForetellError(
        code,
        what,
        thing="" if known is _REFUSED else _line(error),
        where=where,
        next_step=next_step,
        transient=transient,
    )


def _line(error: psycopg.Error) -> str:
    """What the server said first."""
    return error.diag.message_primary or str(error).strip().split("\n")[0] or "PostgreSQL gave no reason"
