"""Finding a person by any identifier."""

from __future__ import annotations

from dataclasses import dataclass

from foretell.collect import email_identifier
from foretell.engine import Engine
from foretell.errors import UsageError
from foretell.identify.entries import Readable


@dataclass(frozen=True)
class Match:
    """A person found.

    Args:
        profile_key: internal key.
        profile_id: public id.
        kind: kind of the identifier that led here.
        value: its value.
        node_key: the node of that identifier: what is kept by it stays with the identifier when the person is split.
            0 where the look-up does not tell.
    """

    profile_key: int
    profile_id: str
    kind: str
    value: str
    node_key: int = 0


def find(engine: Engine, identifier: str) -> Match:
    """The one person with ``identifier``: ``type:value``, or the bare value of any type.

    Raises:
        UsageError: ``PROFILE_UNKNOWN``, or ``PROFILE_AMBIGUOUS`` listing the matches.
    """
    people: dict[int, Match] = {}
    for match in _matches(engine, identifier):
        people.setdefault(match.profile_key, match)
    if not people:
        raise UsageError(
            "PROFILE_UNKNOWN",
            f"nobody is known by {identifier!r}",
            next_step="Write TYPE:VALUE, e.g. user_id:17850 or email:ann@customers.example.",
        )
    if len(people) > 1:
        listed = ", ".join(f"{match.kind}:{match.value}" for match in people.values())
        raise UsageError(
            "PROFILE_AMBIGUOUS",
            f"{len(people)} people are known by {identifier!r}: {listed}",
            next_step="Name the type, e.g. " + listed.split(", ")[0] + ".",
        )
    return next(iter(people.values()))


def _matches(engine: Engine, identifier: str) -> list[Match]:
    kind, colon, value = identifier.partition(":")
    if identifier.startswith("p_"):
        found = _by_profile_id(engine, identifier)
        if found:
            return found
    select = (
        "SELECT coalesce(m.profile_key, i.node_key), n.profile_id, i.kind, i.value, i.node_key FROM identifiers i "
        "LEFT JOIN merged m ON m.node_key = i.node_key "
        "JOIN nodes n ON n.node_key = coalesce(m.profile_key, i.node_key) WHERE "
    )
    rows = engine.ops.query(select + "i.kind = ? AND i.value = ?", (kind, normal(kind, value))) if colon else []
    if not rows:
        for name in kinds_known(engine):
            rows += engine.ops.query(select + "i.kind = ? AND i.value = ?", (name, normal(name, identifier)))
    return [Match(int(key), str(profile), str(kind), str(value), int(node)) for key, profile, kind, value, node in rows]


def owner_of(store: Readable, node_key: int) -> int | None:
    """Key of the person to whom a node belongs today; None where there is no such node (any more).

    Args:
        store: the operational store, or the transaction in which something is to be kept for that person.
    """
    found = store.query(
        "SELECT coalesce(m.profile_key, n.node_key) FROM nodes n LEFT JOIN merged m ON m.node_key = n.node_key "
        "WHERE n.node_key = ?",
        (node_key,),
    )
    return int(found[0][0]) if found else None


def kinds_known(engine: Engine) -> list[str]:
    """The kinds of identifiers that exist, each by one step in the index."""
    kinds: list[str] = []
    while True:
        after = "WHERE kind > ?" if kinds else ""
        ((found,),) = engine.ops.query(f"SELECT min(kind) FROM identifiers {after}", kinds[-1:])
        if found is None:
            return kinds
        kinds.append(str(found))


def normal(kind: str, value: str) -> str:
    """An identifier as it is kept."""
    return email_identifier(value) if kind == "email" else value.strip()


def _by_profile_id(engine: Engine, profile_id: str) -> list[Match]:
    """By a public id; one that was merged away leads to the profile it went into."""
    found = engine.analytics.query(
        "SELECT n.node_key AS node, w.node_key, w.profile_id FROM nodes n "
        "LEFT JOIN merged m ON m.node_key = n.node_key "
        "JOIN nodes w ON w.node_key = coalesce(m.profile_key, n.node_key) "
        "WHERE n.profile_id = $profile_id ORDER BY node LIMIT 1",
        {"profile_id": profile_id},
    )
    return [
        Match(row["node_key"], row["profile_id"], "profile_id", profile_id, row["node"]) for row in found.to_pylist()
    ]
