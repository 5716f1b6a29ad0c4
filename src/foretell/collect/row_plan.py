"""From a source document and the columns of a file to SQL over the file's rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from foretell.collect.envelope import plain_id
from foretell.collect.expressions import Compiled, Scope, as_text, finite
from foretell.collect.row_leaves import is_plain, paths_of
from foretell.collect.slots import Slot
from foretell.collect.source_kind import compiled_slot
from foretell.collect.source_model import RowMapping, SourceSpec
from foretell.collect.times import formatted_instant, local_instant
from foretell.definitions import suggestion
from foretell.errors import ForetellError, UsageError

UNIT, RECORD = "chr(31)", "chr(30)"


def column_sql(schema: pa.Schema) -> dict[str, Compiled]:
    """How each column of a file is read: ``c0``, ``c1`` … as text, as a number, or as an exact integer."""
    found = {}
    for number, column in enumerate(schema):
        name, kind = f"c{number}", column.type
        if pa.types.is_integer(kind) or (pa.types.is_decimal(kind) and kind.scale <= 0):
            found[column.name] = Compiled(f"CAST({name} AS HUGEINT)", "integer")
        elif pa.types.is_floating(kind) or pa.types.is_decimal(kind):
            found[column.name] = Compiled(finite(f"CAST({name} AS DOUBLE)"), "number")
        elif pa.types.is_boolean(kind):
            found[column.name] = Compiled(name, "bool")
        else:
            found[column.name] = Compiled(f"nullif(CAST({name} AS VARCHAR), '')", "text")
    return found


@dataclass(frozen=True)
class MappingPlan:
    """SQL of one mapping.

    Args:
        when: condition over a row, or over a group.
        select: what is read of each row or group: ``ts stamped message_id properties traits``, one
            ``id<i>`` for each kind of ``kinds`` and one ``consent<i>`` for each of the mapping's consents.
        bad: SQL text: the name of a column whose text should be a number and is none, else null.
        leaves: path and type of each property, whose values are ``p0``, ``p1`` …; None where they have to be read back
            from ``properties``.
    """

    mapping: RowMapping
    when: str
    select: str
    kinds: tuple[str, ...]
    bad: str
    leaves: tuple[tuple[str, str], ...] | None = None


@dataclass(frozen=True)
class RowPlan:
    """SQL of a source document over the columns of one file.

    Args:
        skips: name and condition of rows that are left out.
        group: SQL text of the group's key; empty where rows are not grouped.
        content: SQL text of everything a row says, where a message id must be made of it.
        body: SQL text of a row as JSON.
    """

    spec: SourceSpec
    skips: tuple[tuple[str, str], ...]
    mappings: tuple[MappingPlan, ...]
    group: str
    content: str
    body: str


@dataclass
class _Builder:
    spec: SourceSpec
    columns: Mapping[str, Compiled]
    zone: str
    source: str
    content: str = "''"
    numbers: dict[str, str] = field(default_factory=dict)

    def value(self, path: tuple[str | int, ...], text: Any, *, grouped: bool) -> Compiled:
        scope = Scope(self.columns, grouped, self.numbers)
        return compiled_slot(Slot(path, text, "value", grouped), scope)

    def condition(self, text: str, *, grouped: bool) -> str:
        scope = Scope(self.columns, grouped, self.numbers)
        return compiled_slot(Slot((), text, "condition", grouped), scope).sql

    def object(self, fields: Mapping[str, Any], *, grouped: bool, more: str = "") -> str:
        parts = []
        for name, value in fields.items():
            quoted = name.replace("'", "''")
            if isinstance(value, dict):
                parts.append(f"'{quoted}', {self.object(value, grouped=grouped)}")
            else:
                parts.append(f"'{quoted}', {_json(self.value((), value, grouped=grouped))}")
        return f"json_object({', '.join([*parts, *([more] if more else [])])})"

    def mapping(self, mapping: RowMapping) -> MappingPlan:
        grouped = bool(self.spec.group_by)
        self.numbers = {}
        when = "true" if mapping.when is None else self.condition(mapping.when, grouped=grouped)
        more = ""
        if mapping.items is not None:
            items = self.object(mapping.items.properties, grouped=False)
            more = f"'{mapping.items.array}', to_json(list({items} ORDER BY line))"
        columns = [self._time(mapping, grouped=grouped)]
        columns.append(self._message_id(mapping, grouped=grouped))
        columns.append(f"{self._maybe_object(mapping.properties, more, grouped=grouped)} AS properties")
        columns.append(f"{self._maybe_object(mapping.traits, '', grouped=grouped)} AS traits")
        for number, text in enumerate(mapping.identifiers.values()):
            sql = as_text(self.value((), text, grouped=grouped))
            columns.append(f"{plain_id(f'({sql})')} AS id{number}")
        for number, text in enumerate(mapping.consents.values()):
            basis = as_text(self.value((), text, grouped=grouped))
            columns.append(f"nullif(trim({basis}), '') AS consent{number}")
        leaves = self._leaves(mapping)
        if leaves is not None:
            columns += [f"{as_text(value)} AS p{number}" for number, (_, value) in enumerate(leaves)]
        bad = [
            f"WHEN {sql} IS NOT NULL AND NOT coalesce(isfinite(TRY_CAST(trim({sql}) AS DOUBLE)), false) "
            f"THEN '{name.replace(chr(39), chr(39) * 2)}'"
            for name, sql in self.numbers.items()
        ]
        return MappingPlan(
            mapping,
            when,
            ", ".join(columns),
            tuple(mapping.identifiers),
            f"CASE {' '.join(bad)} END" if bad else "CAST(NULL AS VARCHAR)",
            None if leaves is None else tuple((path, value.type) for path, value in leaves),
        )

    def _leaves(self, mapping: RowMapping) -> list[tuple[str, Compiled]] | None:
        """The properties by path, where each is one value of a row."""
        if self.spec.group_by or mapping.consents:
            return None
        found = [(path, self.value((), text, grouped=False)) for path, text in paths_of(mapping.properties)]
        plain = is_plain([path for path, _ in found], [value for _, value in found])
        return found if plain or not found else None

    def _maybe_object(self, fields: Mapping[str, Any], more: str, *, grouped: bool) -> str:
        if not fields and not more:
            return "CAST(NULL AS VARCHAR)"
        return f"CAST({self.object(fields, grouped=grouped, more=more)} AS VARCHAR)"

    def _time(self, mapping: RowMapping, *, grouped: bool) -> str:
        if mapping.timestamp is None:
            return "CAST(NULL AS TIMESTAMP) AS ts, false AS stamped"
        text = f"({as_text(self.value((), mapping.timestamp, grouped=grouped))})"
        if mapping.timestamp_format:
            return f"{formatted_instant(text, mapping.timestamp_format, self.zone)} AS ts, true AS stamped"
        return f"{local_instant(text, self.zone)} AS ts, true AS stamped"

    def _message_id(self, mapping: RowMapping, *, grouped: bool) -> str:
        base = f"{self.source}/{mapping.event}/".replace("'", "''")
        if not grouped:
            told = f"CAST(nth AS VARCHAR) || {UNIT} || {self.content}"
        elif mapping.message_id is None:
            told = f"'0' || {UNIT} || string_agg(content, {RECORD} ORDER BY line)"
        else:
            told = f"{UNIT} || key"
        minted = f"'m_' || md5('{base}' || {told})"
        if mapping.message_id is None:
            return f"{minted} AS message_id"
        own = as_text(self.value((), mapping.message_id, grouped=grouped))
        return f"coalesce('{base}' || nullif(trim({own}), ''), {minted}) AS message_id"


def _json(value: Compiled) -> str:
    return f"CAST({as_text(value)} AS JSON)" if value.type in ("number", "integer") else value.sql


def row_plan(spec: SourceSpec, schema: pa.Schema, *, source: str, zone: str, where: str = "") -> RowPlan:
    """Compile ``spec`` for a file with the columns of ``schema``.

    Args:
        source: key of the source; part of message ids.
        zone: IANA name for times without an offset.
        where: the file, for errors.

    Raises:
        UsageError: ``UNKNOWN_COLUMN`` and the like, naming the file.
    """
    columns = column_sql(schema)
    texts = [f"coalesce({as_text(column)}, {UNIT})" for column in columns.values()]
    content = f"concat_ws({UNIT}, {', '.join(texts)})"
    builder = _Builder(spec, columns, zone, source, content)
    try:
        skips = tuple((skip.name, builder.condition(skip.when, grouped=False)) for skip in spec.skip)
        mappings = tuple(builder.mapping(mapping) for mapping in spec.mappings)
        group = _group_key(spec.group_by, columns)
    except ForetellError as error:
        raise UsageError(
            error.code, error.what, thing=f"source {source}", where=where, next_step=error.next_step
        ) from error
    names = [name.replace("'", "''") for name in columns]
    pairs = [f"'{name}', {_json(column)}" for name, column in zip(names, columns.values(), strict=True)]
    needed = not spec.group_by or any(mapping.message_id is None for mapping in spec.mappings)
    return RowPlan(spec, skips, mappings, group, content if needed else "''", f"json_object({', '.join(pairs)})")


def _group_key(names: list[str], columns: Mapping[str, Compiled]) -> str:
    for name in names:
        if name not in columns:
            raise UsageError(
                "UNKNOWN_COLUMN",
                f"there is no column {name!r}",
                next_step=suggestion(name, list(columns), what="columns"),
            )
    return f" || {UNIT} || ".join(as_text(columns[name]) for name in names)
