"""Who may send events: what a write key stands for, and the pages that may use it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from foretell import collect
from foretell.app import Workspace
from foretell.collect import KeyInfo, WriteKey
from foretell.definitions import Catalog
from foretell.errors import ForetellError
from foretell.web.access import Access

if TYPE_CHECKING:
    from foretell.web.site import Site


@dataclass(frozen=True)
class Sender:
    """What a write key stands for.

    Args:
        source: key of the source whose events come with it.
        origins: origins of the pages that may send; empty for all.
        consent_required: True where nothing that identifies people is kept before they agreed.
        consent_categories: what they must have agreed to.
    """

    source: str
    origins: frozenset[str] = frozenset()
    consent_required: bool = False
    consent_categories: tuple[str, ...] = ()

    def allows(self, origin: str) -> bool:
        """True where a page of ``origin`` may send."""
        return not self.origins or origin.lower() in self.origins


@dataclass(frozen=True)
class _Known:
    """What was read last: all write keys of the store, and the catalog they were read beside.

    Args:
        changes: how often keys had changed when they were read; a change while they are read is not missed.
    """

    catalog: Catalog
    changes: int
    keys: Mapping[str, WriteKey]
    senders: dict[str, Sender]


class Senders:
    """What each write key stands for. The keys are read once, and again when somebody says that they changed or
    the definitions did; a request costs a look into a dictionary.

    A server has its workspace alone, so that whoever makes a key does it in this process and can say so.
    """

    def __init__(self, workspace: Workspace, access: Access) -> None:
        self._workspace = workspace
        self._access = access
        self._known: _Known | None = None
        self._changes = 0

    def forget(self) -> None:
        """Read the keys again before the next answer."""
        self._changes += 1

    def of(self, write_key: str) -> Sender | None:
        """The sender with this key; None where it is not accepted.

        Raises:
            ForetellError: ``SOURCE_BROKEN``, transient.
        """
        known = self._read()
        key = known.keys.get(write_key)
        if key is not None:
            return self._sender(known, key.source) if key.is_valid(self._workspace.clock.now()) else None
        if known.keys and not self._access.write_keys:
            return None
        source = self._access.source_of(write_key)
        return None if source is None else self._sender(known, source)

    def allow_somewhere(self, origin: str) -> bool:
        """True where some write key lets pages of ``origin`` send; a browser asks before it tells its key."""
        known, now = self._read(), self._workspace.clock.now()
        sources = {key.source for key in known.keys.values() if key.is_valid(now)}
        sources |= set(self._access.write_keys.values())
        return not origin or any(self._lets(known, source, origin) for source in sources or {"api"})

    def _lets(self, known: _Known, source: str, origin: str) -> bool:
        try:
            return self._sender(known, source).allows(origin)
        except ForetellError:  # whoever sends with its key is told
            return True

    def _read(self) -> _Known:
        known, catalog, changes = self._known, self._workspace.catalog, self._changes
        if known is None or known.catalog is not catalog or known.changes != changes:
            keys = {key.write_key: key for key in collect.keys(self._workspace.engine.ops)}
            self._known = known = _Known(catalog, changes, keys, {})
        return known

    def _sender(self, known: _Known, source: str) -> Sender:
        found = known.senders.get(source)
        if found is None:
            told: KeyInfo = collect.key_info(known.catalog, source)
            origins = told.origins | self._access.origins.get(source, frozenset())
            found = Sender(source, origins, told.consent_required, told.consent_categories)
            known.senders[source] = found
        return found


def sender_of(site: Site, write_key: str) -> Sender | None:
    """See :meth:`Senders.of`."""
    return site.senders.of(write_key)


def allows_somewhere(site: Site, origin: str) -> bool:
    """See :meth:`Senders.allow_somewhere`."""
    return site.senders.allow_somewhere(origin)


def settings_of(site: Site, write_key: str, *, host: str, scheme: str) -> Mapping[str, Any] | None:
    """What Segment's library for browsers asks for first; None where the key is not accepted.

    Args:
        host, scheme: the address by which the server was asked, and where events go then.
    """
    if sender_of(site, write_key) is None:
        return None
    integration = {
        "apiKey": write_key,
        "apiHost": f"{host}/v1",
        "protocol": scheme,
        "versionSettings": {"version": "4.4.7", "componentTypes": ["browser"]},
    }
    return {"integrations": {"Segment.io": integration}, "plan": {"track": {}}, "metrics": {"sampleRate": 0}}
