"""Spooled frames, read by the source documents of today instead of those they were taken in under."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from foretell.collect.frames import ROWS, FrameReader, decoders
from foretell.collect.source_model import SourceSpec
from foretell.collect.webhooks import WEBHOOK, mapped_by
from foretell.definitions import Catalog
from foretell.engine import Decoded, Decoder, Frame
from foretell.errors import ForetellError


@dataclass(frozen=True)
class Scope:
    """Which bodies are read by the documents of today; the others as they were read first.

    Args:
        since: those that arrived from this instant on; None for all.
        source: those of this source; None for all.
    """

    since: datetime | None = None
    source: str | None = None

    def holds(self, frame: Frame) -> bool:
        """True where ``frame`` is among them."""
        meta = frame.meta
        if self.source is not None and meta["source"] != self.source:
            return False
        return self.since is None or datetime.fromisoformat(meta["received_at"]) >= self.since


@dataclass(frozen=True)
class PresentReader:
    """Reads frames like ``reader``, those in ``scope`` by the documents in ``catalog``."""

    reader: FrameReader
    catalog: Catalog
    scope: Scope

    def __call__(self, frame: Frame) -> Decoded:
        return self.reader(present(frame, self.catalog) if self.scope.holds(frame) else frame)

    def join(self, frames: Sequence[Frame]) -> list[Frame]:
        """See :meth:`FrameReader.join`."""
        return self.reader.join(frames)


def present_decoders(reader: FrameReader, catalog: Catalog, scope: Scope) -> dict[str, Decoder]:
    """What reads the frames of this room in a rebuild, see :class:`PresentReader`."""
    return dict.fromkeys(decoders(reader), PresentReader(reader, catalog, scope))


def present(frame: Frame, catalog: Catalog) -> Frame:
    """``frame`` under its source's document of today; as it is where there is none.

    Raises:
        ForetellError: ``GROUPING_CHANGED``: frames are cut between groups, and other groups could lie in two.
    """
    key = str(frame.meta["source"])
    document = next((found for found in catalog.all("source") if found.key == key), None)
    if document is None:
        return frame
    spec = document.spec
    assert isinstance(spec, SourceSpec)
    changes: dict[str, Callable[[Frame, SourceSpec, str], dict[str, object]]] = {ROWS: _rows, WEBHOOK: _webhook}
    change = changes.get(frame.format, _lines)
    return replace(frame, meta={**frame.meta, **change(frame, spec, spec.zone or catalog.settings.zone)})


def _webhook(_: Frame, spec: SourceSpec, __: str) -> dict[str, object]:
    return {"spec": mapped_by(spec)} if spec.holds_bodies else {}


def _rows(frame: Frame, spec: SourceSpec, zone: str) -> dict[str, object]:
    if not spec.holds_rows:
        return {}
    if spec.group_by != SourceSpec.model_validate(frame.meta["spec"]).group_by:
        raise ForetellError(
            "GROUPING_CHANGED",
            "group_by is another one than the file was imported under, and its rows were stored by those groups",
            thing=f"source {frame.meta['source']}",
            where=str(frame.meta["file"]),
            next_step="Put group_by back, or import the file under another source key.",
        )
    return {"spec": spec.model_dump(mode="json", exclude_defaults=True), "zone": zone}


def _lines(frame: Frame, spec: SourceSpec, _: str) -> dict[str, object]:
    if frame.meta.get("arrival") != "import":
        return {}
    after = spec.known_after
    return {"lag_seconds": None if after is None else after.total_seconds()}
