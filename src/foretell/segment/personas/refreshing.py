"""``refresh``: build where the document's schedule asks for it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from importlib import import_module

from foretell.clock import Duration
from foretell.condition import Reader
from foretell.definitions import Catalog
from foretell.engine import Engine
from foretell.segment.personas.document import spec_of
from foretell.segment.personas.kept import Build, last_build


def refresh(engine: Engine, catalog: Catalog, reader: Reader, *, now: datetime) -> Sequence[Build]:
    """Build where it is due; nothing where there is no document, or none with a schedule."""
    due = next_due(engine, catalog, now=now)
    if due is None or due > now:
        return ()
    # The libraries for clustering take longer to load than a look at what is due.
    made: Build = import_module("foretell.segment.personas.building").build(
        engine, catalog, reader, as_of=now, now=now, by="schedule"
    )
    return (made,)


def next_due(engine: Engine, catalog: Catalog, *, now: datetime) -> datetime | None:
    """When :func:`refresh` will have something to do; None for never."""
    spec = spec_of(catalog)
    if spec.schedule is None or not catalog.all("persona"):
        return None
    last = last_build(engine.ops)
    return now if last is None else Duration.parse(spec.schedule).after(last.as_of, catalog.settings.zone_info)
