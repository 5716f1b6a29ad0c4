"""Processes that begin with Foretell loaded, for tests that start hundreds of them.

One process per test worker loads the package and waits; each :func:`run` is a fork of it, with its own files,
folder, environment and exit code. What such a process does is what ``python …`` does from there on. Whether
everything loads from nothing is for the tests that start the command itself (``tests/stories/test_serve.py``,
``tests/docs/test_blocks_run.py``, ``tests/unit/cli/test_on_demand.py``).
"""

from __future__ import annotations

import atexit
import json
import os
import runpy
import socket
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
_LOADED = (
    "foretell.app", "foretell.cli.commands", "foretell.cli.output", "foretell.cli.opening", "foretell.cli.remote",
    "foretell.testing",
)  # fmt: skip
_HEAD = 4
_waiting: tuple[subprocess.Popen[bytes], socket.socket] | None = None


def run(
    words: Sequence[str | Path], *, cwd: Path, env: Mapping[str, str], timeout_seconds: float = 600
) -> subprocess.CompletedProcess[str]:
    """Run ``python`` with ``words``: ``-m MODULE …`` or ``-c CODE …``, after ``-W error`` where warnings are errors.

    Standard input is empty. Raises ``TimeoutError``.
    """
    with (
        tempfile.TemporaryFile("w+", encoding="utf-8") as out,
        tempfile.TemporaryFile("w+", encoding="utf-8") as err,
        open(os.devnull) as nothing,
    ):
        asked = json.dumps({"words": [*map(str, words)], "cwd": str(cwd), "env": dict(env)}).encode()
        channel = _channel()
        channel.settimeout(timeout_seconds)
        socket.send_fds(channel, [len(asked).to_bytes(_HEAD)], [nothing.fileno(), out.fileno(), err.fileno()])
        channel.sendall(asked)
        status = int.from_bytes(_received(channel, _HEAD), signed=True)
        out.seek(0)
        err.seek(0)
        return subprocess.CompletedProcess([*words], status, out.read(), err.read())


def _channel() -> socket.socket:
    """The way to this worker's process; it is started once, and ends with the worker."""
    global _waiting
    if _waiting is None:
        here, there = socket.socketpair()
        path = os.pathsep.join([str(REPOSITORY / "src"), str(REPOSITORY)])
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.warm_start", str(there.fileno())],
            pass_fds=[there.fileno()],
            cwd=REPOSITORY,
            env={**os.environ, "PYTHONPATH": path},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        there.close()
        _waiting = process, here
        atexit.register(_end, process, here)
    return _waiting[1]


def _end(process: subprocess.Popen[bytes], channel: socket.socket) -> None:
    channel.close()
    process.wait(timeout=60)


def _received(channel: socket.socket, length: int) -> bytes:
    data = b""
    while len(data) < length:
        more = channel.recv(length - len(data))
        if not more:
            raise EOFError("the process that has Foretell loaded is gone")
        data += more
    return data


def _wait_for_work(channel: socket.socket) -> list[str]:
    """Fork for each request; returns, in the child, what it is to run."""
    while True:
        head, files, _, _ = socket.recv_fds(channel, _HEAD, 3)
        if not head:
            os._exit(0)
        asked = json.loads(_received(channel, int.from_bytes(head)))
        child = os.fork()
        if child == 0:
            channel.close()
            for place, file in enumerate(files):
                os.dup2(file, place)
                os.close(file)
            os.chdir(asked["cwd"])
            os.environ.clear()
            os.environ.update(asked["env"])
            time.tzset()
            words: list[str] = asked["words"]
            return words
        for file in files:
            os.close(file)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        channel.sendall(status.to_bytes(_HEAD, signed=True))


def _run(words: list[str]) -> None:
    """What ``python`` does with ``words``."""
    if words[:2] == ["-W", "error"]:
        warnings.simplefilter("error")
        # What foretell.engine said when it was loaded holds before it.
        warnings.filterwarnings("ignore", message="Arrow output on a DB-API result", category=UserWarning)
        words = words[2:]
    option, what, *arguments = words
    sys.argv = [option, *arguments]
    if option == "-m":
        runpy.run_module(what, run_name="__main__", alter_sys=True)
    else:
        exec(compile(what, "<string>", "exec"), {"__name__": "__main__"})


if __name__ == "__main__":
    for name in _LOADED:
        import_module(name)
    _run(_wait_for_work(socket.socket(fileno=int(sys.argv[1]))))
