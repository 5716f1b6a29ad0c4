"""How audiences stand: who is in, who came and left, what the platform has of it, and what went wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Literal, get_args

from foretell.clock import from_micros, naive_utc, utc
from foretell.definitions import Catalog, Document
from foretell.deliver import audience_document, channel_document
from foretell.deliver.audience_document import AudienceSpec
from foretell.deliver.audience_removals import RemovalCounts, removal_counts
from foretell.engine import Engine
from foretell.errors import ForetellError

MemberState = Literal["waiting", "accepted", "confirmed", "refused", "in_doubt", "not_told", "left"]
MEMBER_STATES: tuple[MemberState, ...] = get_args(MemberState)
_PAGE = 50
_DAYS = 90
# What the platform knows of each person: the last message about the membership. A claim is none that is published.
_KNOWN = """
WITH said AS (
  SELECT m.template AS audience, m.profile_key, m.state, m.error, m.journey, row_number() OVER (
    PARTITION BY m.template, m.profile_key ORDER BY m.at DESC, m.message_id DESC) AS place
  FROM log_messages m WHERE m.medium = 'ads'
), inside AS (
  SELECT a.audience, a.profile_key, max(a.joined_at) AS joined_at, max(a.run) AS run,
    CASE WHEN count(*) FILTER (WHERE a.left_at IS NULL) > 0 THEN NULL ELSE max(a.left_at) END AS left_at
  FROM log_audiences a GROUP BY a.audience, a.profile_key
), standing AS (
  SELECT i.audience, i.profile_key, i.joined_at, i.left_at, i.run, s.journey, s.error,
    CASE WHEN i.left_at IS NOT NULL THEN 'left'
      WHEN s.state IN ('queued', 'claimed') THEN 'waiting' WHEN s.state = 'sent' THEN 'accepted'
      WHEN s.state = 'delivered' THEN 'confirmed' WHEN s.state IN ('failed', 'bounced') THEN 'refused'
      WHEN s.state = 'uncertain' THEN 'in_doubt' ELSE 'not_told' END AS state
  FROM inside i LEFT JOIN said s ON s.audience = i.audience AND s.profile_key = i.profile_key AND s.place = 1
)"""
_COUNTS = f"{_KNOWN} SELECT audience, state, count(*) AS people FROM standing GROUP BY audience, state"
_MEMBERS = f"""{_KNOWN}
SELECT s.profile_key, coalesce(n.profile_id, '') AS profile_id, s.state, s.joined_at, s.left_at, s.journey,
  coalesce(s.error, '') AS error, count(*) OVER () AS total
FROM standing s LEFT JOIN nodes n ON n.node_key = s.profile_key
WHERE s.audience = $audience AND ($state = '' OR s.state = $state)
ORDER BY s.joined_at DESC, profile_id LIMIT {_PAGE} OFFSET $after"""


@dataclass(frozen=True)
class Looked:
    """What the platform said of a list.

    Args:
        told: so many people were on it then by what it was told.
        error: why it said nothing; empty where it did.
    """

    list_name: str
    at: datetime
    list_id: str
    standing: str
    size_low: int | None
    size_high: int | None
    match_low: float | None
    match_high: float | None
    life_days: int | None
    rounding: str
    told: int
    error: str


@dataclass(frozen=True)
class AudienceStanding:
    """An audience.

    Args:
        uses: kind of its channel; empty where nothing serves it.
        journeys: keys of journeys that put people in or take them out.
        size: people who are in.
        states: of those who are in, how many by what the platform knows of them.
        left: people who were in and are not.
        looks: the last that the platform said of each list, by name.
        problems: what is wrong, for people to read.
    """

    key: str
    title: str
    spec: AudienceSpec
    uses: str
    journeys: tuple[str, ...]
    size: int
    left: int
    states: Mapping[MemberState, int]
    looks: tuple[Looked, ...] = ()
    removals: RemovalCounts = field(default_factory=RemovalCounts)
    problems: tuple[str, ...] = ()

    @property
    def followed(self) -> bool:
        """It follows a segment."""
        return self.spec.segment is not None


@dataclass(frozen=True)
class Day:
    """People who joined and left on a day (UTC)."""

    day: date
    joined: int
    left: int


@dataclass(frozen=True)
class Member:
    """A person who is, or was, in an audience.

    Args:
        journey: that put the person in; None where the segment did.
        error: why the platform did not take the last change.
    """

    profile_key: int
    profile_id: str
    state: MemberState
    joined_at: datetime
    left_at: datetime | None
    journey: str | None
    error: str


@dataclass(frozen=True)
class MemberPage:
    """Members, those who joined last first."""

    rows: tuple[Member, ...]
    total: int


def list_audiences(engine: Engine, catalog: Catalog) -> list[AudienceStanding]:
    """Every audience that has a document, by key."""
    counts = _counts(engine)
    looks = _looks(engine)
    removals = removal_counts(engine)
    journeys = _journeys(catalog)
    found = []
    for document in catalog.all(audience_document.KIND.name):
        key = document.key
        known = counts.get(key, {})
        states: dict[MemberState, int] = {state: count for state, count in known.items() if state != "left"}
        spec = audience_document.spec_of(document)
        kind = channel_document.kind_of(catalog, spec.channel)
        latest = looks.get(key, {})
        standing = AudienceStanding(
            key,
            spec.title or key,
            spec,
            "" if kind is None else kind.name,
            tuple(sorted(journeys.get(key, ()))),
            sum(states.values()),
            known.get("left", 0),
            states,
            tuple(latest[name] for name in sorted(latest)),
            removals.get(key, RemovalCounts()),
        )
        found.append(_judged(standing))
    return found


def audience_standing(engine: Engine, catalog: Catalog, key: str) -> AudienceStanding:
    """One audience.

    Raises:
        ForetellError: ``UNKNOWN_DEFINITION``.
    """
    catalog.get(audience_document.KIND.name, key)
    return next(one for one in list_audiences(engine, catalog) if one.key == key)


def audience_channels(catalog: Catalog) -> list[tuple[str, str]]:
    """Channels that can carry audiences: key and kind."""
    keys = ["ads", *(document.key for document in catalog.all("channel") if document.key != "ads")]
    kinds = [(key, channel_document.kind_of(catalog, key)) for key in keys]
    return [(key, kind.name) for key, kind in kinds if kind is not None and kind.capabilities.medium == "ads"]


def audience_days(engine: Engine, key: str, now: datetime) -> list[Day]:
    """Each of the last 90 days on which somebody joined or left, in order."""
    column = engine.log.properties().of("audience")
    if column is None or column.array is not None:
        return []
    sql = (
        "SELECT CAST(date_trunc('day', e.ts) AS DATE) AS day, "
        "count(*) FILTER (WHERE e.event = 'Audience Joined') AS joined, "
        "count(*) FILTER (WHERE e.event = 'Audience Left') AS left_it "
        f"FROM log_events e WHERE e.event IN ('Audience Joined', 'Audience Left') AND e.{column.text} = $audience "
        "AND e.ts >= $since GROUP BY 1 ORDER BY 1"
    )
    since = naive_utc(now - timedelta(days=_DAYS))
    rows = engine.analytics.query(sql, {"audience": key, "since": since}).to_pylist()
    return [Day(row["day"], row["joined"], row["left_it"]) for row in rows]


def audience_looks(engine: Engine, key: str) -> list[Looked]:
    """All that the platform said of the audience's lists, the last first; at most 400 a list."""
    return list(_looked(engine, "WHERE audience = ?", (key,)))


def audience_members(engine: Engine, key: str, *, state: str = "", after: int = 0) -> MemberPage:
    """A page of 50 people.

    Args:
        state: one of :data:`MEMBER_STATES`; empty: all.
        after: leave out so many.
    """
    params = {"audience": key, "state": state, "after": after}
    rows = engine.analytics.query(_MEMBERS, params).to_pylist()
    total = rows[0].pop("total") if rows else 0
    members = (
        Member(
            row["profile_key"],
            row["profile_id"],
            row["state"],
            utc(row["joined_at"]),
            utc(row["left_at"]) if row["left_at"] else None,
            row["journey"],
            row["error"],
        )
        for row in rows
    )
    return MemberPage(tuple(members), total)


def _counts(engine: Engine) -> dict[str, dict[MemberState, int]]:
    found: dict[str, dict[MemberState, int]] = {}
    for row in engine.analytics.query(_COUNTS).to_pylist():
        found.setdefault(row["audience"], {})[row["state"]] = row["people"]
    return found


def _looks(engine: Engine) -> dict[str, dict[str, Looked]]:
    """Audience → list → the last look that told something; with the error of a later one that did not."""
    latest = (
        "WHERE looked_at = (SELECT max(o.looked_at) FROM audience_looks o WHERE o.audience = audience_looks.audience "
        "AND o.list_name = audience_looks.list_name AND {which})"
    )
    found: dict[str, dict[str, Looked]] = {}
    for which in ("o.error = ''", "1 = 1"):
        for audience, look in _by_audience(engine, latest.format(which=which)):
            known = found.setdefault(audience, {})
            before = known.get(look.list_name)
            if before is not None and look.error:
                look = Looked(**{**vars(before), "error": look.error})
            known[look.list_name] = look
    return found


def _looked(engine: Engine, where: str, params: tuple[object, ...]) -> Iterator[Looked]:
    for _, look in _by_audience(engine, where, params):
        yield look


def _by_audience(engine: Engine, where: str, params: tuple[object, ...] = ()) -> Iterator[tuple[str, Looked]]:
    rows = engine.ops.query(
        "SELECT audience, list_name, looked_at, list_id, standing, size_low, size_high, match_low, match_high, "
        f"life_days, rounding, told, error FROM audience_looks {where} ORDER BY looked_at DESC, list_name",
        params,
    )
    for audience, name, at, *rest in rows:
        yield audience, Looked(name, from_micros(at), *rest)


def _journeys(catalog: Catalog) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for document in catalog.all("journey") if "journey" in catalog.kinds else ():
        for kind, key in _refers(catalog, document):
            if kind == audience_document.KIND.name:
                found.setdefault(key, set()).add(document.key)
    return found


def _refers(catalog: Catalog, document: Document) -> list[tuple[str, str]]:
    refers = catalog.kinds[document.kind].refers
    try:
        return [] if refers is None else list(refers(document))
    except ForetellError:
        return []  # `plan` tells what is wrong with it


def _judged(standing: AudienceStanding) -> AudienceStanding:
    problems = []
    if not standing.uses:
        problems.append(f"Nothing serves its channel {standing.spec.channel}.")
    if not standing.followed and not standing.journeys:
        problems.append("Nobody joins it: it follows no segment, and no journey names it.")
    refused = standing.states.get("refused", 0)
    if refused:
        problems.append(f"The platform did not take {refused:,} of {standing.size:,} people.")
    problems += [f"{look.list_name}: {look.error}" for look in standing.looks if look.error]
    if standing.removals.waiting and standing.removals.error:
        problems.append(f"Erased people wait to be removed: {standing.removals.error}.")
    return AudienceStanding(**{**vars(standing), "problems": tuple(problems)})
