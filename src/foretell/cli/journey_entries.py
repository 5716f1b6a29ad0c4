"""Letting people into a journey by hand: what was written becomes wishes, and answers become lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from foretell.cli.tables import say
from foretell.errors import UsageError, explain_os_errors
from foretell.journey import Answer, Asking

_PART = 1_000
_SHOWN = 20


def wishes(who: str | None, given: Sequence[str], file: Path | None, key: str | None) -> list[Asking]:
    """One wish for a person, or one for each line of a file that is not empty."""
    values = dict(_value(text) for text in given)
    if (who is None) == (file is None):
        raise UsageError("WHO_ENTERS", "nobody is named, or two ways", next_step="Write either ID or --file FILE.")
    if who is not None:
        return [Asking(who, values, key)]
    assert file is not None
    with explain_os_errors(str(file)):
        lines = file.read_text(encoding="utf-8").splitlines()
    named = list(dict.fromkeys(line.strip() for line in lines if line.strip()))
    return [Asking(one, values, None if key is None else f"{key}:{one}") for one in named]


def parts(asked: Sequence[Asking]) -> Iterator[Sequence[Asking]]:
    """Some at a time."""
    for begin in range(0, len(asked), _PART):
        yield asked[begin : begin + _PART]


def show(key: str, answers: Sequence[Answer]) -> None:
    """Say how many enter, and who cannot."""
    taken = sum(answer.state == "accepted" for answer in answers)
    known = sum(answer.state == "known" for answer in answers)
    say(f"{taken:,} will enter {key} at its next tick" + (f", {known:,} were asked for before." if known else "."))
    lost = [answer for answer in answers if answer.state in ("unknown", "ambiguous")]
    for answer in lost[:_SHOWN]:
        say(
            f"{answer.who}: {'unknown' if answer.state == 'unknown' else 'more than one person'}",
            indent=2,
        )
    if len(lost) > _SHOWN:
        say(f"and {len(lost) - _SHOWN:,} more", indent=2)


def _value(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign or not name:
        raise UsageError("BAD_VALUE", f"{text!r} is no NAME=VALUE", next_step="Write e.g. --with order_id=A17.")
    return name, value
