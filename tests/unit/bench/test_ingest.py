"""The parts of ``bench ingest``: bodies that can be sent again, lags, and the load on a server that answers."""

from __future__ import annotations

import json
import socket
import threading
from pathlib import Path

from foretell.bench import batches_file
from foretell.bench.ingest_steady import lags_of, memory_figures
from foretell.bench.load import Load, marked
from foretell.web.messages import batch_messages


def test_bodies_are_batches_of_the_right_size(tmp_path: Path) -> None:
    batches_file.write(tmp_path / "bodies", batches=4, people=20)
    bodies = list(batches_file.read(tmp_path / "bodies"))
    sent = list(marked(bodies, 7, 8))
    events = [json.loads(line) for body in sent for line in batch_messages(body).lines.splitlines()]
    assert len(events) == 800
    assert len({event["messageId"] for event in events}) == 800, "sent again, they are others"
    newcomers = [event["userId"] for event in events if event.get("event") == batches_file.NEWCOMER]
    assert len(set(newcomers)) == len(newcomers) == 8
    assert 550 < sum(map(len, sent)) / len(events) < 650
    assert not any(mark in body for body in sent for mark in (batches_file.ROUND, batches_file.SENT))


def test_the_lag_of_an_acknowledgement_ends_with_the_look_that_counts_it() -> None:
    lags = lags_of([10.0, 11.0, 12.0], [10.5, 11.5, 14.0], [1, 1, 3])
    assert lags.tolist() == [0.5, 3.0, 2.0]


def test_memory_that_fills_and_stays_does_not_grow() -> None:
    at = [100.0 + second for second in range(601)]
    filled = [min(300.0 + second, 500.0) for second in range(601)]
    figures = memory_figures(at, filled)
    assert (figures["memory_at_20_mb"], figures["memory_at_100_mb"], figures["memory_max_mb"]) == (390, 500, 500)
    assert figures["memory_growth_mb_per_min"] == 0


def test_memory_that_goes_on_growing_is_told_by_the_minute() -> None:
    sawed = [300.0 + second / 4 + (40 if second % 5 == 0 else 0) for second in range(601)]
    assert abs(memory_figures(range(601), sawed)["memory_growth_mb_per_min"] - 15) < 0.2


def test_each_request_has_its_answer() -> None:
    answers = [b"200 OK", b"200 OK", b"503 No", b"200 OK"]
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                for answer in answers:
                    got = b""
                    while not got.endswith(b"end"):
                        got += connection.recv(65_536)
                    connection.sendall(b"HTTP/1.1 " + answer + b"\r\ncontent-length: 2\r\n\r\n")
                    connection.sendall(b"{}")

        serving = threading.Thread(target=serve)
        serving.start()
        load = Load(f"http://127.0.0.1:{listening.getsockname()[1]}", 1, rate=0)
        load.run(map(load.request, [b"x" * 300_000 + b"end" for _ in answers]))
        serving.join()
        load.close()
    assert (len(load.acknowledged), load.refused, len(load.seconds)) == (3, 1, 4)
