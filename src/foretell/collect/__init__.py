"""Collect: what happened?

Enters: files (JSON lines in the Segment specification; CSV, Parquet and Excel through a ``source``
document) and, later, requests. Leaves: frames for the engine's spool, and of each frame the tables
that the other rooms work on (``Decoded``); rows that cannot be taken in go to the quarantine with
line number and reason. E-commerce events become rows of orders, order lines and products.

Called by ``app`` (:data:`PARTS`, :data:`KIND`, :data:`DECODERS`, :class:`CollectStage`) and by the
doors (:func:`import_files`, :func:`preview`, :func:`quarantined`). This room alone writes the tables
``quarantine``, ``catalogue``, ``order_rows``, ``order_item_rows`` and ``product_rows``.
"""

from __future__ import annotations

from foretell.collect.frames import FrameReader, decoders, lines_frame, read_frame
from foretell.collect.importing import READER, FileReport, import_files
from foretell.collect.parts import PARTS
from foretell.collect.preview import Preview, preview
from foretell.collect.quarantine import Quarantined, quarantine_counts, quarantined
from foretell.collect.segment_spec import decode_segment
from foretell.collect.source_kind import SOURCE as KIND
from foretell.collect.source_model import SourceSpec
from foretell.collect.stage import CollectStage
from foretell.collect.told import Origin

DECODERS = decoders(READER)
"""For the engine: what reads the frames of this room."""

__all__ = [
    "DECODERS",
    "KIND",
    "PARTS",
    "CollectStage",
    "FileReport",
    "FrameReader",
    "Origin",
    "Preview",
    "Quarantined",
    "SourceSpec",
    "decode_segment",
    "import_files",
    "lines_frame",
    "preview",
    "quarantine_counts",
    "quarantined",
    "read_frame",
]
