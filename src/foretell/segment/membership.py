"""Who is in a segment at an instant, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pyarrow as pa

from foretell.condition import All, Condition, Explanation, Of, Reader, parse, sentence
from foretell.definitions import Catalog, Document, Problem, raise_errors
from foretell.engine import naming
from foretell.segment.document import condition_of, places, spec_of

IDENTIFIERS = ("user_id", "email", "phone")
"""Kinds of identifiers that are listed with the members."""


@dataclass(frozen=True)
class SegmentSize:
    """A segment and its size.

    Args:
        says: the condition in plain English.
        members: number of people.
    """

    key: str
    title: str
    says: str
    of: Of
    members: int
    owner: str | None
    review: date | None


def list_segments(catalog: Catalog, reader: Reader, *, as_of: datetime) -> list[SegmentSize]:
    """All segments by key, with their sizes at ``as_of``."""
    return [_size(document, reader, as_of) for document in catalog.all("segment")]


def count(
    catalog: Catalog, reader: Reader, key: str, *, as_of: datetime, where: Mapping[str, Any] | None = None
) -> int:
    """Number of people in segment ``key`` at ``as_of``.

    Args:
        where: a further condition, as written.

    Raises:
        UsageError: ``UNKNOWN_DEFINITION`` where there is no such segment.
    """
    document = catalog.get("segment", key)
    with naming(f"segment {key}"):
        return reader.count(_narrowed(document, where, reader, as_of), as_of=as_of, of=spec_of(document).of)


def members(
    catalog: Catalog, reader: Reader, key: str, *, as_of: datetime, where: Mapping[str, Any] | None = None
) -> pa.Table:
    """The people in segment ``key`` at ``as_of``: ``profile_key profile_id user_id email phone``, by profile id.

    Of several identifiers of a kind it is the first that was seen. Arguments as for :func:`count`.
    """
    document = catalog.get("segment", key)
    inside = reader.sql(_narrowed(document, where, reader, as_of), as_of=as_of, of=spec_of(document).of)
    columns = ", ".join(f"max(CASE WHEN i.kind = '{kind}' THEN i.value END) AS {kind}" for kind in IDENTIFIERS)
    kinds = ", ".join(f"'{kind}'" for kind in IDENTIFIERS)
    with naming(f"segment {key}"):
        return reader.analytics.query(
            f"WITH inside AS ({inside}), ranked AS ("
            "SELECT i.profile_key, i.kind, i.value, row_number() OVER (PARTITION BY i.profile_key, i.kind "
            "ORDER BY i.first_seen, i.value) AS place FROM log_identifiers AS i "
            f"WHERE i.kind IN ({kinds}) AND EXISTS (SELECT 1 FROM inside WHERE inside.profile_key = i.profile_key)), "
            f"named AS (SELECT i.profile_key, {columns} FROM ranked AS i WHERE i.place = 1 GROUP BY i.profile_key) "
            f"SELECT inside.profile_key, n.profile_id, {', '.join(f'named.{kind}' for kind in IDENTIFIERS)} "
            "FROM inside JOIN nodes AS n ON n.node_key = inside.profile_key "
            "LEFT JOIN named ON named.profile_key = inside.profile_key ORDER BY n.profile_id"
        )


def explain(catalog: Catalog, reader: Reader, key: str, profile_key: int, *, as_of: datetime) -> Explanation:
    """Why a person is or is not in segment ``key`` at ``as_of``, part by part."""
    document = catalog.get("segment", key)
    return reader.why(condition_of(document), profile_key, as_of=as_of, of=spec_of(document).of)


def warnings(document: Document, reader: Reader, now: datetime) -> list[Problem]:
    """What the data say of a segment: names never seen, everybody or nobody, an unknown trait (error)."""
    return reader.warnings(
        condition_of(document), as_of=now, of=spec_of(document).of, at=places(document), thing=document.name
    )


def _size(document: Document, reader: Reader, as_of: datetime) -> SegmentSize:
    spec, tree = spec_of(document), condition_of(document)
    number = reader.count(tree, as_of=as_of, of=spec.of)
    title = spec.title or document.key
    return SegmentSize(document.key, title, sentence(tree), spec.of, number, spec.owner, spec.review)


def _narrowed(document: Document, where: Mapping[str, Any] | None, reader: Reader, as_of: datetime) -> Condition:
    """The segment's condition and ``where``; raises DefinitionErrors for names that nothing bears."""
    tree = condition_of(document)
    if where is None:
        return tree
    thing = "the condition given with --where"
    further = parse(where, thing=thing)
    raise_errors(reader.warnings(further, as_of=as_of, of=spec_of(document).of, thing=thing))
    return All((tree, further))
