"""Only the columns of the event log that a query names.

It has two for each property that was ever seen, and to list all of them costs a planner more than the query itself.
"""

from __future__ import annotations

import re

from foretell.condition.scope import EACH_EVENT, WIDE_EVENTS, Columns

_OWN = (
    "seq", "batch", "ts", "known_at", "received_at", "event", "type", "source", "node_key", "message_id", "properties",
    "context",
)  # fmt: skip
_WORDS = re.compile(r"\w+")


def narrow(sql: str, columns: Columns) -> str:
    """A compiled query that takes of events the columns alone that it names, where it takes all of each."""
    if WIDE_EVENTS not in sql and EACH_EVENT not in sql:
        return sql
    words = set(_WORDS.findall(sql))
    chosen = [name for name in (*_OWN, *_of_properties(columns)) if name in words]
    found = sql.replace(WIDE_EVENTS, WIDE_EVENTS.replace("t.*", ", ".join(f't."{name}"' for name in chosen)))
    if "person_key" in words:  # events by person and value have columns of their own
        return found
    return found.replace(
        EACH_EVENT, EACH_EVENT.replace("e.*", ", ".join([*(f'e."{name}"' for name in chosen), "e.profile_key"]))
    )


def _of_properties(columns: Columns) -> list[str]:
    """The columns of properties that lie in no array."""
    found = [columns.of(path) for path in columns.paths()]
    return [name for one in found if one is not None and one.array is None for name in (one.text, one.number)]
