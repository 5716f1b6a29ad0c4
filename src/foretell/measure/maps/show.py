"""``map list`` and ``map show``: the doors through which maps are read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from foretell import segment as segments
from foretell.clock import Duration
from foretell.condition import Reader, parse, sentence
from foretell.definitions import Catalog, Document
from foretell.engine import Analytics, Engine, naming
from foretell.errors import UsageError
from foretell.measure.maps.document import MapSpec, Touchpoint, spec_of, title_of
from foretell.measure.maps.going_on import ALL, StageFlow, change, flows
from foretell.measure.maps.model import Group, JourneyMap, MapLine, Span, StageReading, TouchpointReading
from foretell.measure.maps.standing import Standing, looks, standing
from foretell.measure.maps.touching import Touched, open_by_stage, touched
from foretell.measure.maps.voices import Voices, voices

BY = ("segment", "persona")
MOST_GROUPS = 40
_UNITS = (("d", 24 * 60), ("h", 60), ("m", 1))
_DAY_US = timedelta(days=1) // timedelta(microseconds=1)


def list_maps(catalog: Catalog) -> list[MapLine]:
    """The maps of the workspace, by key."""
    return [_line(document) for document in sorted(catalog.all("map"), key=lambda one: one.key)]


def show(
    engine: Engine,
    reader: Reader,
    catalog: Catalog,
    key: str,
    *,
    now: datetime,
    since: datetime | None = None,
    until: datetime | None = None,
    segment: str | None = None,
    by: str | None = None,
) -> JourneyMap:
    """Read a map: everything is as of ``until``, by all that is known today of what had happened by then.

    Args:
        now: the present.
        since, until: the window ``(since, until]``; default: up to ``now``, as long as the map says.
        segment: only people who are in this segment at ``until`` (for the window before: at ``since``).
        by: ``segment`` or ``persona``: going on of each of them beside.

    Raises:
        UsageError: UNKNOWN_DEFINITION, BAD_RANGE, BAD_DIMENSION, TOO_MANY_GROUPS.
    """
    document = catalog.get("map", key)
    span = span_of(catalog, spec_of(document), now=now, since=since, until=until)
    with naming(f"map {key}"):
        return _Reading(engine, reader, catalog, document, span, segment).made(by)


def span_of(catalog: Catalog, spec: MapSpec, *, now: datetime, since: datetime | None, until: datetime | None) -> Span:
    """The window that was asked for; what is later than ``now`` is cut off."""
    end = min(until or now, now)
    begin = since or Duration.parse(spec.window).before(end, catalog.settings.zone_info)
    if begin >= end:
        raise UsageError(
            "BAD_RANGE", f"the window ends at {end.isoformat()}, before it begins at {begin.isoformat()}",
            next_step="Give a --from that is earlier than --to, and not later than now.",
        )  # fmt: skip
    return Span(begin, end)


@dataclass(frozen=True)
class _Reading:
    engine: Engine
    reader: Reader
    catalog: Catalog
    document: Document
    span: Span
    segment: str | None

    @property
    def spec(self) -> MapSpec:
        return spec_of(self.document)

    @property
    def analytics(self) -> Analytics:
        return self.engine.analytics

    def made(self, by: str | None) -> JourneyMap:
        spec, groups = self.spec, self._groups(by)
        now, exact = self._standing(self.span)
        before, _ = self._standing(self.span.before)
        flow, earlier = flows(self.analytics, spec, now)[ALL], flows(self.analytics, spec, before)[ALL]
        said = voices(self.analytics, spec, now, limited=self.segment is not None)
        open_ = open_by_stage(self.analytics, now)
        stages = tuple(
            self._stage(place, flow[place], earlier[place], exact[place], open_.get(place, Touched()), said)
            for place in range(len(spec.stages))
        )
        return JourneyMap(
            key=self.document.key, title=title_of(self.document), description=spec.description, of=spec.of,
            since=self.span.since, until=self.span.until, segment=self.segment or "",
            lanes=tuple((lane.key, lane.title or lane.key.replace("_", " ").capitalize()) for lane in spec.rows),
            stages=stages, touchpoints=self._touchpoints(now, before, said), by=by or "",
            groups=self._split(now, by or "", groups), listening=said.listening, notes=tuple(self._notes(exact)),
        )  # fmt: skip

    def _standing(self, span: Span) -> tuple[Standing, tuple[bool, ...]]:
        return standing_of(self.reader, self.catalog, self.spec, span, self.segment)

    def _groups(self, by: str | None) -> dict[str, str]:
        """The segments or personas that are told apart: key → title."""
        if by is None:
            return {}
        if by not in BY:
            raise UsageError(
                "BAD_DIMENSION", f"a map cannot be split by {by!r}", next_step=f"Use one of {', '.join(BY)}."
            )
        if by == "segment":
            found = {one.key: segments.title_of(one) for one in self.catalog.all("segment")}
        else:
            found = {one.key: one.title for one in segments.personas.personas(self.engine.ops)}
        if len(found) > MOST_GROUPS:
            raise UsageError(
                "TOO_MANY_GROUPS", f"there are {len(found)} segments, and a map tells at most {MOST_GROUPS} apart",
                next_step="Ask for one with --segment.",
            )  # fmt: skip
        return found

    def _split(self, now: Standing, by: str, groups: Mapping[str, str]) -> tuple[Group, ...]:
        """How each segment or persona goes through the stages."""
        inside = {
            key: self.reader.sql(parse({by: key}), as_of=self.span.until, of="all") for key in groups
        }  # fmt: skip
        found = flows(self.analytics, self.spec, now, inside)
        keys = [stage.key for stage in self.spec.stages]
        return tuple(
            Group(
                key, groups[key],
                {stage: one.people for stage, one in zip(keys, flow, strict=True)},
                {stage: one.going for stage, one in zip(keys, flow, strict=True)},
            )
            for key, flow in found.items()
        )  # fmt: skip

    def _stage(
        self, place: int, flow: StageFlow, earlier: StageFlow, exact: bool, open_: Touched, said: Voices
    ) -> StageReading:
        stage = self.spec.stages[place]
        furthest, missed = counted_by(self.spec, place)
        return StageReading(
            key=stage.key, title=stage.name, description=stage.description, says=sentence(parse(stage.condition)),
            condition=stage.condition, furthest_condition=furthest, missed_condition=missed, exact=exact,
            people=flow.people, people_before=earlier.people, furthest=flow.furthest, missed=flow.missed,
            going=flow.going, going_before=earlier.going, change=change(flow, earlier), open_cases=open_.cases,
            open_issues=open_.issues, voices=said.stages.get(place, ()),
        )  # fmt: skip

    def _touchpoints(self, now: Standing, before: Standing, said: Voices) -> tuple[TouchpointReading, ...]:
        met = touched(self.analytics, self.reader, self.spec, self.span, now.people, opened=True)
        earlier = touched(self.analytics, self.reader, self.spec, self.span.before, before.people, opened=False)
        made = []
        for stage in self.spec.stages:
            for one in stage.touchpoints:
                found, past = met.get(one.key, Touched()), earlier.get(one.key, Touched())
                made.append(
                    TouchpointReading(
                        key=one.key, title=one.name, lane=one.lane, stage=stage.key,
                        says=sentence(parse(one.condition)), condition=met_in(one, self.span), people=found.people,
                        volume=found.volume, people_before=past.people, volume_before=past.volume,
                        open_cases=found.cases, open_issues=found.issues, voices=said.touchpoints.get(one.key, ()),
                    )
                )  # fmt: skip
        return tuple(made)

    def _notes(self, exact: Sequence[bool]) -> Iterator[str]:
        looked = [stage.name for stage, one in zip(self.spec.stages, exact, strict=True) if not one]
        if looked:
            days = looks(self.span)[1] // _DAY_US
            every = "every day" if days == 1 else f"every {days} days"
            yield f"{', '.join(looked)}: can end again, and is looked at {every}, so times are that coarse."
        if self.segment is not None:
            yield "Who is in the segment is read at the window's end: those who left it are not in it (survivorship)."


def standing_of(
    reader: Reader, catalog: Catalog, spec: MapSpec, span: Span, segment: str | None
) -> tuple[Standing, tuple[bool, ...]]:
    """Who stands where in a window, and which stages are read from events."""
    limits = []
    if segment is not None:
        catalog.get("segment", segment)
        limits = [reader.sql(parse({"segment": segment}), as_of=span.until, of="all")]
    return standing(reader, spec.trees(), span, of=spec.of, limits=limits)


def counted_by(spec: MapSpec, place: int) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """The conditions of those who are no further than a stage, and of those who are further without it."""
    here, later = spec.stages[place].condition, [stage.condition for stage in spec.stages[place + 1 :]]
    if not later:
        return here, None
    beyond = later[0] if len(later) == 1 else {"any": later}
    return {"all": [here, {"not": beyond}]}, {"all": [beyond, {"not": here}]}


def met_in(one: Touchpoint, span: Span) -> dict[str, Any]:
    """The condition of who met a touchpoint in the window, read at its end; to the minute."""
    minutes = max(1, (span.until - span.since) // timedelta(minutes=1))
    unit, size = next((unit, size) for unit, size in _UNITS if minutes % size == 0)
    return {**one.condition, "within": f"{minutes // size}{unit}"}


def _line(document: Document) -> MapLine:
    spec = spec_of(document)
    return MapLine(
        document.key, title_of(document), spec.description, spec.owner, tuple(stage.name for stage in spec.stages),
        sum(len(stage.touchpoints) for stage in spec.stages),
    )  # fmt: skip
