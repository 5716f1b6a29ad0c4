"""Errors: what, which thing, where, what next; for people and for programs."""

from __future__ import annotations

import errno
import os

import pytest

from foretell.errors import DefinitionErrors, ForetellError, UsageError, explain_os_errors


def test_the_headline_names_thing_and_place() -> None:
    error = ForetellError("X", "it broke", thing="segment loyal", where="loyal.yaml:3", next_step="Mend it.")
    assert error.headline == "loyal.yaml:3: it broke (segment loyal)"
    assert str(error) == "loyal.yaml:3: it broke (segment loyal). Mend it."
    assert str(ForetellError("X", "it broke")) == "it broke"


def test_programs_get_every_part() -> None:
    error = ForetellError("X", "it broke", thing="t", where="w", next_step="n", transient=True)
    assert error.as_dict() == {
        "code": "X", "what": "it broke", "thing": "t", "where": "w", "next_step": "n", "transient": True,
    }  # fmt: skip


def test_failures_exit_1_and_wrong_usage_exits_2() -> None:
    assert (ForetellError("X", "x").exit_status, UsageError("X", "x").exit_status) == (1, 2)
    assert isinstance(UsageError("X", "x"), ForetellError)


def test_many_errors_are_told_at_once() -> None:
    errors = [UsageError("A", "first", where="a:1", next_step="Do."), UsageError("B", "second")]
    both = DefinitionErrors(iter(errors))
    assert both.headline == "a:1: first"
    assert both.next_step == "Do. (1 more below)"
    assert [part["code"] for part in both.as_dict()["errors"]] == ["A", "B"]  # type: ignore[index, attr-defined]
    assert DefinitionErrors(errors[:1]).next_step == "Do."
    assert both.exit_status == 2


@pytest.mark.parametrize(
    ("number", "code", "transient"),
    [
        (errno.ENOSPC, "DISK_FULL", True),
        (errno.EDQUOT, "DISK_FULL", True),
        (errno.EROFS, "DISK_READ_ONLY", False),
        (errno.EACCES, "NOT_PERMITTED", False),
        (errno.EPERM, "NOT_PERMITTED", False),
        (errno.ENOENT, "FILE_MISSING", False),
        (errno.EIO, "OS_ERROR", False),
    ],
)
def test_what_the_system_says_is_explained(number: int, code: str, transient: bool) -> None:
    with pytest.raises(ForetellError) as caught, explain_os_errors("the spool"):
        raise OSError(number, os.strerror(number), "/some/file")
    assert (caught.value.code, caught.value.transient) == (code, transient)
    assert (caught.value.thing, caught.value.where) == ("the spool", "/some/file")
    assert isinstance(caught.value.__cause__, OSError)


def test_other_errors_pass() -> None:
    with pytest.raises(KeyError), explain_os_errors("the spool"):
        raise KeyError("x")
