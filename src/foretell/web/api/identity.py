"""Identity: who is one person and why, the ledger of merges, merging and splitting by hand."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from foretell import app as wiring
from foretell import identify
from foretell.web.api.shapes import PAGE_ROWS, Counted, Instant, PageNumber, offset_of
from foretell.web.site import Here

router = APIRouter(prefix="/identity", tags=["identity"])
BIGGEST_ROWS = 25
Reason = Literal["event", "alias", "matched", "hand", "rules"]
Who = Annotated[str, Query(alias="id", min_length=1, max_length=2_000, description="type:value, a bare value or p_….")]


class IdentifierRow(BaseModel):
    """An identifier of a person."""

    kind: str
    value: str
    node: str = Field(description="Public id of the profile that it came with.")
    merge_id: int | None = Field(description="The merge that brought it here last; null where none did.")


class MergeRow(BaseModel):
    """A merge, with the two identifiers that joined both."""

    merge_id: int
    winner: str = Field(description="Public id of the profile that stayed.")
    loser: str = Field(description="Public id of the profile that went into it.")
    at: Instant
    reason: Reason
    kind_a: str | None = Field(description="Null where an older release did not keep the evidence.")
    value_a: str | None
    kind_b: str | None
    value_b: str | None
    message_id: str | None = Field(description="The event that named both, where there is one.")
    note: str | None = Field(description="Why, in the words of whoever did it by hand.")
    in_force: bool
    undone_at: Instant | None


class Connection(BaseModel):
    """Two identifiers that an event named together."""

    one: str = Field(description="type:value")
    other: str
    message_id: str
    event: str
    at: Instant
    source: str


class KeptApart(BaseModel):
    """Somebody with whom the person is not made one again."""

    profile_id: str
    known_by: str
    since: Instant
    note: str | None


class DeniedJoin(BaseModel):
    """A join that was denied."""

    rule: str = Field(description="limit:KIND, merges:KIND, shared:KIND or kept_apart.")
    kind_a: str
    value_a: str
    kind_b: str
    value_b: str
    times: int
    first_at: Instant
    last_at: Instant
    message_id: str = Field(description="The last event that named both.")


class WhyOne(BaseModel):
    """Why somebody is one person."""

    profile_id: str
    identifiers: list[IdentifierRow]
    merges: list[MergeRow] = Field(description="In force, the earliest first.")
    undone: list[MergeRow]
    links: list[Connection] = Field(
        description="Which identifiers were named together, each pair with its first event."
    )
    kept_apart: list[KeptApart]
    denied: list[DeniedJoin]
    connection: list[Connection] | None = Field(description="The fewest links from `id` to `to`; null without `to`.")


class PersonSide(BaseModel):
    """One of the two people of a split."""

    profile_id: str
    identifiers: list[str] = Field(description="type:value")
    events: int


class SplitBody(BaseModel):
    """A split: what goes where."""

    done: bool
    merge: MergeRow
    stays: PersonSide
    leaves: PersonSide
    moves: dict[str, int] = Field(description="What goes along with the person who leaves: in words, and how many.")


class MergeAsked(BaseModel):
    """Two people who are one."""

    model_config = ConfigDict(extra="forbid")

    one: str = Field(min_length=1, max_length=2_000, description="type:value, a bare value or p_….")
    other: str = Field(min_length=1, max_length=2_000)
    note: str | None = Field(None, max_length=10_000)
    force: bool = Field(False, description="Also where together they have more identifiers than one person may.")


class MergeMade(BaseModel):
    """A merge that was made by hand."""

    merge_id: int
    profile_id: str
    merged_profile_id: str


class SplitAsked(BaseModel):
    """A merge to be taken back."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    id: str = Field(min_length=1, max_length=2_000, description="type:value, a bare value or p_….")
    merge_id: int | None = Field(None, ge=1, description="Null: the latest that brought the identifier here.")
    note: str | None = Field(None, max_length=10_000)


class Ledger(Counted):
    """A page of merges, the latest first."""

    rows: list[MergeRow]


class DeniedJoins(Counted):
    """A page of denied joins, the latest first."""

    rows: list[DeniedJoin]


class ProfileSize(BaseModel):
    """How much went into a profile."""

    profile_id: str
    nodes: int = Field(description="Profiles that it is made of.")
    identifiers: int
    by_kind: dict[str, int]


class Biggest(BaseModel):
    """The profiles with the most identifiers, the biggest first."""

    rows: list[ProfileSize]


class JoinExample(BaseModel):
    """Two profiles that would be one."""

    winner: str
    loser: str
    one: str = Field(description="type:value")
    other: str
    message_id: str
    event: str
    at: Instant


class PartExample(BaseModel):
    """A merge that would be taken back."""

    merge: MergeRow
    because: str = Field(description="The rule that denies it: limit:KIND, merges:KIND, shared:KIND, blocked:KIND.")


class LargeProfile(BaseModel):
    """A profile with many identifiers under the changed rules."""

    profile_id: str
    identifiers: int
    identifiers_now: int


class RulesPreview(BaseModel):
    """What a changed identity document would make of the people that there are."""

    followed: bool = Field(description="The people follow the document already; then everything else is zero.")
    people: int
    people_now: int
    merges: int
    splits: int
    joins: list[JoinExample]
    parts: list[PartExample]
    largest: list[LargeProfile]
    moves: dict[str, int] = Field(description="What would go along with them: in words, and how many.")


class IdentifierRule(BaseModel):
    """What one type of identifier may do."""

    name: str = Field(description="Type; other stands for all that are not named.")
    limit: int = Field(description="Most values that one person may have.")
    merges: bool = Field(description="False: it never joins two people whom something stronger names.")
    shared_after: int | None = Field(description="A value seen with more people than this joins nobody any more.")


class IdentityRulesBody(BaseModel):
    """The rules in force."""

    file: str | None = Field(description="Of the identity document; null: the usual rules hold.")
    types: list[IdentifierRule] = Field(description="The strongest first.")


class BlockedValues(BaseModel):
    """What identifies nobody."""

    values: list[str]
    patterns: list[str]


@router.get("/preview")
def preview(site: Here) -> RulesPreview:
    """What applying the identity document as its file stands now would change."""
    place = wiring.beside(site.workspace)
    told = wiring.identity_preview(place)
    if told is None:
        return RulesPreview(
            followed=True, people=0, people_now=0, merges=0, splits=0, joins=[], parts=[], largest=[], moves={}
        )
    return RulesPreview(followed=False, moves=wiring.identity_moves(place, told), **told.as_dict())


@router.get("/rules")
def rules_in_force(site: Here) -> IdentityRulesBody:
    """Which identifiers make a person, and how many of each one may have."""
    place = site.workspace
    documents = place.catalog.all("identity")
    types = [IdentifierRule.model_validate(one, from_attributes=True) for one in wiring.identity_rules(place).types]
    return IdentityRulesBody(file=documents[0].file if documents else None, types=types)


@router.get("/blocked")
def blocked(site: Here) -> BlockedValues:
    """Values and patterns that identify nobody, as the rules in force say."""
    rules = wiring.identity_rules(site.workspace)
    return BlockedValues(values=sorted(value for value in rules.blocked if value), patterns=list(rules.patterns))


@router.get("/explain")
def explain(
    site: Here,
    who: Who,
    to: Annotated[str | None, Query(description="Another identifier of theirs, type:value.")] = None,
) -> WhyOne:
    """Why these identifiers are one person."""
    engine = site.workspace.engine
    match = identify.find(engine, who)
    why = identify.explain(engine, match)
    links = None if to is None else identify.connection(engine, why, match, to)
    return WhyOne(
        profile_id=why.profile_id,
        identifiers=[IdentifierRow.model_validate(one, from_attributes=True) for one in why.identifiers],
        merges=[_merge(entry) for entry in why.merges],
        undone=[_merge(entry) for entry in why.undone],
        links=[_link(link) for link in why.links],
        kept_apart=[KeptApart.model_validate(one, from_attributes=True) for one in why.apart],
        denied=[DeniedJoin.model_validate(one, from_attributes=True) for one in why.denied],
        connection=None if links is None else [_link(link) for link in links],
    )


@router.get("/split")
def split_preview(
    site: Here, who: Who, merge_id: Annotated[int | None, Query(ge=1, description="Default: the latest.")] = None
) -> SplitBody:
    """What taking a merge back would do; nothing changes."""
    return _split(wiring.split_person(site.workspace, who, merge_id=merge_id, dry_run=True), done=False)


@router.post("/split")
def split(site: Here, asked: SplitAsked) -> SplitBody:
    """Take a merge back, and keep both apart from now on."""
    done = wiring.split_person(site.workspace, asked.id, merge_id=asked.merge_id, note=asked.note, dry_run=False)
    return _split(done, done=True)


@router.post("/merge")
def merge(site: Here, asked: MergeAsked) -> MergeMade:
    """Make two people one, also where a split has kept them apart."""
    made = wiring.merge_people(site.workspace, asked.one, asked.other, note=asked.note, force=asked.force)
    return MergeMade.model_validate(made, from_attributes=True)


@router.get("/ledger")
def ledger(
    site: Here,
    reason: Reason | None = None,
    in_force: Annotated[bool | None, Query(description="Only those that hold, or only those undone.")] = None,
    page: PageNumber = 1,
) -> Ledger:
    """Merges with their evidence, a page at a time."""
    found = identify.ledger(
        site.workspace.engine.ops, offset=offset_of(page), limit=PAGE_ROWS, reason=reason, in_force=in_force
    )
    return Ledger(total=found.total, page=page, rows=[_merge(entry) for entry in found.entries])


@router.get("/denied")
def denied(site: Here, page: PageNumber = 1) -> DeniedJoins:
    """Joins that limits and rules denied, and pairs kept apart, a page at a time."""
    found = identify.denied_joins(site.workspace.engine.ops, offset=offset_of(page), limit=PAGE_ROWS)
    rows = [DeniedJoin.model_validate(one, from_attributes=True) for one in found.denials]
    return DeniedJoins(total=found.total, page=page, rows=rows)


@router.get("/biggest")
def biggest(site: Here) -> Biggest:
    """The profiles into which most went: where wrong merges show first."""
    found = identify.biggest(site.workspace.engine.analytics, BIGGEST_ROWS)
    return Biggest(rows=[ProfileSize.model_validate(one, from_attributes=True) for one in found])


def _merge(entry: identify.Entry) -> MergeRow:
    return MergeRow.model_validate(entry.as_dict())


def _link(link: identify.Link) -> Connection:
    return Connection(
        one=":".join(link.one), other=":".join(link.other), message_id=link.message_id, event=link.event,
        at=link.at, source=link.source,
    )  # fmt: skip


def _split(found: wiring.Split, *, done: bool) -> SplitBody:
    stays, leaves = (
        PersonSide(
            profile_id=side.profile_id,
            identifiers=[f"{kind}:{value}" for kind, value in side.identifiers],
            events=side.events,
        )
        for side in (found.plan.stays, found.plan.leaves)
    )
    return SplitBody(done=done, merge=_merge(found.plan.entry), stays=stays, leaves=leaves, moves=found.moves)
