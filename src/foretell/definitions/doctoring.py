"""``doctor``: is this workspace in order, and where does each setting come from?"""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from pydantic import SecretStr

from foretell.definitions.settings import WorkspaceSettings
from foretell.definitions.settings_file import ReadSettings, leaves, read_settings
from foretell.errors import ForetellError

_OLDEST_PYTHON = (3, 11)


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Args:
        name: what was looked at, e.g. ``setting zone``.
        ok: whether it is in order.
        detail: what was found.
        next_step: what to do where it is not in order.
    """

    name: str
    ok: bool
    detail: str
    next_step: str = ""

    def as_dict(self) -> dict[str, object]:
        """The finding for programs (``--json``)."""
        return asdict(self)


Check = Callable[[Path, WorkspaceSettings], Iterable[Finding]]
"""A check of another room: the workspace and its settings in, findings out."""


def doctor(
    root: Path,
    *,
    open_stores: Callable[[Path, WorkspaceSettings], str] | None = None,
    checks: Sequence[Check] = (),
    environ: Mapping[str, str] | None = None,
) -> list[Finding]:
    """Look at the workspace at ``root``; nothing is raised, everything is a finding.

    Args:
        open_stores: opens and closes the stores and says in a few words what it found; it may raise
            :class:`ForetellError`.
        checks: what other rooms look at.
    """
    read = read_settings(root, os.environ if environ is None else environ)
    findings = [_python(), _directory(root), *_settings(read)]
    findings.extend(
        Finding(f"settings {problem.code}", False, problem.headline, problem.next_step) for problem in read.problems
    )
    if any(problem.code == "NO_WORKSPACE" for problem in read.problems):
        return findings  # looking further would make stores where no workspace is
    if open_stores is not None:
        findings.append(_stores(root, read.settings, open_stores))
    for check in checks:
        try:
            findings.extend(check(root, read.settings))
        except ForetellError as error:
            findings.append(Finding(error.thing or error.code, False, error.headline, error.next_step))
    return findings


def _python() -> Finding:
    ok = sys.version_info >= _OLDEST_PYTHON
    wanted = ".".join(map(str, _OLDEST_PYTHON))
    next_step = "" if ok else f"Install Python {wanted} or newer and run `make setup`."
    return Finding("python", ok, platform.python_version(), next_step)


def _directory(root: Path) -> Finding:
    """Readable and writable are asked of the system; nothing is written."""
    if not root.is_dir():
        return Finding("workspace", False, f"{root} is no directory", "Run `foretell init DIR`.")
    if not os.access(root, os.R_OK | os.X_OK):
        return Finding("workspace", False, f"{root} cannot be read", "Check its owner and mode.")
    data = root / "data"
    target = data if data.exists() else root
    if not os.access(target, os.W_OK | os.X_OK):
        return Finding("workspace", False, f"{target} cannot be written to", "Make it writable.")
    return Finding("workspace", True, f"{root} can be read and written to")


def _settings(read: ReadSettings) -> Iterator[Finding]:
    for path, value in leaves(read.settings):
        name = ".".join(map(str, path))
        shown = "set" if isinstance(value, SecretStr) else "not set" if value is None else str(value)
        yield Finding(f"setting {name}", True, f"{shown} ({read.origins[name]})")


def _stores(root: Path, settings: WorkspaceSettings, open_stores: Callable[[Path, WorkspaceSettings], str]) -> Finding:
    try:
        return Finding("stores", True, open_stores(root, settings))
    except ForetellError as error:
        return Finding("stores", False, error.headline, error.next_step)
