"""Exports of segments: who enters and who leaves told to a server, or the members written to a file every so often.

See ``docs/rooms/deliver.md``.
"""

from __future__ import annotations

from foretell.deliver.exports.document import KIND, USUAL_EVERY, ExportSpec, spec_of, target_of
from foretell.deliver.exports.formats import FileFormat, file_of
from foretell.deliver.exports.running import ExportReport, Standing, refresh, standings
from foretell.deliver.exports.ways import EXPORTS

__all__ = [
    "EXPORTS",
    "KIND",
    "USUAL_EVERY",
    "ExportReport",
    "ExportSpec",
    "FileFormat",
    "Standing",
    "file_of",
    "refresh",
    "spec_of",
    "standings",
    "target_of",
]
