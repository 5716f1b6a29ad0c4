"""Identity rules: which identifiers there are, how strong they are, and how many a person may have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

ANONYMOUS = "anonymous_id"

BLOCKED = frozenset(
    {
        "", "0", "-1", "1", "null", "none", "nil", "nan", "undefined", "unknown", "anonymous", "guest", "n/a", "na",
        "test", "user", "visitor", "id", "default", "true", "false", "void", "[object object]",
        "00000000-0000-0000-0000-000000000000", "unknown@unknown.com", "test@test.com", "noreply@example.com",
    }
)  # fmt: skip
"""Values that many people share by mistake; compared in lower case, white space trimmed."""


@dataclass(frozen=True)
class IdentityRules:
    """How identifiers make a person.

    Args:
        limits: most values of a kind that one profile may have; an event that would exceed a limit
            does not join the profiles (a shared device does not glue two users together).
        other_limit: the limit of kinds that are not listed (external ids).
        blocked: values that identify nobody.
    """

    limits: Mapping[str, int] = field(default_factory=lambda: {"user_id": 1, "email": 5, "phone": 5, ANONYMOUS: 50})
    other_limit: int = 5
    blocked: frozenset[str] = BLOCKED

    def limit(self, kind: str) -> int:
        """The most values of ``kind`` in one profile."""
        return self.limits.get(kind, self.other_limit)
