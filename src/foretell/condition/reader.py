"""The room's door for reading: conditions against a workspace's data at an instant."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cache

import pyarrow as pa

from foretell.clock import Duration
from foretell.condition.clocks import ZONE_TRAITS, Zones
from foretell.condition.compile import compile_measure, compile_members
from foretell.condition.doubts import doubts
from foretell.condition.evidence import Explanation
from foretell.condition.explanation import explain
from foretell.condition.faults import At, nowhere
from foretell.condition.firsts import first_instants
from foretell.condition.lasting import lasting_instants
from foretell.condition.meaning import CatalogReferences
from foretell.condition.narrowing import narrow
from foretell.condition.nodes import Condition, Measure
from foretell.condition.previewing import Preview, preview
from foretell.condition.scope import ASKED, CONTEXT, Asked, Of, References, Scope
from foretell.condition.values import Frame
from foretell.condition.vocabulary import Vocabulary, vocabulary
from foretell.definitions import Catalog, Problem
from foretell.engine import Analytics, Engine, PropertyColumns


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

    @property
    def references(self) -> References:
        """What other definitions say."""
        return self._references

    def properties(self) -> PropertyColumns:
        """Where the properties of events stand in the log."""
        return self._engine.log.properties()

    def scope(
        self,
        as_of: datetime,
        known_at: datetime | None = None,
        future: Duration | None = None,
        only: int | None = None,
        people: pa.Table | None = None,
        *,
        context: bool = False,
    ) -> Scope:
        """What the compiler has to know to read at ``as_of``, and about ``people`` alone where they are given."""
        names = () if people is None else people.column_names
        asked = None if people is None else Asked("since" in names, "run" in names, "entry_message_id" in names)
        columns = self.properties()
        return Scope(
            Frame(as_of, self._zone), columns, self._references, known_at, future, only=only, asked=asked,
            zones=cache(self._zones), context=context,
        )  # fmt: skip

    def _zones(self) -> Zones:
        """What the store tells of people's clocks."""
        names = ", ".join(f"'{name}'" for name in ZONE_TRAITS)
        told = self._engine.analytics.query(
            "SELECT DISTINCT t.trait, t.s AS zone FROM trait_values AS t "
            f"WHERE t.trait IN ({names}) AND t.s IS NOT NULL"
        )
        first = self._engine.analytics.query("SELECT min(e.ts) AS first FROM event_log AS e")["first"][0].as_py()
        seen = set(told["trait"].to_pylist())
        traits = [name for name in ZONE_TRAITS if name in seen]
        return Zones(told["zone"].to_pylist(), first or Zones().first, traits)

    def sql(
        self,
        tree: Condition,
        *,
        as_of: datetime,
        known_at: datetime | None = None,
        of: Of = "known",
        future: Duration | None = None,
        people: pa.Table | None = None,
        context: bool = False,
    ) -> str:
        """One query in the portable subset with the column ``profile_key``, each member once.

        Args:
            as_of: the instant, by event time.
            known_at: leaves out what arrived later; None reads all that is stored.
            of: ``known`` people (with a known identifier by then) or ``all``.
            future: read event heads in ``(as_of, as_of + future]`` (a prediction's outcome).
            people: see :meth:`members`; the query then reads them as the table ``asked_people``
                (:data:`~foretell.condition.ASKED`), which is handed in with it.
            context: the table ``asked_context`` (:data:`~foretell.condition.CONTEXT`) is handed in too.
        """
        scope = self.scope(as_of, known_at, future, people=people, context=context)
        return narrow(compile_members(tree, scope, of), scope.columns)

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
        people: pa.Table | None = None,
        context: pa.Table | None = None,
    ) -> pa.Table:
        """The people for whom ``tree`` holds: column ``profile_key`` (int64), in no order.

        Args:
            people: only these are asked about. Columns ``profile_key`` and, where known, ``since``
                (timestamp, UTC: ``did last first …`` read the events after it alone; null: all),
                ``run`` (whose messages the head ``message`` means) and ``entry_message_id`` (the
                event that the head ``event`` means). Heads inside a segment know nothing of them.
            context: what is known at the moment of a decision, for the head ``context``: ``profile_key``,
                ``name``, ``s`` (text) and ``n`` (micro units), one of the two null.

        Raises:
            UsageError: ``ONLY_IN_JOURNEYS`` for ``message`` without ``run`` or ``event`` without
                ``entry_message_id``, ``ONLY_IN_DECISIONS`` for ``context`` without its table.
        """
        query = self.sql(
            tree, as_of=as_of, known_at=known_at, of=of, future=future, people=people, context=context is not None
        )
        return self._engine.analytics.query(query, tables={**(tables or {}), **_asked(people), **_context(context)})

    def first_instants(
        self,
        tree: Condition,
        *,
        as_of: datetime,
        people: pa.Table,
        known_at: datetime | None = None,
        future: Duration | None = None,
    ) -> pa.Table | None:
        """Since when ``tree`` holds for those of ``people`` for whom it holds at ``as_of``.

        Columns ``profile_key`` and ``first_at``; so one query answers for every instant up to ``as_of``.
        None where the condition can become false again or true by the passing of time.

        Args:
            people: see :meth:`members`.
            future: when it comes true in ``(as_of, as_of + future]`` instead.
        """
        query = first_instants(tree, self.scope(as_of, known_at, future, people=people))
        return None if query is None else self._engine.analytics.query(query, tables=_asked(people))

    def lasting_sql(self, tree: Condition, *, as_of: datetime, known_at: datetime | None = None) -> str | None:
        """One query with ``profile_key`` and ``first_at``: since when ``tree`` holds for those for whom it does.

        None where the condition can become false again or true by the passing of time. The universe is not cut.
        """
        return lasting_instants(tree, self.scope(as_of, known_at))

    def count(self, tree: Condition, *, as_of: datetime, known_at: datetime | None = None, of: Of = "known") -> int:
        """How many people ``tree`` holds for."""
        members = self.sql(tree, as_of=as_of, known_at=known_at, of=of)
        found = self._engine.analytics.query(f"SELECT count(*) AS n FROM ({members}) AS m")
        return int(found["n"][0].as_py())

    def preview(
        self,
        tree: Condition,
        *,
        as_of: datetime,
        known_at: datetime | None = None,
        of: Of = "known",
        sample: int = 10,
    ) -> Preview:
        """How many people ``tree`` holds for, what each part of its top-level ``all`` takes away, and a few of them."""
        return preview(tree, self.scope(as_of, known_at), of, self._engine.analytics, sample=sample)

    def why(
        self,
        tree: Condition,
        profile_key: int,
        *,
        as_of: datetime,
        known_at: datetime | None = None,
        of: Of = "known",
        people: pa.Table | None = None,
    ) -> Explanation:
        """Why ``tree`` holds or does not hold for one person, part by part, with the events that count.

        Args:
            people: for a journey's conditions, see :meth:`members`; a row of this person.
        """
        scope = self.scope(as_of, known_at, only=profile_key, people=people)
        return explain(tree, scope, of, self._engine.analytics, _asked(people))

    def warnings(
        self,
        tree: Condition,
        *,
        as_of: datetime,
        of: Of = "known",
        at: At = nowhere,
        thing: str = "",
        sizes: tuple[int, int] | None = None,
    ) -> list[Problem]:
        """What ``plan`` reports from the data.

        Warnings: names never seen, a lone ``did_not``, everybody or nobody. An error: a trait that
        nobody ever had, once there are events.

        Args:
            sizes: how many people ``tree`` holds for, and in the universe, where that has been counted.
        """
        return doubts(tree, self.scope(as_of), of, self._engine.analytics, at, thing, sizes)

    def vocabulary(self) -> Vocabulary:
        """What the data offer to conditions."""
        return vocabulary(self._engine.analytics, self._engine.log.properties())


def _asked(people: pa.Table | None) -> dict[str, pa.Table]:
    """The people asked about, as queries read them."""
    if people is None:
        return {}
    columns = {name: people[name].cast(kind) for name, kind in _KINDS.items() if name in people.column_names}
    return {ASKED: pa.table(columns)}


def _context(context: pa.Table | None) -> dict[str, pa.Table]:
    return {} if context is None else {CONTEXT: context.select(_CONTEXT.names).cast(_CONTEXT)}


_CONTEXT = pa.schema([("profile_key", pa.int64()), ("name", pa.string()), ("s", pa.string()), ("n", pa.int64())])
_KINDS = {
    "profile_key": pa.int64(),
    "since": pa.timestamp("us"),
    "run": pa.string(),
    "entry_message_id": pa.string(),
}
