"""``without`` and ``per``: which of the selected events of a ``did`` count."""

from __future__ import annotations

from collections.abc import Sequence

from foretell.condition import sql
from foretell.condition.keys import keyed, place
from foretell.condition.nodes import Did, Selection
from foretell.condition.scope import Scope
from foretell.condition.values import key
from foretell.condition.where import Matches, has_element, selected

_LATER = "f.ts > m.ts OR (f.ts = m.ts AND f.message_id > m.message_id)"


def chosen(part: Did, scope: Scope) -> Matches:
    """The events that count: those selected that no event of ``without`` follows; by value where they are paired."""
    found = selected(part.selection, scope)
    if part.without is not None:
        followed = _followed(part, part.without, scope)
        found.tests.append(
            f"NOT EXISTS (SELECT 1 FROM ({followed}) AS w WHERE w.seq = e.seq AND w.profile_key = e.profile_key)"
        )
    if scope.pairs is not None and scope.pairs.per is not None:
        _of_one_value(found, scope.pairs.per, scope)
    return found


def _followed(part: Did, without: Selection, scope: Scope) -> str:
    """SQL: ``profile_key`` and ``seq`` of selected events that are followed, by way of the last that could follow."""
    matched = " AND ".join(f"f.k{number} = m.k{number}" for number in range(len(part.same)))
    keys = "".join(f", q.k{number}" for number in range(len(part.same)))
    last = (
        "SELECT q.*, row_number() OVER "
        f"(PARTITION BY q.person{keys} ORDER BY q.ts DESC, q.message_id DESC) AS place "
        f"FROM ({_by_value(without, part.same, scope.plain())}) AS q"
    )
    equal = sql.both(["f.person = m.person", *([matched] if matched else [])])
    return (
        f"SELECT DISTINCT m.profile_key, m.seq FROM ({_by_value(part.selection, part.same, scope)}) AS m "
        f"JOIN ({last}) AS f ON {equal} WHERE f.place = 1 AND ({_LATER})"
    )


def _by_value(selection: Selection, names: Sequence[str], scope: Scope) -> str:
    found = keyed(names, scope)
    keys = "".join(f", {one} AS k{number}" for number, one in enumerate(found.keys))
    tests = sql.both([found.test(selection.where, selected(selection, scope)), found.known()])
    return (
        f"SELECT {scope.person('e')} AS person, e.profile_key, e.seq, e.ts, e.message_id{keys} "
        f"FROM {scope.log('log_events')} AS e{found.joins} WHERE {tests}"
    )


def _of_one_value(found: Matches, name: str, scope: Scope) -> None:
    """Where the value lies in an element, that element has to keep the tests of its array, and is read alone."""
    for array in place(name, scope).arrays:
        path = name if scope.value(name)[0] == array else f"{array}.{name}"
        elsewhere = f"coalesce(e.bound_array, '') <> {sql.text(array)}"
        alike = f"{key(scope.value(path)[1])} = {scope.frame.bound}"
        found.tests.append(f"({elsewhere} OR {has_element(array, [*found.elements.get(array, ()), alike])})")
        found.alike[array] = [f"({elsewhere} OR {alike})"]
