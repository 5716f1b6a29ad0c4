"""Processes that begin with Foretell loaded, for tests that start hundreds of them.

One process per test worker loads the package and waits; each :func:`run` and :func:`start` is a fork of it, with its
own files, folder, environment and exit code. What such a process does is what ``python …`` does from there on. Whether
everything loads from nothing is for the tests that start the command itself (``tests/stories/test_serve.py``,
``tests/docs/test_blocks_run.py``, ``tests/unit/cli/test_on_demand.py``).
"""

from __future__ import annotations

import atexit
import ctypes
import gc
import io
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any, TextIO

from foretell import cli

REPOSITORY = Path(__file__).parents[2]
_LOADED = (
    "foretell.app", "foretell.cli.commands", "foretell.cli.output", "foretell.cli.opening", "foretell.cli.remote",
    "foretell.cli.serving", "foretell.predict.training", "foretell.testing", "foretell.web.serving", "uvicorn",
    "aiosmtplib", "babel.dates", "liquid", "phonenumbers", "pyarrow.acero", "pyarrow.dataset", "uvloop",
    "tests.support.journey_shop",
)  # fmt: skip
"""What most of them come to load, those among them that load it only when they need it."""
_SCANNED = ("foretell.deliver.channels", "foretell.collect.standards")
"""Packages whose every file is loaded by whoever looks for one."""
_HEAD = 4
_MOUNTS, _USERS = 0x00020000, 0x10000000
"""CLONE_NEWNS and CLONE_NEWUSER of <sched.h>."""
_asking = threading.Lock()
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
        with _asking:
            channel = _ask(words, cwd, env, [nothing.fileno(), out.fileno(), err.fileno()])
            channel.settimeout(timeout_seconds)
            status = int.from_bytes(_received(channel, _HEAD), signed=True)
        out.seek(0)
        err.seek(0)
        return subprocess.CompletedProcess([*words], status, out.read(), err.read())


def run_in(disks: int, words: Sequence[str], *, cwd: str, env: Mapping[str, str], files: Sequence[int]) -> int:
    """Run ``python`` with ``words`` where another process is; gives the exit code.

    Args:
        disks: file of that process (``pidfd_open``), whose mounted file systems are seen.
        files: standard input, output and error.
    """
    with _asking:
        channel = _ask(words, cwd, env, [*files, disks], disks="user" if os.geteuid() else "root")
        channel.settimeout(None)
        return int.from_bytes(_received(channel, _HEAD), signed=True)


class Started:
    """A process that goes on, with its standard error; the part of ``subprocess.Popen`` that tests of servers need."""

    def __init__(self, told: socket.socket, stderr: TextIO) -> None:
        self.stderr, self._told = stderr, told
        self.pid = int.from_bytes(_received(told, _HEAD))
        self.returncode: int | None = None

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)

    def poll(self) -> int | None:
        """Its exit code, None while it runs."""
        try:
            return self.wait(0)
        except (TimeoutError, BlockingIOError):
            return None

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code, once it has ended. Raises ``TimeoutError``."""
        if self.returncode is None:
            self._told.settimeout(timeout)
            self.returncode = int.from_bytes(_received(self._told, _HEAD), signed=True)
            self._told.close()
        return self.returncode

    def communicate(self, timeout: float | None = None) -> tuple[None, str]:
        """Wait for its end; nothing, and the rest of its standard error."""
        rest = "" if self.stderr.closed else self.stderr.read()
        self.stderr.close()
        self.wait(timeout)
        return None, rest


def start(words: Sequence[str | Path], *, cwd: Path, env: Mapping[str, str]) -> Started:
    """Begin ``python`` with ``words``, as :func:`run` does, and leave it; standard output is dropped."""
    here, there = socket.socketpair()
    reading, writing = os.pipe()
    with there, open(writing, "wb") as err, open(os.devnull, "r+b") as nothing, _asking:
        _ask(words, cwd, env, [nothing.fileno(), nothing.fileno(), err.fileno(), there.fileno()])
    return Started(here, open(reading, encoding="utf-8"))


def _ask(
    words: Sequence[str | Path], cwd: Path | str, env: Mapping[str, str], files: list[int], *, disks: str = ""
) -> socket.socket:
    told = {"words": [*map(str, words)], "cwd": str(cwd), "env": dict(env), "disks": disks}
    asked = json.dumps(told).encode()
    channel = _channel()
    socket.send_fds(channel, [len(asked).to_bytes(_HEAD)], files)
    channel.sendall(asked)
    return channel


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
    """Fork for each request; returns, in the child, what it is to run.

    A fourth file is where to tell the number of a process that goes on, and later its exit code, or the process whose
    disks are seen.
    """
    while True:
        head, files, _, _ = socket.recv_fds(channel, _HEAD, 4)
        if not head:
            os._exit(0)
        asked = json.loads(_received(channel, int.from_bytes(head)))
        goes_on = len(files) > 3 and not asked["disks"]
        child = os.fork()
        if child == 0:
            channel.close()
            if goes_on and os.fork():
                os._exit(0)  # who keeps the process is nobody's child
            if goes_on:
                _keep(socket.socket(fileno=files.pop()))
            return _began(asked, files)
        for file in files:
            os.close(file)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if not goes_on:
            channel.sendall(status.to_bytes(_HEAD, signed=True))


def _keep(told: socket.socket) -> None:
    """Fork once more: the child goes on, this process tells its number and how it ended."""
    child = os.fork()
    if child:
        told.sendall(child.to_bytes(_HEAD))
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        told.sendall(status.to_bytes(_HEAD, signed=True))
        os._exit(0)
    told.close()


def _began(asked: dict[str, Any], files: list[int]) -> list[str]:
    """Take on what the process was asked to be; returns what it is to run."""
    if asked["disks"]:
        _see_disks(files.pop(), asked["disks"])
    for place, file in enumerate(files):
        os.dup2(file, place)
        os.close(file)
    # A text stream remembers whether its file could be sought, and a pipe cannot.
    out, err = (io.BufferedWriter(io.FileIO(file, "w", closefd=False)) for file in (1, 2))
    sys.stdout = io.TextIOWrapper(out, encoding="utf-8")
    sys.stderr = io.TextIOWrapper(err, encoding="utf-8", errors="backslashreplace", line_buffering=True)
    os.chdir(asked["cwd"])
    os.environ.clear()
    os.environ.update(asked["env"])
    time.tzset()
    words: list[str] = asked["words"]
    return words


def _see_disks(process: int, whose: str) -> None:
    """See the file systems that a process sees (setns(2)); a user's own lie in a name space of users."""
    kinds = _MOUNTS if whose == "root" else _MOUNTS | _USERS
    library = ctypes.CDLL(None, use_errno=True)
    if library.setns(process, kinds):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    os.close(process)


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


def _end_as_commands_do(words: list[str]) -> None:
    """Run ``words``, throw away what nobody holds any more, and leave without taking every library apart."""
    status = 0
    try:
        _run(words)
    except SystemExit as ended:
        if not isinstance(ended.code, int | None):
            raise
        status = ended.code or 0
    gc.collect()  # what was left open says so now
    cli._status[:] = [status]
    sys.exit(status)


if __name__ == "__main__":
    for name in _LOADED:
        import_module(name)
    for name in _SCANNED:
        for file in iter_modules(import_module(name).__path__, f"{name}."):
            import_module(file.name)
    gc.collect()
    gc.freeze()  # no process looks again for rubbish among what all of them share
    _end_as_commands_do(_wait_for_work(socket.socket(fileno=int(sys.argv[1]))))
