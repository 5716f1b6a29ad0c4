"""Case rules to begin with, ready to be put into a workspace and changed there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from foretell.care.openings import refers
from foretell.care.rule_document import KIND, CaseRuleSpec
from foretell.definitions import Catalog, ReadyDocument, ReadyFolder, documents_in, suggestion
from foretell.errors import UsageError

READY = ReadyFolder(Path(__file__).with_name("ready"), KIND, CaseRuleSpec)
_TEAM = re.compile(r"(?m)^  (team|assign): .*\n")


@dataclass(frozen=True)
class ReadyRule(ReadyDocument[CaseRuleSpec]):
    """A document that comes with the package."""

    @property
    def needs(self) -> tuple[str, ...]:
        """Names of documents that have to be there, such as ``prediction churn``."""
        return tuple(sorted({f"{kind} {key}" for kind, key in refers(self.spec.opens)}))


@dataclass(frozen=True)
class FittedRule:
    """A ready rule as it goes with a workspace.

    Args:
        team: whose its cases are; None where the workspace has no such team.
        spec: plain values.
    """

    text: str
    spec: dict[str, Any]
    team: str | None


def ready_rules() -> list[ReadyRule]:
    """All of them, by key."""
    return [ReadyRule(**vars(one)) for one in READY.all()]


def ready_rule(key: str) -> ReadyRule:
    """One of them; raises ``UNKNOWN_READY``."""
    return ReadyRule(**vars(READY.one(key)))


def fitted_rule(catalog: Catalog, key: str, team: str | None = None) -> FittedRule:
    """A ready rule for a workspace: with ``team``, else the team it names where there is such a one, else with none.

    Raises:
        UsageError: ``UNKNOWN_READY``, ``UNKNOWN_TEAM``; ``NEEDS_DOCUMENT`` where it names what the workspace lacks.
    """
    chosen, teams = ready_rule(key), catalog.settings.care.teams
    if team is not None and team not in teams:
        next_step = suggestion(team, sorted(teams), what="teams under care in foretell.yaml")
        raise UsageError("UNKNOWN_TEAM", f"there is no team called {team!r}", next_step=next_step)
    for name in chosen.needs:
        if not catalog.has(*name.split(" ", 1)):
            raise UsageError(
                "NEEDS_DOCUMENT", f"the case rule {key} goes by the {name}, which the workspace does not have",
                next_step=f"Make the {name} first.",
            )  # fmt: skip
    whose = team or (chosen.spec.team if chosen.spec.team in teams else None)
    members = whose is not None and bool(teams[whose].members)
    turns = chosen.spec.assign if members else "nobody"
    lines = "" if whose is None else f"  team: {whose}\n  assign: {turns}\n"
    text = _TEAM.sub("", chosen.text).replace("  priority:", f"{lines}  priority:", 1)
    (raw,) = documents_in(text) or [{}]
    assert isinstance(raw, dict)
    return FittedRule(text, raw["spec"], whose)


def write_ready_rule(catalog: Catalog, key: str, team: str | None = None) -> tuple[Path, FittedRule]:
    """Put one into the workspace's files; returns its file and what was written. It is in force once it is applied.

    Raises:
        UsageError: as :func:`fitted_rule`; ``FILE_TAKEN`` where there is such a rule, or such a file.
    """
    fitted = fitted_rule(catalog, key, team)
    path = READY.write(catalog, key, fitted.text)
    return path, fitted
