"""A person's card over HTTP, and a dictionary of ready answers behind the same server.

``python -m foretell.bench.identity_cards FILE`` serves the answers in FILE (JSON: identifier → body) under the same
path, by the same server with the same settings behind the same guard, and does nothing else.
"""

from __future__ import annotations

import http.client
import json
import socket
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote, urlsplit

import uvicorn
from starlette.types import Receive, Scope, Send

from foretell import definitions
from foretell.bench import events_file
from foretell.bench.processes import measure
from foretell.bench.running import SERVE, Server, server
from foretell.errors import ForetellError
from foretell.web import Access, Guard, respond

_ASKED = 500
"""People who are asked for."""


def cards(*, people: int, rounds: int, report: Callable[[str], None]) -> tuple[dict[str, float], dict[str, float]]:
    """``card_vs_dict``: the median seconds of an answer, the dictionary's by ours; and figures."""
    with TemporaryDirectory(prefix="foretell-bench-") as name, ExitStack() as running:
        folder = Path(name)
        report(f"a workspace of {people:,} people")
        events_file.write(folder / "events.jsonl", events=people * 20, people=people)
        definitions.init(folder / "workspace")
        _foretell("import", folder / "events.jsonl", "--workspace", folder / "workspace")
        asked = [f"user_id:{user}" for user in _users(folder / "workspace")]
        ours = running.enter_context(server("card", *SERVE, "--role", "api", folder=folder / "workspace"))
        answers = _Client(ours).all(asked)
        (folder / "answers.json").write_text(json.dumps(answers), "utf-8")
        dictionary = ("-m", "foretell.bench.identity_cards", str(folder / "answers.json"))
        theirs = running.enter_context(server("dictionary", *dictionary, folder=folder))
        if {who: _lasting(body) for who, body in _Client(theirs).all(asked).items()} != {
            who: _lasting(body) for who, body in _Client(ours).all(asked).items()
        }:
            raise ForetellError("CHECKSUM_DIFFERS", "the two answer differently", thing="bench identity")
        spent = _in_turns([_Client(ours), _Client(theirs)], asked * rounds)
    ours_ms, theirs_ms = (statistics.median(times) * 1000 for times in spent)
    report(f"  a card in {ours_ms:.2f} ms, a ready answer in {theirs_ms:.2f} ms")
    figures = {"cards": len(asked) * rounds, "card_ms": round(ours_ms, 3), "dict_ms": round(theirs_ms, 3)}
    return {"card_vs_dict": round(theirs_ms / ours_ms, 3)}, figures


def _in_turns(clients: Sequence[_Client], asked: Sequence[str]) -> list[list[float]]:
    """Seconds of each answer; one after the other is asked the same, so that what else the machine does touches all."""
    spent: list[list[float]] = [[] for _ in clients]
    for number, who in enumerate(asked):
        sides = list(zip(spent, clients, strict=True))
        for times, client in sides if number % 2 else reversed(sides):
            start = time.perf_counter()
            client.one(who)
            times.append(time.perf_counter() - start)
    return spent


def _users(workspace: Path) -> list[str]:
    sql = f"SELECT value FROM identifiers WHERE kind = 'user_id' ORDER BY md5(value) LIMIT {_ASKED}"
    found = measure([sys.executable, "-m", "foretell", "query", sql, "--workspace", workspace, "--json"])
    return [row["value"] for row in json.loads(found.output)]


def _foretell(*arguments: str | Path) -> None:
    measure([sys.executable, "-m", "foretell", *arguments])


class _Client:
    """Asks for cards over one kept-alive connection."""

    def __init__(self, to: Server) -> None:
        place = urlsplit(to.address)
        self._connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=60)

    def all(self, asked: Sequence[str]) -> dict[str, str]:
        """The answers."""
        return {who: self.one(who) for who in asked}

    def one(self, who: str) -> str:
        """The answer."""
        self._connection.request("GET", f"/api/profiles/{quote(who)}")
        answer = self._connection.getresponse()
        body = answer.read().decode()
        if answer.status != 200:
            raise ForetellError("BENCHMARK_FAILED", f"{who}: status {answer.status}: {body[:200]}")
        return body


def _lasting(body: str) -> object:
    """A card without the instant at which it was put together."""
    return {name: value for name, value in json.loads(body).items() if name != "computed_at"}


def main(file: str) -> None:
    """Serve the answers on a free port; its address is told on stderr."""
    answers = {who: body.encode() for who, body in json.loads(Path(file).read_text("utf-8")).items()}

    async def app(scope: Scope, _: Receive, send: Send) -> None:
        await respond(send, 200, answers[str(scope["path"]).removeprefix("/api/profiles/")])

    with socket.create_server(("127.0.0.1", 0), backlog=2_048) as listening:
        sys.stderr.write(f"dictionary at http://127.0.0.1:{listening.getsockname()[1]}\n")
        sys.stderr.flush()
        config = uvicorn.Config(
            Guard(app, Access()),
            log_config=None,
            access_log=False,
            server_header=False,
            lifespan="off",
            ws="none",
            backlog=2_048,
        )
        uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    main(sys.argv[1])
