"""Where nothing is ever sent, and by which secret one is known: what every request to a server of others asks first."""

from __future__ import annotations

import ipaddress
import os
import socket
import ssl
from functools import lru_cache

from foretell.definitions import WorkspaceSettings
from foretell.errors import UsageError


def secret_of(workspace: WorkspaceSettings, name: str) -> str:
    """The secret of that name; raises ``SECRET_MISSING``."""
    secret = workspace.secrets.get(name)
    if secret is None or not secret.get_secret_value():
        raise UsageError(
            "SECRET_MISSING",
            f"there is no secret called {name!r}",
            next_step=f"Write it under secrets in foretell.yaml: {name}: ${{VARIABLE}}.",
        )
    return secret.get_secret_value()


def checked_address(host: str, port: int, allow_private: bool) -> str:
    """The address that ``host`` means; raises OSError where it is of a private network and may not be."""
    found = [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    private = [one for one in found if not _is_public(ipaddress.ip_address(one.partition("%")[0]))]
    if private and not allow_private:
        raise OSError(f"{host} is {private[0]}, an address of a private network; allow_private lets it be one")
    return found[0]


def trusting() -> ssl.SSLContext:
    """What certificates are held against: those that this machine trusts, read anew where they have changed.

    Reading them takes longer than most of what is asked.
    """
    found = ssl.get_default_verify_paths()
    places: tuple[str | None, ...] = (found.cafile, found.capath)  # None where there is no such place
    return _trusting(tuple((path, _changed(path)) for path in places if path is not None))


@lru_cache(maxsize=1)
def _trusting(_: tuple[tuple[str, int], ...]) -> ssl.SSLContext:
    return ssl.create_default_context()


def _changed(path: str) -> int:
    try:
        return os.stat(path).st_mtime_ns
    except OSError:  # gone since it was named
        return 0


def _is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    return address.is_global and not address.is_multicast
