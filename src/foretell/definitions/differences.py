"""What changed between two revisions of a document, field by field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from foretell.definitions.documents import canonical
from foretell.definitions.positions import Plain

ABSENT = "—"
_MEANING = ("kind", "key", "spec")


@dataclass(frozen=True)
class FieldChange:
    """One field that is different; a side that has no such field holds None and ``absent`` names it.

    Args:
        path: as in ``spec.condition.all[0].within``.
        absent: ``before`` for an added field, ``after`` for one taken out, else empty.
    """

    path: str
    before: Plain
    after: Plain
    absent: str = ""

    def __str__(self) -> str:
        before = ABSENT if self.absent == "before" else canonical(self.before)
        after = ABSENT if self.absent == "after" else canonical(self.after)
        return f"{self.path}: {before} → {after}"


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[FieldChange]:
    """The changed fields between two raw documents, without ``ui``; empty where they mean the same."""
    old, new = ({part: raw[part] for part in _MEANING if part in raw} for raw in (before, after))
    return list(_between(old, new, ""))


def _between(before: Plain, after: Plain, path: str) -> Iterator[FieldChange]:
    if canonical(before) == canonical(after):
        return
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in [*before, *(key for key in after if key not in before)]:
            inner = f"{path}.{key}" if path else str(key)
            if key not in after:
                yield FieldChange(inner, before[key], None, "after")
            elif key not in before:
                yield FieldChange(inner, None, after[key], "before")
            else:
                yield from _between(before[key], after[key], inner)
    elif isinstance(before, list) and isinstance(after, list):
        yield from _between_lists(before, after, path)
    else:
        yield FieldChange(path, before, after)


def _between_lists(before: Sequence[Any], after: Sequence[Any], path: str) -> Iterator[FieldChange]:
    """Items are matched by their content, so that an item put in front changes one item, not all."""
    old, new = ([canonical(item) for item in side] for side in (before, after))
    for action, a, a_end, b, b_end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if action == "equal":
            continue
        paired = min(a_end - a, b_end - b)
        for offset in range(paired):
            yield from _between(before[a + offset], after[b + offset], f"{path}[{b + offset}]")
        for index in range(a + paired, a_end):
            yield FieldChange(f"{path}[{index}]", before[index], None, "after")
        for index in range(b + paired, b_end):
            yield FieldChange(f"{path}[{index}]", None, after[index], "before")
