"""What nobody should send: the tracking API refuses it or takes it, the worker gets over it, memory stays bounded.

``FORETELL_FUZZ_INPUTS`` sets how many are tried, ``FORETELL_FUZZ_FIRST`` the number of the first.
"""

from __future__ import annotations

import asyncio
import os
import resource
import sys
import tracemalloc
from collections import Counter
from pathlib import Path

import pytest

from foretell.errors import ForetellError
from foretell.web.wire import unpacked
from tests.support.mutations import BOMBS, Mutant, mutant
from tests.support.served_workspace import Served, served

INPUTS = int(os.environ.get("FORETELL_FUZZ_INPUTS", "400"))
FIRST = int(os.environ.get("FORETELL_FUZZ_FIRST", "0"))
REFUSALS = {400, 401, 404, 405, 413}
APPLIED_EVERY = 60
MEMORY_MB = 400
"""Most that the process may grow by; a body has at most half a megabyte."""


async def answer(shop: Served, request: Mutant) -> int:
    """The status of the answer."""
    status: list[int] = []

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": request.body, "more_body": False}

    async def send(message: dict[str, object]) -> None:
        if message["type"] == "http.response.start":
            status.append(int(str(message["status"])))

    headers = [(name.encode(), value.encode("latin-1")) for name, value in request.headers.items()]
    scope = {
        "type": "http", "method": request.method, "path": request.path, "query_string": b"",
        "headers": [(b"host", b"127.0.0.1"), *headers],
    }  # fmt: skip
    await shop.browser.app(scope, receive, send)
    (only,) = status
    return only


def test_mutated_bodies(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = _peak_mb()
    statuses: Counter[int] = Counter()
    with served(tmp_path) as shop:

        async def some(first: int, count: int) -> None:
            for number in range(first, first + count):
                status = await answer(shop, mutant(number))
                assert status in REFUSALS | {200, 204}, f"input {number}: {status}"
                statuses[status] += 1

        for first in range(FIRST, FIRST + INPUTS, APPLIED_EVERY):
            asyncio.run(some(first, min(APPLIED_EVERY, FIRST + INPUTS - first)))
            try:
                shop.apply()
            except Exception as error:
                raise AssertionError(f"taking in the inputs from {first} on: {error}") from error
        engine = shop.site.workspace.engine
        assert engine.spool_waiting_bytes() == 0
        kept = engine.analytics.query("SELECT count(*) AS n FROM events").to_pylist()[0]["n"]
        aside = engine.ops.query("SELECT count(*) FROM quarantine")[0][0]
    assert statuses[200] > INPUTS * 0.2
    assert sum(statuses[code] for code in REFUSALS) > INPUTS * 0.2
    assert kept > INPUTS * 0.5
    assert aside > INPUTS * 0.1
    assert _peak_mb() - before < MEMORY_MB
    with capsys.disabled():
        sys.stdout.write(
            f" {INPUTS:,} mutated bodies: {dict(sorted(statuses.items()))}, {kept:,} events, {aside:,} aside "
        )


@pytest.mark.parametrize("bomb", BOMBS, ids=["blanks", "brackets"])
def test_a_bomb_is_not_unpacked(bomb: bytes) -> None:
    most = 500 * 1024
    tracemalloc.start()
    try:
        with pytest.raises(ForetellError) as refused:
            unpacked(bomb, "gzip", most)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert refused.value.code == "REQUEST_TOO_LARGE"
    assert peak < 4 * most


def _peak_mb() -> float:
    per_mb = 1024 * 1024 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / per_mb
