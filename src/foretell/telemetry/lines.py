"""Log lines: for people by default, as JSON for programs; each names the request that it belongs to."""

from __future__ import annotations

import json
import logging
import sys
import traceback
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Literal

from foretell.errors import ForetellError
from foretell.telemetry.asking import asked
from foretell.telemetry.hiding import Hiding
from foretell.telemetry.tracing import span_ids

LogFormat = Literal["text", "json"]
FIELDS = "fields"
"""``extra={"fields": {...}}``: what a record says beside its message; in JSON each is a field of its own."""


def begin_logging(form: LogFormat = "text", level: str = "warning", secrets: Iterable[str] = ()) -> None:
    """Write log records to standard error from now on.

    Args:
        level: the least that is written: ``debug``, ``info``, ``warning`` or ``error``; of libraries never less than
            a warning.
        secrets: values that never stand in a line.
    """
    hiding = Hiding(secrets)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines(hiding) if form == "json" else TextLines(hiding))
    least = getattr(logging, level.upper())
    logging.basicConfig(level=max(least, logging.WARNING), handlers=[handler], force=True)
    logging.getLogger("foretell").setLevel(least)


class _Lines(logging.Formatter):
    def __init__(self, hiding: Hiding) -> None:
        super().__init__()
        self._hiding = hiding

    def said(self, record: logging.LogRecord) -> str:
        """The message without what must not be seen."""
        return self._hiding.clean(record.getMessage())

    def broken(self, record: logging.LogRecord) -> BaseException | None:
        """What was raised, where the record tells of it."""
        found = record.exc_info
        return found[1] if isinstance(found, tuple) else None

    def stack(self, error: BaseException) -> str:
        """Where it was raised: files, lines and what was raised, never a value that a library quotes."""
        parts = []
        seen: set[int] = set()
        one: BaseException | None = error
        while one is not None and id(one) not in seen:
            seen.add(id(one))
            frames = "".join(traceback.format_tb(one.__traceback__))
            parts.append(f"Traceback (most recent call last):\n{frames}{type(one).__name__}: {self.reason(one)}")
            one = one.__cause__ or (None if one.__suppress_context__ else one.__context__)
        return "\n\n".join(reversed(parts))

    def reason(self, error: BaseException) -> str:
        """What was raised, in words."""
        clean = self._hiding.clean if isinstance(error, ForetellError) else self._hiding.clean_foreign
        return clean(str(error))


class TextLines(_Lines):
    """``2026-03-01 12:00:00,000 ERROR foretell.web: what [request 4f…]``, and the stack below."""

    def format(self, record: logging.LogRecord) -> str:
        """One record as text."""
        now, error = asked(), self.broken(record)
        line = f"{self.formatTime(record)} {record.levelname} {record.name}: {self.said(record)}"
        if now is not None and now.request_id:
            line += f" [request {now.request_id}]"
        return line if error is None else f"{line}\n{self.stack(error)}"


class JsonLines(_Lines):
    """One JSON object a line: ``at level logger message``, then what there is of ``request_id door trace_id span_id``,
    the record's own fields, and ``error`` (``type code reason stack``)."""

    def format(self, record: logging.LogRecord) -> str:
        """One record as JSON."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        line: dict[str, Any] = {
            "at": at,
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": self.said(record),
        }
        now = asked()
        if now is not None:
            line |= {name: value for name, value in (("request_id", now.request_id), ("door", now.door)) if value}
        line |= span_ids()
        given = getattr(record, FIELDS, None)
        if isinstance(given, dict):
            line |= {name: self._value(value) for name, value in given.items() if name not in line}
        error = self.broken(record)
        if error is not None:
            code = {"code": error.code} if isinstance(error, ForetellError) else {}
            line["error"] = {
                "type": type(error).__name__,
                **code,
                "reason": self.reason(error),
                "stack": self.stack(error),
            }
        return json.dumps(line, ensure_ascii=False, default=str)

    def _value(self, value: object) -> object:
        return self._hiding.clean(value) if isinstance(value, str) else value
