"""Events at a steady rate, each followed from its acknowledgement until it is in a segment's count."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import numpy.typing as npt

from foretell import definitions
from foretell.bench import batches_file
from foretell.bench.running import SERVE, Load, Server, sending, server, what_came
from foretell.errors import ForetellError
from foretell.web import COMMAND_ADDRESS, HEAD, OUT, STATUS, Asked, Screen, presence_in

EVENTS_PER_SECOND = 5_000
LOOKED_EVERY_SECONDS = 0.25
SHARES = (20, 40, 60, 80, 100)
"""Percent of the time at which memory is told: the median of the tenth of the time before, since it rises and falls
with every batch."""
SETTLED_AFTER = 0.5
"""Share of the time after which growth is measured: caches are full."""
LAST_WAIT_SECONDS = 120
_BUFFERS = "engine: {memory_mb: 256}\n"
"""The analytics store keeps what it read as long as this bound allows; so it is reached soon, and what grows after that
grows for another reason."""
_FILLING_PER_SECOND, _FILLING_ROUND = 6_000, 1_000
TOLD_EVERY_SECONDS = 60
_SEGMENT = f"kind: segment\nkey: newcomers\nspec: {{condition: {{did: {batches_file.NEWCOMER}}}}}\n"
_COUNT = "SELECT count(DISTINCT message_id) AS n FROM events WHERE source = 'api'"


@dataclass
class _Seen:
    """What a look at the server found, over time."""

    at: list[float] = field(default_factory=list)
    people: list[int] = field(default_factory=list)
    waiting: list[int] = field(default_factory=list)
    memory_mb: list[float] = field(default_factory=list)


def steady(
    folder: Path, bodies: Path, *, seconds: int, filling: int = 0, report: Callable[[str], None]
) -> dict[str, float]:
    """Send for ``seconds``; returns the figures.

    Args:
        filling: events taken in before, so that the bounded caches of the stores are full when memory is watched.

    Raises:
        ForetellError: ``CHECKSUM_DIFFERS`` where not every acknowledged event is found once.
    """
    definitions.init(folder)
    (folder / "segments" / "newcomers.yaml").write_text(_SEGMENT)
    with (folder / definitions.SETTINGS_FILE).open("a") as settings:
        settings.write(_BUFFERS)
    requests = seconds * EVENTS_PER_SECOND // batches_file.EVENTS
    report(f"{EVENTS_PER_SECOND:,} events a second for {seconds} s")
    rate = EVENTS_PER_SECOND / batches_file.EVENTS
    with server("steady", *SERVE, folder=folder) as ours:
        asking = Asking(folder)
        before = _filled(ours, asking, bodies, filling // batches_file.EVENTS, report)
        with sending(ours, bodies, requests=requests, first_round=0, per_second=rate) as load:
            seen = _watched(ours, asking, load, report, before)
            sent = what_came(load)
        ended = len(seen.at)
        _until_all(seen, asking, ours, before + sent.acknowledged)
        total = asking.number("query", _COUNT) - before * batches_file.EVENTS
    expected = sent.acknowledged * batches_file.EVENTS
    if total != expected or seen.people[-1] != before + sent.acknowledged:
        what = f"{expected:,} events acknowledged, {total:,} found"
        raise ForetellError("CHECKSUM_DIFFERS", what, thing="bench ingest")
    lags = lags_of(sent.acknowledged_at, seen.at, [people - before for people in seen.people])
    return {
        "steady_events": expected,
        "steady_events_before": before * batches_file.EVENTS,
        "steady_p50_ms": round(float(np.percentile(sent.seconds, 50)) * 1000, 1),
        "steady_p99_ms": round(float(np.percentile(sent.seconds, 99)) * 1000, 1),
        "lag_p50_s": round(float(np.percentile(lags, 50)), 2),
        "lag_p99_s": round(float(np.percentile(lags, 99)), 2),
        "backlog_max_mb": round(max(seen.waiting) / 1e6, 2),
        "backlog_end_mb": round(seen.waiting[ended - 1] / 1e6, 2),
        **memory_figures(seen.at[:ended], seen.memory_mb[:ended]),
    }


def memory_figures(at: Sequence[float], memory_mb: Sequence[float]) -> dict[str, float]:
    """What memory did while the load went on.

    Args:
        at: seconds; with ``memory_mb`` one each look, in order.
    """
    passed, memory = np.asarray(at) - at[0], np.asarray(memory_mb)
    share = passed / max(passed[-1], 1e-9)
    figures: dict[str, float] = {
        f"memory_at_{part}_mb": round(float(np.median(memory[(share > part / 100 - 0.1) & (share <= part / 100)])))
        for part in SHARES
    }
    late = share >= SETTLED_AFTER
    slope, _ = np.polyfit(passed[late] / 60, memory[late], 1)
    return {**figures, "memory_max_mb": round(float(memory.max())), "memory_growth_mb_per_min": round(float(slope), 1)}


def lags_of(
    acknowledged_at: Sequence[float], seen_at: Sequence[float], people: Sequence[int]
) -> npt.NDArray[np.float64]:
    """Seconds from the n-th acknowledgement to the first look that counted n people."""
    looks = np.searchsorted(np.maximum.accumulate(people), np.arange(1, len(acknowledged_at) + 1))
    lags: npt.NDArray[np.float64] = np.maximum(np.asarray(seen_at)[looks] - np.sort(acknowledged_at), 0.0)
    return lags


def _filled(ours: Server, asking: Asking, bodies: Path, requests: int, report: Callable[[str], None]) -> int:
    """Let the server take in ``requests`` bodies before anything is measured; returns how many it has."""
    asking.number("segment", "count", "newcomers")  # the first question of all takes longer
    if not requests:
        return 0
    report(f"{requests * batches_file.EVENTS:,} events before, so that caches are full")
    rate = _FILLING_PER_SECOND / batches_file.EVENTS
    with sending(ours, bodies, requests=requests, first_round=_FILLING_ROUND, per_second=rate) as load:
        sent = what_came(load)
    _until_all(_Seen(), asking, ours, sent.acknowledged)
    return sent.acknowledged


def _watched(ours: Server, asking: Asking, load: Load, report: Callable[[str], None], before: int) -> _Seen:
    """Look at the server until the load ends; ``before`` people were counted already."""
    seen, told_at = _Seen(), time.monotonic()
    while load.runs:
        start = time.monotonic()
        _look(seen, asking, ours)
        if start - told_at > TOLD_EVERY_SECONDS:
            told_at = start
            counted = (seen.people[-1] - before) * batches_file.EVENTS
            report(f"  {counted:,} events counted, {seen.memory_mb[-1]:.0f} MB")
        time.sleep(max(LOOKED_EVERY_SECONDS - (time.monotonic() - start), 0.01))
    return seen


def _look(seen: _Seen, asking: Asking, ours: Server) -> None:
    seen.people.append(asking.number("segment", "count", "newcomers"))
    seen.at.append(time.monotonic())
    ready = ours.get("/readyz")
    assert isinstance(ready, dict)
    seen.waiting.append(ready["spool_waiting_bytes"])
    seen.memory_mb.append(ours.memory_mb())


def _until_all(seen: _Seen, asking: Asking, ours: Server, people: int) -> None:
    """Look on until everybody is counted."""
    end = time.monotonic() + LAST_WAIT_SECONDS
    while (not seen.people or seen.people[-1] < people) and time.monotonic() < end:
        _look(seen, asking, ours)
        time.sleep(0.05)


class Asking:
    """Runs commands in the server that has the workspace, as every command of the terminal does there."""

    def __init__(self, folder: Path) -> None:
        server = presence_in(folder / "data")
        if server is None:
            raise ForetellError("BENCHMARK_FAILED", "the server does not say where it answers")
        self._place, self._folder = urlsplit(server.address), folder
        self._headers = {"Authorization": f"Bearer {server.token}", "Content-Type": "application/json"}

    def number(self, *arguments: str) -> int:
        """The one number that a command prints."""
        text = self._printed([*arguments, "--json"])
        told = json.loads(text)
        return int(told[0]["n"] if isinstance(told, list) else told["count"])

    def _printed(self, arguments: list[str]) -> bytes:
        screen = Screen(is_terminal=False, colors=None, width=80)
        asked = Asked(arguments=arguments, folder=self._folder, columns=None, out=screen, log=screen)
        connection = HTTPConnection(self._place.hostname or "", self._place.port, timeout=60)
        connection.request("POST", COMMAND_ADDRESS, asked.model_dump_json(), self._headers)
        with connection.getresponse() as answer:
            data = answer.read()
        printed, at = b"", 0
        while at < len(data):
            output, length = HEAD.unpack_from(data, at)
            piece = data[at + HEAD.size : at + HEAD.size + length]
            at += HEAD.size + length
            if output == OUT:
                printed += piece
            elif output == STATUS and piece != b"\0":
                raise ForetellError("BENCHMARK_FAILED", " ".join(arguments), next_step=data.decode(errors="replace"))
        return printed
