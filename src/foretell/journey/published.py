"""A journey as applied: the document of one revision, with its conditions parsed once."""

from __future__ import annotations

from dataclasses import dataclass, field

from foretell.clock import Duration
from foretell.condition import Condition, parse
from foretell.definitions import current, revision_of
from foretell.engine import OperationalStore
from foretell.errors import ForetellError, UsageError
from foretell.journey.document import JourneySpec
from foretell.journey.graph import most_visits


@dataclass(frozen=True)
class Published:
    """One revision of a journey."""

    key: str
    revision: int
    spec: JourneySpec
    _trees: dict[tuple[str, str], Condition] = field(default_factory=dict, compare=False)

    @property
    def first(self) -> str:
        """Key of the first step."""
        return self.spec.steps[0].key

    @property
    def goal_within(self) -> Duration:
        """So long after the entry the goal counts."""
        return Duration.parse(self.spec.goal_within)

    def most(self, step: str) -> int | None:
        """So often a run may come to a step that lies on a loop; None where it lies on none."""
        return most_visits(self.spec).get(step)

    def tree(self, name: str, step: str = "") -> Condition:
        """The parsed condition of a field (``enter``, ``leave``, ``goal``) of the journey, or of a step."""
        found = self._trees.get((step, name))
        if found is None:
            owner = self.spec.step(step) if step else self.spec
            in_run = name != "enter" or self.spec.trigger is not None
            found = self._trees[step, name] = parse(getattr(owner, name), thing=f"journey {self.key}", journey=in_run)
        return found


class Revisions:
    """The applied revisions of journeys, each read once."""

    def __init__(self, ops: OperationalStore) -> None:
        self._ops = ops
        self._read: dict[tuple[str, int], Published] = {}

    def in_force(self, key: str) -> Published | None:
        """The revision in force; None where there is none (any more)."""
        for document in current(self._ops):
            if document.kind == "journey" and document.key == key:
                return self.get(key, document.revision)
        return None

    def current(self, key: str) -> Published:
        """The revision in force; raises ``NOT_APPLIED``."""
        found = self.in_force(key)
        if found is not None:
            return found
        raise UsageError(
            "NOT_APPLIED",
            f"journey {key} is not applied",
            thing=f"journey {key}",
            next_step="Run `foretell apply` first.",
        )

    def pin(self, published: Published) -> None:
        """Take this for its revision: what is not applied is tried out as revision 0."""
        self._read[published.key, published.revision] = published

    def get(self, key: str, revision: int) -> Published:
        """One revision; they never change."""
        found = self._read.get((key, revision))
        if found is None:
            raw = revision_of(self._ops, "journey", key, revision)
            if raw is None:
                raise ForetellError("REVISION_MISSING", f"revision {revision} is gone", thing=f"journey {key}")
            spec = JourneySpec.model_validate(raw["spec"])
            found = self._read[key, revision] = Published(key, revision, spec)
        return found
