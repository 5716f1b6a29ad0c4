"""Identity rules: which identifiers there are, how strong they are, and what they may join."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from string import whitespace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from foretell.engine import KEY_BYTES

ANONYMOUS = "anonymous_id"
OTHER = "other"
"""Stands for every type that is not named (external ids)."""
USUAL: Mapping[str, int] = {"user_id": 1, "email": 5, "phone": 5, OTHER: 5, ANONYMOUS: 50}
"""Usual types, the strongest first, and how many values of each one person may have."""
SHARED = "shared_"
"""Begins the type under which an identifier goes on that turned out to be shared."""

BLOCKED = frozenset(
    {
        "", "0", "-1", "1", "null", "none", "nil", "nan", "undefined", "unknown", "anonymous", "guest", "n/a", "na",
        "test", "user", "visitor", "id", "default", "true", "false", "void", "[object object]",
        "00000000-0000-0000-0000-000000000000", "unknown@unknown.com", "test@test.com", "noreply@example.com",
    }
)  # fmt: skip
"""Values that many people share by mistake; compared in lower case, white space trimmed."""


@dataclass(frozen=True)
class IdentifierType:
    """What one type of identifier may do.

    Args:
        limit: most values that one profile may have; an event that would exceed it does not join the profiles.
        merges: False where it never joins two profiles that both hold something stronger.
        shared_after: a value seen with more values of the strongest type than this is shared: it joins nobody any
            more, and events that name nothing else belong to a profile of its own.
    """

    name: str
    limit: int
    merges: bool = True
    shared_after: int | None = None


_USUAL_TYPES = tuple(IdentifierType(name, limit) for name, limit in USUAL.items())


@dataclass(frozen=True)
class IdentityRules:
    """How identifiers make a person.

    Args:
        types: all types, the strongest first; one is :data:`OTHER`.
        blocked: values that identify nobody.
        patterns: regular expressions (RE2); a value in which one is found, in any case, identifies nobody.
    """

    types: tuple[IdentifierType, ...] = _USUAL_TYPES
    blocked: frozenset[str] = BLOCKED
    patterns: tuple[str, ...] = field(default=())

    @classmethod
    def of(
        cls,
        types: Sequence[IdentifierType] = (),
        *,
        values: Iterable[str] = (),
        patterns: Sequence[str] = (),
        keep_defaults: bool = True,
    ) -> IdentityRules:
        """Rules from what somebody decided; usual types that are not among ``types`` keep their place and limit."""
        usual = {one.name: one for one in _USUAL_TYPES}
        named = {one.name: one for one in types}
        order, before = list(named), 0
        for name in usual:
            if name not in named:
                order.insert(len(order) if name == ANONYMOUS else before, name)
            before = order.index(name) + 1
        blocked = {plain(value) for value in values} | (BLOCKED if keep_defaults else {""})
        return cls(tuple(named.get(name) or usual[name] for name in order), frozenset(blocked), tuple(patterns))

    @cached_property
    def _by_name(self) -> dict[str, tuple[int, IdentifierType]]:
        return {one.name: (rank, one) for rank, one in enumerate(self.types)}

    def type_of(self, kind: str) -> IdentifierType:
        """The type of a kind."""
        return (self._by_name.get(kind) or self._by_name[OTHER])[1]

    def rank(self, kind: str) -> int:
        """How strong a kind is; the lower, the stronger."""
        return (self._by_name.get(kind) or self._by_name[OTHER])[0]

    def limit(self, kind: str) -> int:
        """The most values of ``kind`` in one profile."""
        return self.type_of(kind).limit

    @cached_property
    def strongest(self) -> str:
        """The strongest type."""
        return self.types[0].name

    @cached_property
    def has_names_only(self) -> bool:
        """Whether some type may name a person without joining two."""
        return any(not one.merges for one in self.types)

    @cached_property
    def has_shared(self) -> bool:
        """Whether some type may turn out to be shared."""
        return any(one.shared_after for one in self.types)

    def bars(self, values: pa.ChunkedArray) -> npt.NDArray[np.bool_]:
        """Which values identify nobody: blocked, found by a pattern, or longer than ``KEY_BYTES`` in UTF-8."""
        small = pc.utf8_lower(pc.utf8_trim(values, characters=whitespace))
        bad = pc.or_(pc.is_in(small, self._barred), pc.greater(pc.binary_length(values), KEY_BYTES))
        if self.patterns:
            together = "|".join(f"(?:{pattern})" for pattern in self.patterns)
            bad = pc.or_(bad, pc.match_substring_regex(small, together, ignore_case=True))
        found: npt.NDArray[np.bool_] = np.asarray(bad.to_numpy(zero_copy_only=False), dtype=bool)
        return found

    @cached_property
    def _barred(self) -> pa.Array:
        return pa.array(sorted({plain(value) for value in self.blocked}), pa.string())


def plain(value: str) -> str:
    """A value as blocked ones are compared: without outer white space, in lower case."""
    return value.strip(whitespace).lower()


def fault_of_pattern(pattern: str, ordinary: pa.Array) -> str | None:
    """What is wrong with a pattern; None where nothing is.

    Args:
        ordinary: values of all sorts; a pattern that finds each of them blocks whatever comes.
    """
    try:
        found = pc.match_substring_regex(ordinary, pattern, ignore_case=True)
    except pa.ArrowInvalid as error:
        return f"{pattern!r} is no regular expression: {str(error).partition(': ')[2]}"
    if pc.all(found).as_py():
        return f"{pattern!r} is found in every value, so that nobody would be identified"
    return None
