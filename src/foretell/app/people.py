"""Who is who in a workspace: merges, splits, and the matching of records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from foretell import (
    identify,
    profile,
)
from foretell.app.workspace import Workspace


def identity_preview(workspace: Workspace) -> identify.Preview | None:
    """What the identity document would make of the people that there are; None where they follow it already."""
    rules = identify.rules_of(workspace.catalog)
    if identify.follows(workspace.engine.ops, rules):
        return None
    return identify.preview(workspace.engine, rules)


def identity_moves(workspace: Workspace, told: identify.Preview) -> dict[str, int]:
    """What would go along with the people of a preview that change: in words → how many."""
    return kept_of(workspace, told.changed.tolist())


def kept_of(workspace: Workspace, nodes: Sequence[int]) -> dict[str, int]:
    """What the rooms keep of nodes: in words → how many."""
    found: dict[str, int] = {}
    for stage in workspace.running:
        found.update({what: count for what, count in stage.kept_of(workspace.engine.ops, nodes).items() if count})
    return found


def identity_rules(workspace: Workspace) -> identify.IdentityRules:
    """By which identifiers make a person in this workspace."""
    return next(stage.rules for stage in workspace.running if isinstance(stage, identify.IdentifyStage))


def merge_people(
    workspace: Workspace, one: str, other: str, *, note: str | None = None, force: bool = False
) -> identify.Joined:
    """Make the two people of these identifiers one, see :func:`identify.merge`."""
    engine, rules = workspace.engine, identity_rules(workspace)
    matches = [identify.find(engine, identifier) for identifier in (one, other)]
    return identify.merge(engine, *matches, rules=rules, now=workspace.clock.now(), note=note, force=force)


@dataclass(frozen=True)
class Split:
    """A split, done or planned.

    Args:
        moves: what goes along with the person who leaves: in words → how many.
    """

    plan: identify.SplitPlan
    moves: dict[str, int]

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        sides = {"stays": asdict(self.plan.stays), "leaves": asdict(self.plan.leaves)}
        return {"merge": self.plan.entry.as_dict(), **sides, "moves": self.moves}


def split_person(
    workspace: Workspace, identifier: str, *, merge_id: int | None = None, note: str | None = None, dry_run: bool
) -> Split:
    """Take a merge of the person of ``identifier`` back, or only say what it would do, see :func:`identify.split`."""
    engine = workspace.engine
    match = identify.find(engine, identifier)
    planned = identify.plan_split(engine, match, merge_id=merge_id)
    moves = kept_of(workspace, planned.splits["node_key"].to_pylist())
    if not dry_run:
        number = planned.entry.merge_id
        planned = identify.split(engine, match, merge_id=number, note=note, now=workspace.clock.now())
    return Split(planned, moves)


def matching_spec(workspace: Workspace) -> identify.MatchingSpec | None:
    """How records are matched in this workspace; None where no identity document asks for it."""
    return identify.identity_of(workspace.catalog).matching


def match_people(
    workspace: Workspace, *, now: datetime, train: bool = False, dry_run: bool = False
) -> identify.MatchReport:
    """Find records of one person that share no identifier, see :func:`identify.match_records`; without a document
    by the usual fields of people."""
    return identify.match_records(
        workspace.engine,
        matching_spec(workspace) or identify.MatchingSpec(),
        identity_rules(workspace),
        profile.NodeTraits(workspace.engine, now),
        now=now,
        train=train,
        dry_run=dry_run,
    )


def refresh_matching(workspace: Workspace, now: datetime) -> identify.MatchReport | None:
    """Match records where a document asks for it and it is due; None otherwise."""
    traits = profile.NodeTraits(workspace.engine, now)
    rules = identity_rules(workspace)
    return identify.refresh_matching(workspace.engine, matching_spec(workspace), rules, traits, now=now)


def match_questions(workspace: Workspace, *, offset: int = 0, limit: int = 50) -> identify.Questions:
    """Pairs of records that wait for people, the likeliest first."""
    traits = profile.NodeTraits(workspace.engine, workspace.clock.now())
    spec = matching_spec(workspace) or identify.MatchingSpec()
    return identify.questions(workspace.engine, spec, traits, offset=offset, limit=limit)


def accept_pair(workspace: Workspace, pair: str, *, note: str | None = None, force: bool = False) -> identify.Joined:
    """Two records are one person's, see :func:`identify.accept`."""
    rules, now = identity_rules(workspace), workspace.clock.now()
    return identify.accept(workspace.engine, pair, rules, now=now, note=note, force=force)


def reject_pair(workspace: Workspace, pair: str, *, note: str | None = None) -> identify.Pair:
    """Two records are two people's, see :func:`identify.reject`."""
    return identify.reject(workspace.engine, pair, now=workspace.clock.now(), note=note)
