"""At which instant a query of features reads: one for everybody, or each row its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Instants:
    """How the people of a query (table ``people``) and their instants are written.

    Args:
        many: each row of ``people`` has its own ``as_of`` and its ``place``; else all are read at ``$as_of``.
    """

    many: bool = False

    @property
    def key(self) -> str:
        """What tells the rows of ``people`` apart."""
        return "place" if self.many else "profile_key"

    @property
    def carried(self) -> str:
        """What a row that is joined with ``people`` (alias p) takes along."""
        return "p.place, p.as_of" if self.many else "p.profile_key"

    @property
    def event_key(self) -> str:
        """Whose row an event of :meth:`events` counts for."""
        return "p.place" if self.many else "e.profile_key"

    @property
    def event_carried(self) -> str:
        """What an event of :meth:`events` takes along."""
        return self.carried if self.many else self.event_key

    def events(self, tests: Sequence[str]) -> str:
        """The events ``e`` of people that had happened, were known and pass the tests.

        As of one instant nothing of ``people`` is carried, so that they are looked up and not joined: a store may group
        before it joins, which here would be the events of everybody for the sake of a few.
        """
        kept = " AND ".join([self.there("e"), *tests])
        if self.many:
            return f"FROM log_events e JOIN people p ON p.profile_key = e.profile_key WHERE {kept}"
        return f"FROM log_events e WHERE e.profile_key IN (SELECT profile_key FROM people) AND {kept}"

    def there(self, alias: str) -> str:
        """That a row had happened and was known."""
        until = "p.as_of" if self.many else "$as_of"
        latest = f" AND {alias}.ts <= $as_of" if self.many else ""
        return f"{alias}.ts <= {until} AND {alias}.known_at <= {until}{latest}"

    def since(self, column: str, days: int, alias: str = "") -> str:
        """That an instant lies in the last ``days``; ``alias`` is whose ``as_of`` counts where each has its own."""
        if not self.many:
            return f"{column} > $since_{days}"
        owner = f"{alias}." if alias else ""
        return f"{column} > {owner}as_of - INTERVAL '{days}' DAY"


AT_ONE = Instants()
"""All people as of the same instant."""
EACH_ITS_OWN = Instants(many=True)
