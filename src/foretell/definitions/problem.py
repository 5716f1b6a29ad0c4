"""What can be wrong with a definition, as data, so that all of it is reported at once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

from foretell.errors import DefinitionErrors, ForetellError, UsageError

_MOST_SHOWN = 12

Severity = Literal["error", "warning"]


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong.

    Args:
        code: stable name for programs, e.g. ``UNKNOWN_KEY``.
        message: what happened, one sentence without a full stop.
        thing: the document it happened to, e.g. ``segment loyal``.
        where: ``file:line``, the file relative to the workspace.
        next_step: what to do now, one sentence.
        severity: an error keeps the definitions from being applied, a warning does not.
    """

    code: str
    message: str
    thing: str = ""
    where: str = ""
    next_step: str = ""
    severity: Severity = "error"

    def as_error(self) -> UsageError:
        """The problem as an exception with the same words (exit status 2)."""
        return UsageError(self.code, self.message, thing=self.thing, where=self.where, next_step=self.next_step)

    @property
    def headline(self) -> str:
        """The first line that a person reads: where, what, which thing."""
        return self.as_error().headline

    def as_dict(self) -> dict[str, object]:
        """The problem for programs (``--json``)."""
        return {
            "code": self.code,
            "severity": self.severity,
            "message": self.message,
            "thing": self.thing,
            "where": self.where,
            "next_step": self.next_step,
        }


def problems_from(error: ForetellError, *, thing: str, where: str) -> list[Problem]:
    """An exception as problems; ``thing`` and ``where`` fill in what it does not say itself."""
    parts = error.errors if isinstance(error, DefinitionErrors) else [error]
    return [Problem(part.code, part.what, part.thing or thing, part.where or where, part.next_step) for part in parts]


def raise_errors(problems: Iterable[Problem]) -> None:
    """Raise :class:`DefinitionErrors` with every problem of severity error; nothing where there is none."""
    errors = [problem.as_error() for problem in problems if problem.severity == "error"]
    if errors:
        raise DefinitionErrors(errors)


def in_order(problems: Iterable[Problem]) -> list[Problem]:
    """Each problem once, by file and line, errors before warnings of the same line."""
    return sorted(dict.fromkeys(problems), key=_place)


def _place(problem: Problem) -> tuple[str, int, str, str, str]:
    found = re.match(r"(.*):(\d+)\Z", problem.where)
    file, line = (found[1], int(found[2])) if found else (problem.where, 0)
    return ("" if file == "foretell.yaml" else file, line, problem.severity, problem.code, problem.message)


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word most like ``word``, or None where none is near."""
    by_lower = {option.lower(): option for option in sorted(known)}
    found = get_close_matches(word.lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[found[0]] if found else None


def suggestion(word: str, known: Sequence[str], *, what: str) -> str:
    """The next step after an unknown word: the near miss, or all that is known.

    Args:
        what: what the known words are, e.g. ``keys``.
    """
    near = nearest(word, known)
    if near is not None:
        return f"Did you mean {near!r}?"
    if not known:
        return f"No {what} are known here."
    more = f" and {len(known) - _MOST_SHOWN} more" if len(known) > _MOST_SHOWN else ""
    return f"Known {what}: {', '.join(known[:_MOST_SHOWN])}{more}."
