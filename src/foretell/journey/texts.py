"""Values that a step writes for each person: as they stand in the document, or Liquid over what the run knows."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from foretell import deliver
from foretell.definitions import Catalog, Problem
from foretell.engine import Tx
from foretell.errors import ForetellError
from foretell.journey.steps.base import StepPlace
from foretell.money import from_micro
from foretell.profile import golden, survivorship_of

Value = str | int | float | bool | None
KNOWN: Mapping[str, tuple[str, ...] | None] = {
    "person": None,
    "event": None,
    "offer": ("key", "code", "expires", "product"),
    "journey": ("key", "step", "run"),
}
"""What such texts may speak of; None: any field."""
_AMONG = "IN (SELECT profile_key FROM spoken_of_people) AND i.kind IN ('email', 'phone')"
_IDENTIFIERS = (
    f"SELECT i.node_key, i.kind, min(i.value) FROM identifiers i WHERE i.node_key {_AMONG} GROUP BY i.node_key, i.kind "
    "UNION ALL SELECT m.profile_key, i.kind, min(i.value) FROM merged m JOIN identifiers i ON i.node_key = m.node_key "
    f"WHERE m.profile_key {_AMONG} GROUP BY m.profile_key, i.kind"
)
_ALONE = re.compile(r"\{\{[^{}]*\}\}\Z")
_NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,6})?\Z")


def is_liquid(value: object) -> bool:
    """Whether a value is worked out for each person."""
    return isinstance(value, str) and ("{{" in value or "{%" in value)


def value_problems(place: StepPlace, field: str, values: Mapping[str, object]) -> Iterable[Problem]:
    """What is wrong with the texts among ``values``."""
    for name, value in values.items():
        if is_liquid(value):
            for mistake in deliver.mistakes(str(value), KNOWN):
                known = f"Known: {', '.join(KNOWN)}."
                yield place.problem(field, mistake.code, f"{name}: {mistake.message}", known)


class Filled:
    """The values of some runs.

    Args:
        rows: one mapping a run; None where a text cannot be worked out for it, and ``faults`` says why.
    """

    def __init__(self, rows: Sequence[Mapping[str, Value] | None], faults: Sequence[str]) -> None:
        self.rows, self.faults = rows, faults

    @property
    def good(self) -> pa.Array:
        """For each run whether it has its values."""
        return pa.array([row is not None for row in self.rows], pa.bool_())

    def outcome(self, word: str) -> pa.Array:
        """``word``, or why it failed."""
        return pa.array([f"failed: {fault}" if fault else word for fault in self.faults], pa.string())

    def columns(self, names: Iterable[str]) -> dict[str, pa.Array]:
        """The values of the good runs by name: numbers where all are, else text."""
        kept = [row for row in self.rows if row is not None]
        return {name: _column([row[name] for row in kept]) for name in names}


def filled(tx: Tx, catalog: Catalog, journey: str, step: str, runs: pa.Table, values: Mapping[str, Value]) -> Filled:
    """``values`` for each of ``runs`` (:data:`~foretell.journey.steps.RUNS`); one that fails stops no other."""
    count = runs.num_rows
    if not any(is_liquid(value) for value in values.values()):
        return Filled([dict(values)] * count, [""] * count)
    people = _people(tx, catalog, runs["profile_key"])
    rows: list[Mapping[str, Value] | None] = []
    faults = []
    for key, run, text in zip(
        runs["profile_key"].to_pylist(), runs["run"].to_pylist(), runs["variables"].to_pylist(), strict=True
    ):
        facts = {**facts_of(text), "person": people.get(key, deliver.Facts())}
        facts["journey"] = {"key": journey, "step": step, "run": run}
        try:
            rows.append({name: _worked_out(value, facts) for name, value in values.items()})
            faults.append("")
        except ForetellError as error:
            rows.append(None)
            faults.append(error.what)
    return Filled(rows, faults)


def facts_of(variables: str) -> dict[str, Any]:
    """What a run's variables (JSON) say to texts."""
    known = json.loads(variables)
    offer = {name: known.get(f"offer_{name}") for name in ("code", "expires", "product")}
    return {"event": deliver.Facts(known.get("event") or {}), "offer": {"key": known.get("offer"), **offer}}


def _worked_out(value: Value, facts: Mapping[str, Any]) -> Value:
    if not isinstance(value, str) or not is_liquid(value):
        return value
    text = deliver.render(value, facts)
    if _ALONE.match(value.strip()) and _NUMBER.match(text):
        return float(text) if "." in text else int(text)
    return text


def _people(tx: Tx, catalog: Catalog, profile_keys: pa.ChunkedArray) -> dict[int, Any]:
    """Of each person the traits, as templates read them."""
    found: dict[int, Any] = {}
    told = golden(tx, pc.unique(profile_keys), survivorship_of(catalog))
    columns = (told[name].to_pylist() for name in ("profile_key", "trait", "s", "n"))
    for key, trait, text, number in zip(*columns, strict=True):
        value = text if text is not None or number is None else from_micro(number).normalize()
        found.setdefault(key, deliver.Facts())[trait] = value
    tx.put("spoken_of_people", pa.table({"profile_key": pc.unique(profile_keys)}), key="profile_key")
    for key, kind, value in tx.query(_IDENTIFIERS):
        found.setdefault(key, deliver.Facts()).setdefault(kind, value)
    return found


def _column(values: Sequence[Value]) -> pa.Array:
    given = [value for value in values if value is not None]
    if given and all(isinstance(value, int | float) and not isinstance(value, bool) for value in given):
        return pa.array([None if value is None else float(value) for value in values], pa.float64())
    return pa.array([None if value is None else _text(value) for value in values], pa.string())


def _text(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
