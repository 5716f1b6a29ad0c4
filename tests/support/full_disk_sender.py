"""Sends events to a server whose disk gets full, and goes on when there is room: ``ADDRESS_FILE OUT``.

When it was refused for a while it writes ``OUT/full`` and waits for ``OUT/room``. What was acknowledged stands in
``OUT/acknowledged`` in the end, the refusals in ``OUT/refusals``.
"""

from __future__ import annotations

import json
import random
import sys
import time
from pathlib import Path
from typing import Any

import httpx

EVENTS = 4
REFUSALS = 12
AFTERWARDS = 10
PATIENCE_SECONDS = 100


def main(told: Path, out: Path) -> None:
    """Send until it was refused, wait, and send on."""
    address = _waited_for(lambda: told.read_text().partition(" at ")[2].strip() if told.exists() else "")
    refusals: list[Any] = []
    acknowledged: list[str] = []
    with httpx.Client(base_url=address, timeout=60) as client:

        def sent(batch: list[dict[str, Any]]) -> bool:
            answer = client.post("/v1/batch", json={"batch": batch})
            if answer.status_code == 200:
                acknowledged.extend(event["messageId"] for event in batch)
                return True
            code = answer.json()["error"]["code"]
            refusals.append([answer.status_code, code, answer.headers.get("retry-after")])
            return False

        number = 0
        while len(refusals) < REFUSALS:  # the worker may free some room and take it again
            if sent(_batch(number)):
                number += 1
            else:
                time.sleep(0.1)
        (out / "full").touch()
        _waited_for((out / "room").exists)
        for following in range(number, number + AFTERWARDS):
            batch = _batch(following)
            _waited_for(lambda batch=batch: sent(batch))  # type: ignore[misc]
        _waited_for(lambda: client.get("/readyz").json().get("spool_waiting_bytes") == 0)
    (out / "acknowledged").write_text(json.dumps(acknowledged))
    (out / "refusals").write_text(json.dumps(refusals))


def _batch(number: int) -> list[dict[str, Any]]:
    noise = random.Random(number).randbytes(12_000).hex()
    return [
        {"type": "track", "event": "Seen", "messageId": f"{number}-{place}", "userId": f"u{number % 9}",
         "properties": {"noise": noise}}
        for place in range(EVENTS)
    ]  # fmt: skip


def _waited_for(holds: Any) -> Any:
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        found = holds()
        if found:
            return found
        time.sleep(0.1)
    raise TimeoutError


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
