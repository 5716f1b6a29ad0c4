"""The room's door for reading: conditions against a workspace's data at an instant."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import pyarrow as pa

from foretell.clock import Duration
from foretell.condition.compile import compile_measure, compile_members
from foretell.condition.doubts import doubts
from foretell.condition.explanation import Explanation, explain
from foretell.condition.faults import At, nowhere
from foretell.condition.meaning import CatalogReferences
from foretell.condition.nodes import Condition, Measure
from foretell.condition.scope import Of, References, Scope
from foretell.condition.values import Frame
from foretell.definitions import Catalog, Problem
from foretell.engine import Analytics, Engine


class Reader:
    """Answers conditions.

    Args:
        engine: the workspace's stores.
        catalog: resolves ``{segment: K}`` and ``{prediction: K}``; its settings give the zone.
    """

    def __init__(self, engine: Engine, catalog: Catalog, references: References | None = None) -> None:
        self._engine = engine
        self._zone = catalog.settings.zone_info
        self._references = references or CatalogReferences(catalog)

    @property
    def analytics(self) -> Analytics:
        """The store that is read."""
        return self._engine.analytics

    def scope(
        self,
        as_of: datetime,
        known_at: datetime | None = None,
        future: Duration | None = None,
        only: int | None = None,
    ) -> Scope:
        """What the compiler has to know to read at ``as_of``."""
        return Scope(Frame(as_of, self._zone), self._engine.log.properties(), self._references, known_at, future, only)

    def sql(
        self,
        tree: Condition,
        *,
        as_of: datetime,
        known_at: datetime | None = None,
        of: Of = "known",
        future: Duration | None = None,
    ) -> str:
        """One query in the portable subset with the column ``profile_key``, each member once.

        Args:
            as_of: the instant, by event time.
            known_at: leaves out what arrived later; None reads all that is stored.
            of: ``known`` people (with a known identifier by then) or ``all``.
            future: read event heads in ``(as_of, as_of + future]`` (a prediction's outcome).
        """
        return compile_members(tree, self.scope(as_of, known_at, future), of)

    def measure_sql(
        self,
        part: Measure,
        *,
        as_of: datetime,
        known_at: datetime | None = None,
        future: Duration | None = None,
    ) -> str:
        """One query with ``profile_key`` and ``value`` for everybody with selected events.

        ``value`` is BIGINT: micro units of the property, or plain for counts and ``distinct``.
        """
        return compile_measure(part, self.scope(as_of, known_at, future))

    def members(
        self,
        tree: Condition,
        *,
        as_of: datetime,
        known_at: datetime | None = None,
        of: Of = "known",
        future: Duration | None = None,
        tables: Mapping[str, pa.Table] | None = None,
    ) -> pa.Table:
        """The people for whom ``tree`` holds: column ``profile_key`` (int64), in no order."""
        return self._engine.analytics.query(
            self.sql(tree, as_of=as_of, known_at=known_at, of=of, future=future), tables=tables
        )

    def count(self, tree: Condition, *, as_of: datetime, known_at: datetime | None = None, of: Of = "known") -> int:
        """How many people ``tree`` holds for."""
        members = self.sql(tree, as_of=as_of, known_at=known_at, of=of)
        found = self._engine.analytics.query(f"SELECT count(*) AS n FROM ({members}) AS m")
        return int(found["n"][0].as_py())

    def why(
        self,
        tree: Condition,
        profile_key: int,
        *,
        as_of: datetime,
        known_at: datetime | None = None,
        of: Of = "known",
    ) -> Explanation:
        """Why ``tree`` holds or does not hold for one person, part by part, with the events that count."""
        scope = self.scope(as_of, known_at, only=profile_key)
        return explain(tree, scope, of, self._engine.analytics)

    def warnings(
        self, tree: Condition, *, as_of: datetime, of: Of = "known", at: At = nowhere, thing: str = ""
    ) -> list[Problem]:
        """What ``plan`` reports from the data.

        Warnings: names never seen, a lone ``did_not``, everybody or nobody. An error: a trait that
        nobody ever had, once there are events.
        """
        return doubts(tree, self.scope(as_of), of, self._engine.analytics, at, thing)
