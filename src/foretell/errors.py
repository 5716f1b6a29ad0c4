"""Errors that say what happened, to which thing, where, and what to do next.

Every error that a person can meet is a :class:`ForetellError`. It has a stable ``code`` for
programs, and says whether trying the same thing again can help (``transient``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from errno import EACCES, EDQUOT, ENOENT, ENOSPC, EPERM, EROFS

EXIT_FAILED = 1
EXIT_USAGE = 2


class ForetellError(Exception):
    """The work failed; ``exit_status`` is 1.

    Args:
        code: stable name for programs, e.g. ``FILE_TRUNCATED``.
        what: what happened, one sentence without a full stop.
        thing: the thing it happened to, e.g. ``segment loyal``.
        where: file and line, column or address, as far as known.
        next_step: what to do now, one sentence.
        transient: True where the same call can succeed later without a change.
    """

    exit_status = EXIT_FAILED

    def __init__(
        self,
        code: str,
        what: str,
        *,
        thing: str = "",
        where: str = "",
        next_step: str = "",
        transient: bool = False,
    ) -> None:
        super().__init__(what)
        self.code = code
        self.what = what
        self.thing = thing
        self.where = where
        self.next_step = next_step
        self.transient = transient

    @property
    def headline(self) -> str:
        """The first line that a person reads: what, which thing, where."""
        parts = [f"{self.what}"]
        if self.thing:
            parts.append(f"({self.thing})")
        line = " ".join(parts)
        return f"{self.where}: {line}" if self.where else line

    def __str__(self) -> str:
        return f"{self.headline}. {self.next_step}" if self.next_step else self.headline

    def as_dict(self) -> dict[str, object]:
        """The error for programs (``--json``, HTTP bodies)."""
        return {
            "code": self.code,
            "what": self.what,
            "thing": self.thing,
            "where": self.where,
            "next_step": self.next_step,
            "transient": self.transient,
        }


class UsageError(ForetellError):
    """Wrong usage or wrong definitions; ``exit_status`` is 2."""

    exit_status = EXIT_USAGE


class DefinitionErrors(UsageError):
    """All errors found in the definitions at once; its text is one line an error."""

    def __init__(self, errors: Iterable[ForetellError]) -> None:
        self.errors = list(errors)
        first = self.errors[0]
        more = len(self.errors) - 1
        super().__init__(
            first.code,
            first.what,
            thing=first.thing,
            where=first.where,
            next_step=first.next_step + (f" ({more} more below)" if more else ""),
        )

    def as_dict(self) -> dict[str, object]:
        return {**super().as_dict(), "errors": [error.as_dict() for error in self.errors]}


_OS_ERRORS = {
    ENOSPC: ("DISK_FULL", "the disk is full", "Free some room; nothing acknowledged is lost.", True),
    EDQUOT: ("DISK_FULL", "the disk quota is used up", "Free some room; nothing acknowledged is lost.", True),
    EROFS: (
        "DISK_READ_ONLY",
        "the file system is read-only",
        "Remount it writable or choose another directory.",
        False,
    ),
    EACCES: ("NOT_PERMITTED", "permission was denied", "Check owner and mode of the file.", False),
    EPERM: ("NOT_PERMITTED", "permission was denied", "Check owner and mode of the file.", False),
    ENOENT: ("FILE_MISSING", "there is no such file", "Check the path.", False),
}


@contextmanager
def explain_os_errors(thing: str) -> Iterator[None]:
    """Turn operating-system errors about ``thing`` into :class:`ForetellError`."""
    try:
        yield
    except OSError as error:
        known = _OS_ERRORS.get(error.errno or 0)
        where = str(error.filename) if error.filename else ""
        if known is None:
            raise ForetellError("OS_ERROR", f"{error.strerror or error}", thing=thing, where=where) from error
        code, what, next_step, transient = known
        raise ForetellError(code, what, thing=thing, where=where, next_step=next_step, transient=transient) from error
