"""Documents that the app keeps: saved and deleted while the server runs, which goes on with them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from foretell import definitions, journey
from foretell.app import beside, reload_definitions
from foretell.definitions import Saved
from foretell.web.site import Site


def save(site: Site, kind: str, key: str, spec: Mapping[str, Any], *, base_revision: int | None = None) -> Saved:
    """Put a document of the app in force; see :func:`foretell.definitions.save`."""
    place = site.workspace
    saved = definitions.save(
        beside(place).catalog, place.engine.ops, kind, key, spec, now=site.now, base_revision=base_revision
    )
    _go_on(site)
    return saved


def remove(site: Site, kind: str, key: str, *, base_revision: int | None = None) -> None:
    """Take a document of the app out of force; see :func:`foretell.definitions.remove`."""
    place = site.workspace
    definitions.remove(beside(place).catalog, place.engine.ops, kind, key, now=site.now, base_revision=base_revision)
    _go_on(site)


def use_ready(site: Site, key: str) -> journey.Unpacked:
    """Put a ready journey in force with what it names, as documents of the app; it does not start.

    Raises:
        UsageError: ``FILE_TAKEN``.
        DefinitionErrors: where it does not go with what is there; then nothing is saved.
    """
    place = site.workspace
    unpacked = journey.unpack_ready(beside(place).catalog, key)
    try:
        for one in unpacked.documents:
            catalog = beside(place).catalog
            definitions.save(catalog, place.engine.ops, one.kind, one.key, one.spec, now=site.now, base_revision=0)
    finally:
        _go_on(site)
    return unpacked


def _go_on(site: Site) -> None:
    """Let nothing be done or shown as it was before."""
    reload_definitions(site.workspace)
    site.cache.forget()
    site.senders.forget()
    site.worker.wake()
