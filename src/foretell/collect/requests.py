"""Requests of tracking libraries as frames: several together, each with its own arrival.

Spooling and reading have a cost of their own each time; of a hundred requests of a hundred events together it is
a hundredth. What a frame of several requests tells is what each of them would tell alone.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from foretell.clock import naive_utc
from foretell.collect.envelope import Arrivals
from foretell.engine import TIMESTAMP, Frame

SEGMENT_LINES = "segment-lines"
FRAME_BYTES = 1024 * 1024
"""Requests share a frame up to this size. Larger ones are packed in fewer steps, each of which may wait for the thread
that answers requests; whoever looks up one event reads all of its frame."""


@dataclass(frozen=True)
class Request:
    """Messages that came in one request.

    Args:
        source: key of the source whose write key was sent.
        lines: one message a line, each with its newline; or the messages' texts without, which are views of what
            came and become lines when their frame is made.
        count: how many messages.
        received_at: arrival, UTC.
        sent_at: ``sentAt`` of the request, for messages that do not say it themselves.
        history: True where the messages count as known when they happened.
        trace: the span that took it in, see :func:`foretell.telemetry.traceparent`.
    """

    source: str
    lines: bytes | Sequence[msgspec.Raw]
    count: int
    received_at: datetime
    sent_at: str | None = None
    history: bool = False
    trace: str | None = None

    @property
    def size(self) -> int:
        """Bytes of the lines."""
        return len(self.lines) if isinstance(self.lines, bytes) else sum(map(len, self.lines)) + self.count


def request_frames(requests: Sequence[Request]) -> list[Frame]:
    """``requests`` in their order, in as few frames as their sources and sizes allow."""
    frames: list[Frame] = []
    for (source, history), group in itertools.groupby(requests, lambda one: (one.source, one.history)):
        run: list[Request] = []
        size = 0
        for request in group:
            own = request.size
            if run and size + own > FRAME_BYTES:
                frames.append(_frame(source, run, history=history))
                run, size = [], 0
            run.append(request)
            size += own
        frames.append(_frame(source, run, history=history))
    return frames


def _frame(source: str, run: Sequence[Request], *, history: bool) -> Frame:
    parts = [[one.count, one.received_at.isoformat(), one.sent_at] for one in run]
    meta: dict[str, Any] = {
        "source": source,
        "file": "",
        "received_at": parts[-1][1],
        "arrival": "api",
        "first_line": None,
        "repeats": [],
        "lag_seconds": 0.0 if history else None,
        "requests": parts,
    }
    traces = [one.trace for one in run if one.trace is not None]
    if traces:
        meta["traces"] = traces
    return Frame(SEGMENT_LINES, meta, _lines(run))


def _lines(run: Sequence[Request]) -> bytes:
    """The lines of all, each copied once."""
    texts: list[memoryview | msgspec.Raw] = []
    for one in run:
        if isinstance(one.lines, bytes):
            texts.append(memoryview(one.lines)[:-1])
        else:
            texts += one.lines
    return b"\n".join([*texts, b""])


def arrivals_of(meta: Mapping[str, Any], height: int) -> Arrivals:
    """The arrival of each line of a frame that came over the wire.

    Args:
        meta: of the frame.
        height: how many lines it has.
    """
    parts = meta.get("requests") or [[height, meta["received_at"], None]]
    counts = np.array([count for count, _, _ in parts], np.int64)
    instants = pa.array([naive_utc(datetime.fromisoformat(text)) for _, text, _ in parts], TIMESTAMP)
    sent = pa.array([sent for _, _, sent in parts], pa.string())
    request = np.repeat(np.arange(len(parts)), counts)
    place = np.arange(len(request)) - np.repeat(np.cumsum(counts) - counts, counts)
    return Arrivals(instants.take(pa.array(request)), pa.array(place), sent.take(pa.array(request)))


def joined_requests(frames: Sequence[Frame]) -> list[Frame]:
    """Frames of requests of one source that follow each other as one frame; others stay as they are."""
    result: list[Frame] = []
    for kind, group in itertools.groupby(frames, _joinable):
        run = list(group)
        result += run if kind is None or len(run) == 1 else [_joined(run)]
    return result


def _joinable(frame: Frame) -> tuple[object, ...] | None:
    """What must be equal for frames to be joined; None for a frame that never is."""
    if frame.format != SEGMENT_LINES or "requests" not in frame.meta:
        return None
    parts = {"received_at", "requests", "traces"}
    return tuple(sorted((name, str(value)) for name, value in frame.meta.items() if name not in parts))


def _joined(run: Sequence[Frame]) -> Frame:
    parts = [part for frame in run for part in frame.meta["requests"]]
    return Frame(SEGMENT_LINES, {**run[-1].meta, "requests": parts}, b"".join(frame.body for frame in run))
