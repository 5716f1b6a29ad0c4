"""Journey maps: through which stages do people go, who goes on, where do they stop, and what do they meet there?

Enters: ``map`` documents, conditions, an instant and a window. Leaves: :class:`JourneyMap`, the people behind each of
its numbers. Owns no table. Called by ``web`` and ``cli``, through the room ``measure``.

A stage is a condition; whoever it holds for is at the stage. When somebody came to it is read from the events for
what one of them makes true for good, else by looking day by day. Of those who came in the window the share that goes
on is Kaplan and Meier's, so that whoever only just came counts as 'not yet' and not as lost.
"""

from __future__ import annotations

from foretell.measure.maps.document import KIND, Lane, MapSpec, Stage, Touchpoint, spec_of, title_of
from foretell.measure.maps.model import (
    Course,
    GoingOn,
    Group,
    JourneyMap,
    MapLine,
    Rate,
    StageReading,
    TouchpointReading,
    Voice,
    as_dict,
)
from foretell.measure.maps.people import WHAT, MapPeople, people_of
from foretell.measure.maps.ready_documents import ReadyMap, ready, ready_map, write_ready
from foretell.measure.maps.show import list_maps, show

__all__ = [
    "KIND",
    "WHAT",
    "Course",
    "GoingOn",
    "Group",
    "JourneyMap",
    "Lane",
    "MapLine",
    "MapPeople",
    "MapSpec",
    "Rate",
    "ReadyMap",
    "Stage",
    "StageReading",
    "Touchpoint",
    "TouchpointReading",
    "Voice",
    "as_dict",
    "list_maps",
    "people_of",
    "ready",
    "ready_map",
    "show",
    "spec_of",
    "title_of",
    "write_ready",
]
