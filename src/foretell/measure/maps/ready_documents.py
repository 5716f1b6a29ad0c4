"""A map that many shops can begin with, to be put into a workspace and changed there."""

from __future__ import annotations

from pathlib import Path

from foretell.definitions import ReadyDocument, ReadyFolder
from foretell.measure.maps.document import KIND, MapSpec

READY = ReadyFolder(Path(__file__).with_name("ready"), KIND, MapSpec)
ReadyMap = ReadyDocument[MapSpec]
ready, ready_map, write_ready = READY.all, READY.one, READY.write
