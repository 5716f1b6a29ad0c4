"""What begins a journey: an event, a segment, a band of a prediction, the clock, somebody who asks, a list."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, Union

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, model_validator

from foretell.definitions import DurationText, KeyText
from foretell.journey.calendar import ClockText, Weekday, cron_problem

Does = Literal["entered", "left"]
SEGMENT_EVENTS: Mapping[str, str] = {"entered": "Segment Entered", "left": "Segment Exited"}
BAND_EVENT = "Prediction Band Crossed"


class Trigger(BaseModel):
    """What all triggers share."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class EventTrigger(Trigger):
    """Somebody does something; each such event lets its person in once."""

    event: str | dict[str, Any] = Field(description="Name of the event, or a test of it: {in: [A, B]}.")
    where: dict[str, Any] | None = Field(None, description="Tests of its properties, as in a condition.")
    fresh: DurationText = Field("3d", description="An event that arrives later than this after it happened is none.")


class SegmentTrigger(Trigger):
    """Somebody comes into a segment, or leaves it."""

    segment: KeyText = Field(description="Key of the segment.")
    does: Does = Field("entered", description="entered or left.")


class PredictionTrigger(Trigger):
    """Somebody's score crosses into a band of a prediction, or out of it."""

    prediction: KeyText = Field(description="Key of the prediction.")
    band: str = Field(min_length=1, description="Name of the band; none is the one below the lowest.")
    horizon: DurationText | None = Field(None, description="Horizon; may be left out where there is only one.")
    does: Does = Field("entered", description="entered or left.")


class ScheduleTrigger(Trigger):
    """The clock of the workspace; everybody who fulfils `enter` then."""

    schedule: str = Field(description="daily, weekly, monthly, or five fields of cron: `0 9 * * 1-5`.")
    at: ClockText = Field("09:00", description="Time of day; with cron it is in the fields.")
    weekdays: list[Weekday] | None = Field(None, min_length=1, description="With weekly: on which days.")
    day: Annotated[int, Field(ge=1, le=31)] | Literal["last"] | None = Field(
        None, description="With monthly: day of the month, the last where the month is shorter; or last."
    )

    @model_validator(mode="after")
    def _fits(self) -> ScheduleTrigger:
        if self.schedule not in ("daily", "weekly", "monthly"):
            problem = cron_problem(self.schedule)
            if problem:
                raise ValueError(f"{problem}; write daily, weekly, monthly or five fields of cron such as 0 9 * * 1-5")
        for name, kind in (("weekdays", "weekly"), ("day", "monthly")):
            if getattr(self, name) is not None and self.schedule != kind:
                raise ValueError(f"{name} belongs to schedule: {kind}")
        return self


class ApiTrigger(Trigger):
    """Somebody says so: `foretell journey enter`, the API, a file of identifiers, another journey."""

    api: Literal[True] = Field(description="true.")


class ListTrigger(Trigger):
    """The people of a reference list; who is added to it later enters then."""

    list: KeyText = Field(description="Key of the reference list.")
    identifier: str = Field("email", min_length=1, description="What its values are: email, phone, user_id, …")
    column: str | None = Field(None, description="Its column; default: the one called like the identifier, else first.")


_MODELS: Mapping[str, type[Trigger]] = {
    "event": EventTrigger,
    "segment": SegmentTrigger,
    "prediction": PredictionTrigger,
    "schedule": ScheduleTrigger,
    "api": ApiTrigger,
    "list": ListTrigger,
}


class _Bare(Trigger):
    """Stands for a trigger that does not say what it waits for."""

    of: Literal["nothing"] = Field(description=f"Say one of: {', '.join(_MODELS)}.")


def _discriminate(raw: Any) -> str:
    if isinstance(raw, Trigger):
        return next((f"a {name} trigger" for name, model in _MODELS.items() if type(raw) is model), "no trigger")
    named = [name for name in _MODELS if isinstance(raw, Mapping) and name in raw]
    return f"a {named[0]} trigger" if named else "no trigger"


AnyTrigger = Annotated[
    Union[  # noqa: UP007
        Annotated[EventTrigger, Tag("a event trigger")],
        Annotated[SegmentTrigger, Tag("a segment trigger")],
        Annotated[PredictionTrigger, Tag("a prediction trigger")],
        Annotated[ScheduleTrigger, Tag("a schedule trigger")],
        Annotated[ApiTrigger, Tag("a api trigger")],
        Annotated[ListTrigger, Tag("a list trigger")],
        Annotated[_Bare, Tag("no trigger")],
    ],
    Discriminator(_discriminate),
]


def event_heads(trigger: Trigger | None) -> Iterator[dict[str, Any]]:
    """The condition that says of a person that the trigger's event happened to them; none where it waits for none."""
    if isinstance(trigger, EventTrigger):
        yield {"did": trigger.event} | ({} if trigger.where is None else {"where": trigger.where})
    elif isinstance(trigger, SegmentTrigger):
        yield {"did": SEGMENT_EVENTS[trigger.does], "where": {"segment": trigger.segment}}
    elif isinstance(trigger, PredictionTrigger):
        side = "to" if trigger.does == "entered" else "from"
        tests = {"prediction": trigger.prediction, side: trigger.band}
        yield {"did": BAND_EVENT, "where": tests | ({} if trigger.horizon is None else {"horizon": trigger.horizon})}
