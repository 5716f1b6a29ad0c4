"""Computing what the first pages show before somebody asks for it."""

from __future__ import annotations

import logging
from collections.abc import Callable

from foretell.errors import ForetellError
from foretell.web.api import conditions, kpis, overview
from foretell.web.site import Site

_LOG = logging.getLogger("foretell.web")


def warm(site: Site) -> None:
    """Fill the cache; what fails here is told to whoever asks for it."""
    pieces: tuple[Callable[[], object], ...] = (
        site.headcount,
        site.directory,
        site.memberships,
        lambda: overview.board(site),
        lambda: kpis.kpis(site),
        lambda: conditions.vocabulary(site),
    )
    for piece in pieces:
        try:
            piece()
        except ForetellError as error:
            _LOG.warning("not ready beforehand: %s", error)
