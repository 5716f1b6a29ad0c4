"""Log lines: both forms, the request they belong to, and what never stands in them."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest

from foretell.errors import ForetellError
from foretell.telemetry import Hiding, asking, begin_logging, request_id, well_formed, working

SECRET = "s3cr3t-of-the-shop"
NAME = "Anna Schmidt"
REFUSED = "postgresql://shop:pa55word@db/x refused Bearer abcdef123456, password=hunter2"
QUOTED = "Key (value)=(anna.schmidt) already exists: 'u-1' and \"Anna\""
_LOG = logging.getLogger("foretell.test")


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    before = root.level, list(root.handlers)
    yield
    root.setLevel(before[0])
    root.handlers[:] = before[1]
    logging.getLogger("foretell").setLevel(logging.NOTSET)


def told(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().err


def test_a_line_is_one_json_object_with_the_request(capsys: pytest.CaptureFixture[str]) -> None:
    begin_logging("json", "info")
    with asking("api", "given-by-the-caller"):
        _LOG.info("two\nlines", extra={"fields": {"route": "/api/x", "status": 200}})
    _LOG.debug("not wanted")
    (line,) = told(capsys).splitlines()
    found = json.loads(line)
    assert found.pop("at").endswith("Z")
    assert found == {
        "level": "info",
        "logger": "foretell.test",
        "message": "two\nlines",
        "request_id": "given-by-the-caller",
        "door": "api",
        "route": "/api/x",
        "status": 200,
    }


def test_work_that_nobody_asked_for_has_no_request(capsys: pytest.CaptureFixture[str]) -> None:
    begin_logging("json")
    with working():
        _LOG.warning("late")
    found = json.loads(told(capsys))
    assert (found["door"], "request_id" in found) == ("worker", False)


def test_a_line_for_people_names_the_request(capsys: pytest.CaptureFixture[str]) -> None:
    begin_logging()
    with asking("api") as now:
        _LOG.warning("slow")
    line = told(capsys)
    assert line.endswith(f"WARNING foretell.test: slow [request {now.request_id}]\n")


@pytest.mark.parametrize("form", ["text", "json"])
def test_neither_secrets_nor_people_stand_in_lines(capsys: pytest.CaptureFixture[str], form: str) -> None:
    begin_logging("json" if form == "json" else "text", "warning", [SECRET])
    try:
        raise KeyError(NAME)
    except KeyError:
        _LOG.exception("anna@example.com called from +49 170 1234567 with %s", SECRET, extra={"fields": {"to": SECRET}})
    try:
        raise ForetellError("NOT_SENT", REFUSED)
    except ForetellError:
        _LOG.exception("failed")
    text = told(capsys)
    for hidden in (SECRET, "anna", "Anna", "170", "pa55word", "abcdef123456", "hunter2"):
        assert hidden not in text, hidden
    assert "postgresql://[secret]@db/x" in text
    assert "test_lines.py" in text
    if form == "json":
        first, second = map(json.loads, text.splitlines())
        assert (first["error"]["type"], first["error"]["reason"]) == ("KeyError", "[value]")
        assert second["error"]["code"] == "NOT_SENT"


def test_the_cause_of_an_error_is_told_without_the_values_that_libraries_quote(
    capsys: pytest.CaptureFixture[str],
) -> None:
    begin_logging()
    try:
        try:
            raise ValueError(QUOTED)
        except ValueError as error:
            raise ForetellError("STORE_FAILED", "the store refused it", thing="profile 'u-1'") from error
    except ForetellError:
        _LOG.exception("work failed")
    text = told(capsys)
    assert "ValueError: Key (value)=[value] already exists: [value] and [value]" in text
    assert "the store refused it (profile 'u-1')" in text


def test_hiding_does_not_show_what_it_hides() -> None:
    assert SECRET not in repr(Hiding([SECRET]))


def test_short_secrets_do_not_eat_texts() -> None:
    assert Hiding(["a", ""]).clean("a day") == "a day"


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("4bf92f3577b34da6a3ce929d0e0e4736", True),
        ("0b5ee1a2-6c2a-4f0e-8d0e-3f0a1b2c3d4e", True),
        ("short", False),
        ("x" * 65, False),
        ("anna@example.com", False),
        ("two lines\nhere", False),
        ("with-a-newline\n", False),
        ('quote"quote', False),
        ("", False),
    ],
)
def test_which_ids_are_taken_over(text: str, good: bool) -> None:
    assert well_formed(text) is good
    with asking("api", text):
        assert (request_id() == text) is good
        assert well_formed(request_id())
    assert request_id() == ""
