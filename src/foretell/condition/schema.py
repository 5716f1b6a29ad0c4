"""The JSON schema of a condition, made from the table by which conditions are read.

Which keys may stand beside a head is said in :data:`foretell.condition.parse.HEADS` alone; here stands what each key
holds, and what is said of it in an editor.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, get_args

from foretell.condition import checks, literals, qualifiers
from foretell.condition.nodes import MessageState
from foretell.condition.parse import HEADS
from foretell.definitions import KEY_PATTERN

Schema = dict[str, Any]

_LENGTH: Schema = {"type": "string", "pattern": r"^\d{1,6}(mo|[smhdwy])$", "examples": ["30d"]}
_EXACT: Schema = {"type": "string", "pattern": r"^\d{1,6}[smhdw]$", "examples": ["7d"]}
_SHARE: Schema = {
    "anyOf": [{"type": "string", "pattern": r"^[+-]?\d+(\.\d{1,4})? ?%$", "examples": ["20%"]}, {"type": "number"}]
}
_NAME: Schema = {"type": "string", "minLength": 1}
_SCALAR: Schema = {"type": ["string", "number", "boolean"]}
_NUMBER: Schema = {"type": "number"}
_WHOLE: Schema = {"type": "integer", "minimum": 0}
_HOUR: Schema = {"type": "integer", "minimum": 0, "maximum": 23}
_DAY: Schema = {"enum": list(literals.WEEKDAYS)}
_YEARS: Schema = {"type": "integer", "minimum": 0}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _object(properties: Schema, required: Iterable[str] = (), description: str = "") -> Schema:
    return {
        "type": "object",
        **({"description": description} if description else {}),
        "additionalProperties": False,
        "minProperties": 1,
        "properties": properties,
        **({"required": list(required)} if required else {}),
    }


def _list_of(item: Schema, *, least: int = 1, most: int | None = None) -> Schema:
    return {"type": "array", "items": item, "minItems": least, **({} if most is None else {"maxItems": most})}


def _tests(names: Iterable[str], one: Schema) -> Schema:
    """The value tests ``names`` of values that look like ``one``."""
    nested = {"ago": _LENGTH, "age": _YEARS}
    fixed: Schema = {
        "contains": _NAME, "not_contains": _NAME, "starts_with": _NAME, "ends_with": _NAME,
        "matches": {"type": "string", "format": "regex"}, "exists": {"type": "boolean"},
        "before": _NAME, "after": _NAME,
        "in_list": {"type": "string", "pattern": KEY_PATTERN}, "anniversary_in": _LENGTH,
        "in": _list_of(one), "not_in": _list_of(one), "between": _list_of(one, least=2, most=2),
    }  # fmt: skip
    found: Schema = {}
    for name in names:
        if name in nested:
            found[name] = _comparison(nested[name], exact=name == "age")
        else:
            found[name] = fixed.get(name, one)
        found[name] = {**found[name], "description": _SAID[name]}
    return found


def _comparison(one: Schema, *, exact: bool) -> Schema:
    names = (*checks.ORDER_TESTS, *(["is"] if exact else []))
    return _object({n: _list_of(one, least=2, most=2) if n == "between" else one for n in names})


def _value(names: Iterable[str], one: Schema) -> Schema:
    """A bare value, or tests of it."""
    return {"anyOf": [one, _object(_tests(names, one))]}


_SAID: dict[str, str] = {
    "is": "Equals.",
    "is_not": "Does not equal; holds where nothing is there.",
    "in": "Is one of these.",
    "not_in": "Is none of these; holds where nothing is there.",
    "in_list": "Stands in the reference list: the name of a file in reference/ without .csv.",
    "gt": "Is more than.",
    "gte": "Is at least.",
    "lt": "Is less than.",
    "lte": "Is at most.",
    "between": "Lies between the two, both included (of a bucket: the second is not).",
    "contains": "The text holds this.",
    "not_contains": "The text does not hold this; holds where nothing is there.",
    "starts_with": "The text begins so.",
    "ends_with": "The text ends so.",
    "matches": "The regular expression is found in the text.",
    "exists": "Whether there is a value.",
    "before": "The date or time lies before.",
    "after": "The date or time lies after.",
    "ago": "How long ago the date or time is.",
    "age": "Whole years since the date.",
    "anniversary_in": "The yearly return of the date falls into the next so many days.",
}
_HEAD_SAID: dict[str, tuple[Schema, str]] = {
    "all": (_list_of(_ref("condition")), "Every part holds."),
    "any": (_list_of(_ref("condition")), "At least one part holds."),
    "not": (_ref("condition"), "The part does not hold."),
    "trait": (_NAME, "The latest value of a trait, held against the tests beside it."),
    "did": (_ref("event_name"), "There are such events: at least one, unless times or a sum say otherwise."),
    "did_not": (_ref("event_name"), "The same did does not hold."),
    "last": (_ref("event_name"), "The last such event, held against ago and is."),
    "first": (_ref("event_name"), "The first such event, held against ago and is."),
    "sequence": (_list_of(_ref("step"), least=2), "Events that follow each other."),
    "ratio": (_list_of(_ref("counted"), least=2, most=2), "How often the first comes for each of the second."),
    "prediction": (_NAME, "The latest score of a prediction, held against the tests beside it."),
    "segment": (_NAME, "In that segment at the same instant."),
    "consent": ({**_NAME, "pattern": r"^[^.]+\..+$"}, "The latest word on channel.purpose is that it is granted."),
    "message": (_NAME, "Journeys: what became of the message of that step."),
    "event": (_NAME, "Journeys: a property of the event that began the run."),
    "account": (_ref("condition"), "Belongs to an account for which this holds."),
    "table": (_NAME, "Has rows in a table of the workspace's own."),
    "persona": (_NAME, "Is of that persona."),
    "near": (_ref("place"), "The coordinates in a trait lie in a circle."),
    "bucket": (_NAME, "The person's place in a draw of that name, from 0% to 100%."),
    "context": (_NAME, "Decisions: what is known at the moment."),
}
_KEYS: dict[str, tuple[Schema, str]] = {
    "where": (_ref("where"), "Tests of properties, all of which must hold; nested names with dots."),
    "within": (_LENGTH, "Only the events of the last so much time (in a step: after the step before)."),
    "since": (_ref("since"), "Only the events after that instant."),
    "local_hour": (_value(checks.NUMBER_TESTS, _HOUR), "The hour, 0 to 23, on the person's clock."),
    "weekday": (_value(checks.NUMBER_TESTS, _DAY), "The day of the week on the person's clock."),
    "times": (_value(checks.NUMBER_TESTS, _WHOLE), "How many there are."),
    "in_any": (_EXACT, "The tests hold in some window of this length, whenever it was."),
    "per": (_NAME, "The tests hold for the events of some one value of this property."),
    "as": (
        {"type": "string", "pattern": "^[a-z][a-z0-9_]*$"},
        "Names that value; others say $name.",
    ),
    "change": (_ref("change"), "Against the window before."),
    "top": (
        {"anyOf": [_SHARE["anyOf"][0], {"type": "integer", "minimum": 1}]},
        "Among the first so many, or share.",
    ),
    "without": ({"anyOf": [_ref("event_name"), _ref("counted")]}, "Only events that no such event follows."),
    "same": ({"anyOf": [_NAME, _list_of(_NAME)]}, "Properties in which the events are equal."),
    "open": ({"type": "boolean"}, "A did_not at the end holds before its window has passed."),
    "ago": (_comparison(_LENGTH, exact=False), "The time since the event."),
    "horizon": (_LENGTH, "Which of the prediction's horizons."),
    **{
        name: ({"anyOf": [_NAME, {"type": "object", "minProperties": 1}]}, f"{said} of a property.")
        for name, said in zip(
            qualifiers.FUNCTIONS,
            ("Sum", "Average", "Smallest value", "Largest value", "Number of different values"),
            strict=True,
        )
    },
}
_STATE: Schema = {"enum": list(get_args(MessageState))}
_OWN: dict[str, dict[str, Schema]] = {
    "last": {"is": {**_ref("where"), "description": "Tests of its properties."}},
    "first": {"is": {**_ref("where"), "description": "Tests of its properties."}},
    "message": {
        "is": {**_STATE, "description": "That became of it."},
        "is_not": {**_STATE, "description": "That did not become of it."},
    },
    **{head: _tests(HEADS[head], _SCALAR) for head in ("trait", "event", "context")},
    **{head: _tests(checks.NUMBER_TESTS, _NUMBER) for head in ("did", "did_not")},
    "ratio": _tests(checks.NUMBER_TESTS, _SHARE),
    "prediction": _tests(checks.SCORE_TESTS, _NUMBER),
    "bucket": _tests(checks.ORDER_TESTS, _SHARE),
}
"""Keys that mean something of their own beside a head."""


def condition_schema() -> Schema:
    """JSON schema (draft 2020-12) of a condition; its parts stand in ``$defs``."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **_ref("condition"), "$defs": _defs()}


def measure_schema() -> Schema:
    """JSON schema of a number a person: ``{did: Order Completed, sum: revenue}``."""
    named = {name: {**_NAME, "description": _KEYS[name][1]} for name in qualifiers.FUNCTIONS}
    measure = _object({**_beside("did", qualifiers.SELECTION), **named}, ["did"], "A number over events.")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **measure, "$defs": _defs()}


def _defs() -> dict[str, Schema]:
    heads = {f"head_{head}": _object(_beside(head, keys), [head], _HEAD_SAID[head][1]) for head, keys in HEADS.items()}
    step = [_object(_beside(head, qualifiers.SELECTION), [head]) for head in ("did", "did_not")]
    anchors = [_object(_beside(head, ("where",)), [head]) for head in ("last", "first")]
    return {
        "condition": {
            "title": "Condition",
            "description": "Who is meant: a mapping with one head, and keys that qualify it.",
            "type": "object",
            "oneOf": [_ref(name) for name in heads],
        },
        **heads,
        "event_name": _value(checks.TEXT_TESTS, _NAME),
        "where": {
            "type": "object",
            "minProperties": 1,
            "additionalProperties": _value(checks.VALUE_TESTS, _SCALAR),
            "description": "Property, nested with dots, and its value or a test of it.",
        },
        "step": {"oneOf": step},
        "counted": step[0],
        "since": {"anyOf": [_NAME, *anchors]},
        "change": _object(
            {**_tests(checks.NUMBER_TESTS, _SHARE), "base": _value(checks.NUMBER_TESTS, _WHOLE)},
            description="(now - before) / before, e.g. {lte: -50%}; base tests the number of events before.",
        ),
        "place": _object(
            {
                "trait": _NAME,
                "lat": {"type": "number", "minimum": -90, "maximum": 90},
                "lon": {"type": "number", "minimum": -180, "maximum": 180},
                "km": {"type": "number", "exclusiveMinimum": 0},
            },
            ("trait", "lat", "lon", "km"),
        ),
    }


def _beside(head: str, keys: Iterable[str]) -> Schema:
    """The head and the keys beside it."""
    value, said = _HEAD_SAID[head]
    own = _OWN.get(head, {})
    found = {head: {**value, "description": said}}
    for key in keys:
        found[key] = own[key] if key in own else {**_KEYS[key][0], "description": _KEYS[key][1]}
    return found
