"""The file by which commands find the server that has taken their workspace."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from foretell import definitions
from foretell.engine import Company, company_of
from foretell.errors import ForetellError

if TYPE_CHECKING:
    from foretell.web.site import Site

FILE = "server.json"


@dataclass(frozen=True)
class Presence:
    """Where a server answers and by what it knows a command of its own user."""

    address: str
    token: str = field(repr=False)


@contextmanager
def announced(site: Site, address: str, token: str = "") -> Iterator[None]:
    """While the block runs, commands find the server; only the workspace's owner can read how.

    Args:
        token: by which it knows them; a new one where it has none yet.
    """
    site.command_token = token or secrets.token_urlsafe(32)
    path = site.workspace.engine.data / FILE
    path.unlink(missing_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump({"address": address, "token": site.command_token}, file)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def presence_in(data: Path) -> Presence | None:
    """The server that says it has taken the stores in ``data``; None where there is no such file."""
    try:
        found = json.loads((data / FILE).read_text("utf-8"))
        return Presence(str(found["address"]), str(found["token"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def company_at(root: Path) -> Company | None:
    """The processes that work on the workspace at ``root``; None where one at a time does.

    Raises:
        DefinitionErrors: where ``foretell.yaml`` is missing or wrong.
    """
    read = definitions.read_settings(root, os.environ)
    definitions.raise_errors(read.problems)
    return company_of(definitions.engine_settings(root, read.settings))


def presence_among(root: Path) -> Presence | None:
    """The process that leads the workspace at ``root``, where several work on it; None where none is heard of."""
    try:
        company = company_at(root)
        if company is None:
            return None
        with closing(company):
            found = company.leader()
    except ForetellError:
        return None
    return None if found is None else Presence(found.address, found.token)
