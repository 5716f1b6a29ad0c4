"""The ``tracking`` document: which events and traits are expected, what their fields hold, and who answers."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

Action = Literal["allow", "quarantine", "drop_field"]
Unplanned = Literal["allow", "report", "quarantine", "drop_field"]
TypeName = Literal["string", "number", "integer", "boolean", "array", "object"]
Pii = Literal["none", "contact", "identity", "demographic", "location", "financial", "health", "technical"]
FORMATS = {
    "date": r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$",
    "time": r"^([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)$",
    "date-time": (
        r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])[Tt ]([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?"
        r"([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)$"
    ),
    "email": r"^[^@\s]+@[^@\s.]+(\.[^@\s.]+)+$",
    "uri": r"^[A-Za-z][A-Za-z0-9+.-]*:[^\s]+$",
    "uuid": r"^[0-9A-Fa-f]{8}-([0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}$",
    "ipv4": r"^((25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(25[0-5]|2[0-4]\d|1?\d?\d)$",
    "hostname": r"^([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$",
}
"""Words of JSON schema and the form that a text must have."""
FormatName = Literal["date", "time", "date-time", "email", "uri", "uuid", "ipv4", "hostname"]


def _listed(value: object) -> object:
    return [] if value is None else [value] if isinstance(value, str) else value


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Owner(_Part):
    """Who answers for something."""

    team: str | None = Field(None, min_length=1, description="Name of a team.")
    person: str | None = Field(None, min_length=1, description="Name or e-mail address of a person.")

    @model_validator(mode="after")
    def _is_one(self) -> Owner:
        if (self.team is None) == (self.person is None):
            raise ValueError("write either team or person")
        return self

    @property
    def sort(self) -> str:
        """``team`` or ``person``."""
        return "team" if self.team is not None else "person"

    @property
    def name(self) -> str:
        """What the team or the person is called."""
        return self.team or self.person or ""


class FieldPlan(_Part):
    """What a property or trait holds."""

    type: Annotated[list[TypeName], BeforeValidator(_listed)] = Field(
        default_factory=list, description='Type of JSON schema, or several; text such as "12" is no number.'
    )
    required: bool = Field(False, description="It must be there; null counts as missing.")
    enum: list[str | bool | int | float] = Field(default_factory=list, description="The values that are allowed.")
    pattern: str | None = Field(None, description="Regular expression (RE2) found somewhere in a text.")
    minimum: float | None = Field(None, description="Least number.")
    maximum: float | None = Field(None, description="Greatest number.")
    format: FormatName | None = Field(None, description="Form of a text.")
    items: dict[str, FieldPlan] = Field(
        default_factory=dict, description="Of an array: field of each element → what it holds."
    )
    properties: dict[str, FieldPlan] = Field(
        default_factory=dict, description="Of an object: member → what it holds; the same as dotted names."
    )
    standard: str | dict[str, Any] | None = Field(
        None, description="Normal form that values are brought into: a name, or {name: phone, region: GB}."
    )
    description: str | None = Field(None, description="What it means.")
    pii: Pii | None = Field(None, description="Class of personal data; examples of classified fields are masked.")
    owner: Owner | None = Field(None, description="Who answers for it; without one, the event's owner.")
    on_violation: Action | None = Field(None, description="What a violation does; without it, as the event says.")

    @model_validator(mode="after")
    def _is_sound(self) -> FieldPlan:
        if self.items and self.type and "array" not in self.type:
            raise ValueError("items needs type: array")
        if self.properties and self.type and "object" not in self.type:
            raise ValueError("properties needs type: object")
        if self.minimum is not None and self.maximum is not None and self.minimum > self.maximum:
            raise ValueError("minimum lies above maximum")
        return self


class EventPlan(_Part):
    """What an event tells."""

    description: str | None = Field(None, description="When it happens.")
    owner: Owner | None = Field(None, description="Who answers for it; without one, the plan's owner.")
    on_violation: Action | None = Field(None, description="What a violation does; without it, as the plan says.")
    unplanned: Unplanned | None = Field(None, description="Properties not named here; without it, as the plan says.")
    properties: dict[str, FieldPlan] = Field(default_factory=dict, description="Property → what it holds.")


class TrackingSpec(_Part):
    """What is expected of the sources' events."""

    sources: list[str] = Field(default_factory=list, description="Keys of the sources; without any, all.")
    description: str | None = Field(None, description="What the plan is for.")
    owner: Owner | None = Field(None, description="Who answers for whatever names no owner of its own.")
    on_violation: Action = Field(
        "allow",
        description="allow: take it in and report; quarantine: put the event aside; drop_field: leave the value out.",
    )
    unplanned: Unplanned = Field(
        "allow", description="Events and properties that the plan does not name; report: take them in and tell."
    )
    events: dict[str, EventPlan] = Field(default_factory=dict, description="Name of an event → what it tells.")
    traits: dict[str, FieldPlan] = Field(default_factory=dict, description="Trait of people → what it holds.")


FieldPlan.model_rebuild()
