"""A receiver of signed webhooks that does what one should: it checks the signature, and takes each id once.

What it answers its people can ask for: an ``hashed_email``, a ``to``, or the field ``user_id`` of an export, of
:data:`ANSWERS` gets the status beside it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

ANSWERS = {"nobody": 422, "refused": 403, "later": 503, "elsewhere": 302}
RETRY_AFTER_SECONDS = 90


@dataclass
class Receiver:
    """What was received.

    Args:
        taken: id → body, in the order of their first coming.
        attempts: id → how often it came, answered well or not.
        unsigned: requests whose signature was wrong; they are answered 401.
    """

    secret: str
    url: str = ""
    taken: dict[str, dict[str, Any]] = field(default_factory=dict)
    attempts: dict[str, int] = field(default_factory=dict)
    unsigned: int = 0

    def answer(self, headers: Mapping[str, str], body: bytes) -> int:
        """Take a request; the status of the answer."""
        parts = dict(part.split("=", 1) for part in headers["Foretell-Signature"].split(","))
        signed = hmac.new(self.secret.encode(), parts["t"].encode() + b"." + body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(signed, parts["v1"]):
            self.unsigned += 1
            return 401
        key, told = headers["Idempotency-Key"], json.loads(body)
        self.attempts[key] = self.attempts.get(key, 0) + 1
        status = ANSWERS.get(_who(told), 204)
        if status == 204:
            self.taken.setdefault(key, told)
        return status


def _who(told: Mapping[str, Any]) -> str:
    return str(told.get("hashed_email") or told.get("to") or told.get("fields", {}).get("user_id"))


@contextmanager
def webhook_receiver(secret: str) -> Iterator[Receiver]:
    """A receiver on a free port of the loopback interface while the block runs."""
    receiver = Receiver(secret)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            status = receiver.answer(self.headers, self.rfile.read(int(self.headers["Content-Length"])))  # type: ignore[arg-type]
            self.send_response(status)
            if status == 503:
                self.send_header("Retry-After", str(RETRY_AFTER_SECONDS))
            if status == 302:
                self.send_header("Location", "http://127.0.0.1:1/")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        receiver.url = f"http://127.0.0.1:{server.server_address[1]}/hooks?of=foretell"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield receiver
        finally:
            server.shutdown()
            thread.join()
