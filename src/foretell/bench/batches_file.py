"""Requests of a tracking library in a file: batches of 100 events of about 600 bytes, as they go over the wire.

Each body has marks in place of what must differ when it is sent again: :data:`ROUND` in the ids of
messages and people, and :data:`SENT` for the time of sending, which is also when the events happen. So each time around
other people come, do some ten things, and leave. One event of each batch is a newcomer's ``Signed Up``.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from foretell.bench import events_file

EVENTS = 100
ROUND, SENT = b"@round", b"@sent"
NEWCOMER = "Signed Up"
_ID = re.compile(rb'"(?:messageId|userId|anonymousId|email)":"')
_TIME = re.compile(rb'"timestamp":"[^"]*"')
_LENGTH = struct.Struct("<I")
_LIBRARY = (
    b'{"integrations":{"All":true},"version":"2","_metadata":{"nodeVersion":"24.1.0","jsRuntime":"node",'
    b'"bundled":["Segment.io"],"unbundled":[]},'
)


def write(path: Path, *, batches: int, people: int) -> None:
    """Write ``batches`` bodies of ``people`` people to ``path``."""
    with TemporaryDirectory(prefix="foretell-bench-") as folder:
        events = Path(folder, "events.jsonl")
        events_file.write(events, events=batches * EVENTS, people=people)
        with events.open("rb") as lines, path.open("wb") as file:
            for number in range(batches):
                found = [next(lines).rstrip(b"\n") for _ in range(EVENTS)]
                body = _body(number, found)
                file.write(_LENGTH.pack(len(body)) + body)


def read(path: Path) -> Iterator[bytes]:
    """The bodies in a file."""
    with path.open("rb") as file:
        while head := file.read(_LENGTH.size):
            yield file.read(_LENGTH.unpack(head)[0])


def _body(number: int, lines: list[bytes]) -> bytes:
    marked = [_TIME.sub(b'"timestamp":"%s"' % SENT, line, 1) for line in lines]
    marked = [_ID.sub(rb"\g<0>%s-" % ROUND, line) for line in marked]
    marked[0] = (
        b'{"type":"track","event":"%s","messageId":"%s-new-%d","userId":"new-%s-%d",'
        b'"timestamp":"%s","properties":{"plan":"pro"},"context":{"ip":"192.0.2.1"}}'
        % (NEWCOMER.encode(), ROUND, number, ROUND, number, SENT)
    )
    told = [_LIBRARY + line[1:] for line in marked]
    return b'{"batch":[' + b",".join(told) + b'],"sentAt":"%s","writeKey":"bench"}' % SENT
