"""A PostgreSQL of one's own for tests: real, in a temporary folder, gone with the block.

Enters: nothing but the server's programs, found in the PATH or where Debian, Red Hat and Homebrew put them. Leaves: an
address. The server answers on a Unix socket in its folder, or on a free port of the loopback interface; it runs as
another user where the tests run as root, which PostgreSQL refuses to run as.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from foretell.errors import ForetellError

START_SECONDS = 60.0
_POLL_SECONDS = 0.02
_USERS = ("postgres", "nobody")
_NOBODY = 65_534
_PLACES = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
)
_SETTINGS = {
    "listen_addresses": "",
    "shared_buffers": "64MB",
    "max_connections": "100",
    "max_wal_size": "512MB",
    "autovacuum_naptime": "10s",
    "log_min_messages": "warning",
    "lc_messages": "C",
}
_CARELESS = {"fsync": "off", "full_page_writes": "off"}
"""Nothing of a test outlives the machine; a server that is killed loses nothing by it."""
_GUARD = 'read -r _ || { kill -INT "$0"; sleep 3; rm -rf "$1"; } 2>/dev/null'
"""Ends the server, whose number is given, and removes its folder when whoever started it is gone: its end of the pipe
closes then."""


@dataclass
class PostgresServer:
    """A running server.

    Args:
        folder: its data, log and socket.
        port: on 127.0.0.1, or the number of its socket.
        host: 127.0.0.1, or the folder of its socket.
    """

    folder: Path
    port: int
    host: str
    settings: Mapping[str, str]
    _binaries: Path
    _user: Mapping[str, object]
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)
    _guard: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        """Its address, with a database to work in."""
        return f"postgresql://foretell@/postgres?host={self.host}&port={self.port}"

    @property
    def pid(self) -> int:
        """Of the process whose children serve the connections; raises ``POSTGRESQL_NOT_STARTED`` where none runs."""
        if self._process is None:
            raise _not_started(self.folder / "log")
        return self._process.pid

    def start(self) -> None:
        """Start it, and wait until it answers; raises ``POSTGRESQL_NOT_STARTED``."""
        told = [part for name, value in self.settings.items() for part in ("-c", f"{name}={value}")]
        until = time.monotonic() + START_SECONDS
        while True:
            with (self.folder / "log").open("ab") as log:
                command = [str(self._binaries / "postgres"), "-D", str(self.folder / "data"), *told]
                self._process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True, **self._user)  # type: ignore[call-overload]
            while self._process.poll() is None and time.monotonic() < until:
                if self._answers():
                    self._guard = subprocess.Popen(
                        ["sh", "-c", _GUARD, str(self._process.pid), str(self.folder)],
                        stdin=subprocess.PIPE, start_new_session=True,
                    )  # fmt: skip
                    return
                time.sleep(_POLL_SECONDS)
            if time.monotonic() >= until or not self._left_over():
                self.stop()
                raise _not_started(self.folder / "log")
            time.sleep(_POLL_SECONDS)  # what a killed server left running ends by itself

    def kill(self) -> None:
        """End it at once, as a crash would: what is not committed is lost, and it recovers when it starts again."""
        self._end(signal.SIGQUIT)

    def restart(self) -> None:
        """Kill it and start it again."""
        self.kill()
        self.start()

    def stop(self) -> None:
        """Disconnect everybody and end it."""
        self._end(signal.SIGINT)

    def _end(self, how: signal.Signals) -> None:
        guard, self._guard = self._guard, None
        if guard is not None:
            guard.kill()
            guard.communicate()
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(how)
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def _answers(self) -> bool:
        asked = [str(self._binaries / "pg_isready"), "-q", "-h", self.host, "-p", str(self.port), "-t", "2"]
        return subprocess.run(asked, check=False).returncode == 0

    def _left_over(self) -> bool:
        return "shared memory block" in (self.folder / "log").read_text(errors="replace")[-2_000:]


@contextmanager
def postgres_server(
    *, durable: bool = False, tcp: bool = False, settings: Mapping[str, str] | None = None
) -> Iterator[PostgresServer]:
    """A new server while the block runs.

    Args:
        durable: True where it shall sync as one in use does.
        tcp: listen on 127.0.0.1 instead of a socket in the file system.
        settings: of the server, beside the usual ones.

    Raises:
        ForetellError: ``POSTGRESQL_MISSING``, ``POSTGRESQL_NOT_STARTED``.
    """
    binaries = binaries_folder()
    folder = Path(tempfile.mkdtemp(prefix="foretell-pg-"))
    try:
        user = _user_of(folder)
        _make(binaries, folder, user)
        port = _free_port() if tcp else 5432
        host = "127.0.0.1" if tcp else str(folder)
        told = {**_SETTINGS, **({} if durable else _CARELESS), "port": str(port), **(settings or {})}
        told["unix_socket_directories"] = str(folder)
        if tcp:
            told["listen_addresses"] = host
        server = PostgresServer(folder, port, host, told, binaries, user)
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def binaries_folder() -> Path:
    """The folder of PostgreSQL's programs, the newest that is found; raises ``POSTGRESQL_MISSING``."""
    found = shutil.which("postgres")
    folders = [Path(found).resolve().parent] if found else []
    for pattern in _PLACES:
        folders += sorted(Path("/").glob(pattern.lstrip("/")), key=_version, reverse=True)
    for folder in folders:
        if all((folder / program).exists() for program in ("postgres", "initdb", "pg_isready")):
            return folder
    raise ForetellError(
        "POSTGRESQL_MISSING", "there is no PostgreSQL server on this machine",
        next_step="Install one: sudo apt-get install postgresql (macOS: brew install postgresql@17).",
    )  # fmt: skip


def _version(folder: Path) -> float:
    digits = "".join(sign if sign.isdigit() or sign == "." else " " for sign in str(folder)).split()
    with suppress(ValueError, IndexError):
        return float(digits[0])
    return 0.0


def _user_of(folder: Path) -> dict[str, object]:
    """As whom the server runs; ``folder`` is theirs."""
    if os.geteuid() != 0:
        return {}
    known = [pwd.getpwnam(name) for name in _USERS if _exists(name)]
    user, group = (known[0].pw_uid, known[0].pw_gid) if known else (_NOBODY, _NOBODY)
    os.chown(folder, user, group)
    return {"user": user, "group": group, "extra_groups": []}


def _exists(name: str) -> bool:
    with suppress(KeyError):
        pwd.getpwnam(name)
        return True
    return False


def _make(binaries: Path, folder: Path, user: Mapping[str, object]) -> None:
    """Texts of its databases are in a people's order, not in that of their bytes, so that tests tell the two apart."""
    command = [str(binaries / "initdb"), "-D", str(folder / "data"), "-U", "foretell", "--auth=trust", "--no-sync"]
    command += ["--encoding=UTF8", "--no-instructions"]
    tries = (["--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en-US"], ["--locale=C.UTF-8"], ["--locale=C"])
    for more in tries:
        made = subprocess.run([*command, *more], capture_output=True, text=True, check=False, cwd=folder, **user)  # type: ignore[call-overload]
        if made.returncode == 0:
            return
        shutil.rmtree(folder / "data", ignore_errors=True)
    (folder / "log").write_text(made.stderr)
    raise _not_started(folder / "log")


def _not_started(log: Path) -> ForetellError:
    lines = log.read_text(errors="replace").strip().splitlines()
    said = lines[-1] if lines else "it gave no reason"
    return ForetellError("POSTGRESQL_NOT_STARTED", f"PostgreSQL did not start: {said}")


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
