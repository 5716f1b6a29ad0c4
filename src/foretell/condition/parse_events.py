"""Reads the heads that speak of events: ``did did_not last first ratio``, and what qualifies them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any, cast

from foretell.clock import Duration
from foretell.condition import checks, literals, qualifiers
from foretell.condition.faults import Faults
from foretell.condition.nodes import (
    Aggregate,
    Change,
    Check,
    Did,
    Figure,
    Function,
    Path,
    Pick,
    Property,
    Ratio,
    Selection,
    Test,
    Top,
    Variable,
)
from foretell.condition.values import holds_at
from foretell.definitions import described

Raw = Mapping[str, Any]
DID_KEYS = (
    *qualifiers.SELECTION, "times", *qualifiers.FUNCTIONS, *checks.NUMBER_TESTS, "in_any", "per", "as", "change", "top",
    "without", "same",
)  # fmt: skip
PICK_KEYS = (*qualifiers.SELECTION, "ago", "is")
RATIO_KEYS = (*checks.NUMBER_TESTS, "within", "change")

_NAME = re.compile(r"[a-z][a-z0-9_]*\Z")
_VARIABLE = re.compile(r"\$[A-Za-z][A-Za-z0-9_]*\Z")
_SUMMED = ("sum", "distinct")
_RISING = ("gt", "gte")


def did(raw: Raw, head: str, path: Path, faults: Faults) -> Did:
    """``{did: Order Completed, times: {gte: 2}, within: 30d}`` and its complement ``did_not``."""
    compared = [key for key in ("change", "top") if key in raw]
    figure, rest = _figure(raw, compared, path, faults)
    times, aggregates = qualifiers.counts(rest, path, faults)
    chosen = qualifiers.selection(raw, head, path, faults)
    part = Did(
        replace(chosen, where=_variables(chosen.where)),
        None if compared and "times" not in raw else times,
        aggregates,
        head == "did_not",
        path,
        in_any=_in_any(raw, times, aggregates, path, faults),
        per=raw["per"] if "per" in raw and qualifiers.named(raw["per"], (*path, "per"), faults) else None,
        bind=_bind(raw, head, path, faults),
        change=_change(raw, figure, path, faults),
        top=_top(raw, figure, path, faults),
        without=_without(raw, path, faults),
        same=same(raw, path, faults),
    )
    _fitting(raw, path, faults)
    return part


def pick(raw: Raw, head: str, path: Path, faults: Faults) -> Pick:
    """``{last: Order Completed, ago: {gt: 60d}}``, or ``first``."""
    chosen = qualifiers.selection(raw, head, path, faults)
    ago = checks.ago_test(raw["ago"], (*path, "ago"), faults) if "ago" in raw else ()
    tests = qualifiers.properties(raw["is"], (*path, "is"), faults) if "is" in raw else ()
    if "ago" not in raw and "is" not in raw:
        faults.add(
            (*path, head),
            "MISSING_TEST",
            f"{head!r} is held against nothing",
            "Add ago: {gt: 60d} or is: {property: value}, or say did.",
        )
    return Pick("last" if head == "last" else "first", chosen, ago, tests, path)


def ratio(raw: Raw, head: str, path: Path, faults: Faults) -> Ratio | None:
    """``{ratio: [{did: Email Opened}, {did: Email Delivered}], within: 30d, gte: 20%}``."""
    parts = raw[head]
    if not isinstance(parts, list | tuple) or len(parts) != 2:
        step = "Write ratio: [{did: Email Opened}, {did: Email Delivered}]."
        faults.add((*path, head), "BAD_CONDITION", f"{head!r} needs two parts, not {described(parts)}", step)
        return None
    over, under = (_counted(part, (*path, head, place), faults) for place, part in enumerate(parts))
    tests = {key: raw[key] for key in raw if key in checks.NUMBER_TESTS}
    if not tests and "change" not in raw:
        step = "Add a test, e.g. lt: 20%, or change: {lte: -30%}."
        faults.add((*path, head), "MISSING_TEST", "the ratio is held against nothing", step)
    within = literals.duration(raw["within"], (*path, "within"), faults) if "within" in raw else None
    test = checks.ratio_test(tests, path, faults) if tests else ()
    change = _change(raw, Figure(), path, faults)
    if over is None or under is None:
        return None
    for place, part in enumerate((over, under)):
        if change is not None and part.since is not None:
            _no_since((*path, head, place), faults)
    return Ratio(over, under, within, test, change, path)


def _counted(raw: object, path: Path, faults: Faults) -> Selection | None:
    """A part of a ratio: what is counted."""
    if not isinstance(raw, Mapping) or "did" not in raw:
        faults.add(path, "BAD_CONDITION", f"{described(raw)} counts no events", "Write {did: Email Opened}.")
        return None
    if "within" in raw:
        step = "Write it beside ratio."
        faults.add((*path, "within"), "UNKNOWN_KEY", "the window of a ratio is one for both of its parts", step)
    faults.unknown_keys(raw, path, ("did", *qualifiers.SELECTION), "a part of a ratio")
    return replace(qualifiers.selection(raw, "did", path, faults), within=None)


def same(raw: Raw, path: Path, faults: Faults) -> tuple[str, ...]:
    """The names of properties that are equal: one, or a list."""
    if "same" not in raw:
        return ()
    names = raw["same"] if isinstance(raw["same"], list | tuple) else [raw["same"]]
    place = (*path, "same")
    if not names:
        faults.add(place, "BAD_VALUE", "'same' names no property", "Write same: product_id.")
    return tuple(dict.fromkeys(name for name in names if qualifiers.named(name, place, faults)))


def _figure(raw: Raw, compared: list[str], path: Path, faults: Faults) -> tuple[Figure, Raw]:
    """What ``change`` and ``top`` compare: the aggregate that stands beside them without a test, else the count."""
    bare = [key for key in raw if key in qualifiers.FUNCTIONS and not isinstance(raw[key], Mapping)]
    if not compared or not bare:
        return Figure(), raw
    for key in bare[1:]:
        step = f"Keep one of the two beside {compared[0]}."
        faults.add((*path, key), "BAD_VALUE", f"{compared[0]!r} compares one number; {key!r} is a second", step)
    rest = {key: raw[key] for key in raw if key not in bare}
    name = raw[bare[0]]
    if not qualifiers.named(name, (*path, bare[0]), faults):
        return Figure(), rest
    return Figure(cast(Function, bare[0]), name), rest


def _in_any(
    raw: Raw, times: Test | None, aggregates: Iterable[Aggregate], path: Path, faults: Faults
) -> Duration | None:
    if "in_any" not in raw:
        return None
    place = (*path, "in_any")
    found = _exact(raw["in_any"], place, faults)
    step = "Use gt or gte of times, sum and distinct, or write within for the window that ends now."
    for name, test in [("times", times or ()), *((one.function, one.test) for one in aggregates)]:
        if name not in ("times", *_SUMMED):
            said = f"{name!r} cannot be asked of any window: a longer window does not only add to it"
            faults.add((*path, name), "NOT_IN_ANY", said, step)
        elif any(check.negated or check.name not in _RISING for check in test):
            said = f"of any window only a lower bound of {name!r} can be asked: some window is always empty"
            faults.add((*path, name) if name in raw else place, "NOT_IN_ANY", said, step)
        elif test and holds_at(test, Decimal(0)):
            said = f"this test of {name!r} holds in every empty window, so for everybody"
            faults.add((*path, name) if name in raw else place, "NOT_IN_ANY", said, "Ask for more than nothing.")
    return found


def _exact(raw: object, path: Path, faults: Faults) -> Duration | None:
    """A length of time that is the same wherever it begins."""
    found = literals.duration(raw, path, faults)
    if found is None or found.exact is not None:
        return found
    said = f"a window that may be anywhere cannot be {found} long: calendar steps differ in length"
    faults.add(path, "BAD_DURATION", said, f"Write {round(found.days)}d.")
    return None


def _bind(raw: Raw, head: str, path: Path, faults: Faults) -> str | None:
    if "as" not in raw:
        return None
    place, name = (*path, "as"), raw["as"]
    if head == "did_not":
        said = "'as' names the value that was found, and did_not finds none"
        faults.add(place, "BAD_VARIABLE", said, "Put it beside did.")
    elif "per" not in raw:
        faults.add(place, "BAD_VARIABLE", "'as' names the value of 'per', which is missing", "Add per: category.")
    elif not isinstance(name, str) or not _NAME.match(name):
        said = f"{described(name)} is no name for a value"
        faults.add(place, "BAD_VARIABLE", said, "Write a small letter or a word, e.g. as: c; it is then called $c.")
    else:
        return name
    return None


def _change(raw: Raw, figure: Figure, path: Path, faults: Faults) -> Change | None:
    if "change" not in raw:
        return None
    place, told = (*path, "change"), raw["change"]
    if not isinstance(told, Mapping) or not set(told) & set(checks.NUMBER_TESTS):
        said = f"'change' needs a comparison, not {described(told)}"
        faults.add(place, "BAD_VALUE", said, "Write change: {lte: -50%}.")
        return None
    if "within" not in raw:
        said = "'change' compares a window with the one before, and there is no window"
        faults.add(place, "MISSING_KEY", said, "Add within: 30d.")
    if "since" in raw:
        _no_since(path, faults)
    faults.unknown_keys(told, place, (*checks.NUMBER_TESTS, "base"), "change")
    test = checks.ratio_test({key: told[key] for key in told if key in checks.NUMBER_TESTS}, place, faults)
    base = checks.count_test(told["base"], (*place, "base"), faults) if "base" in told else ()
    return Change(test, base, figure)


def _no_since(path: Path, faults: Faults) -> None:
    said = "'change' compares two windows of one length, and 'since' would cut the one before"
    faults.add((*path, "since"), "UNKNOWN_KEY", said, "Leave since out.")


def _top(raw: Raw, figure: Figure, path: Path, faults: Faults) -> Top | None:
    if "top" not in raw:
        return None
    place, told = (*path, "top"), raw["top"]
    if faults.journey:
        said = "'top' ranks everybody, and a run counts only what came after it began"
        faults.add(place, "NOT_IN_JOURNEYS", said, "Put it into a segment and say {segment: …}.")
    if isinstance(told, str):
        share = literals.share(told, place, faults)
        if share is None or 0 < share <= 1:
            return None if share is None else Top(None, share, figure)
    elif isinstance(told, int) and not isinstance(told, bool) and told > 0:
        return Top(told, None, figure)
    said = f"{described(told)} is neither a share nor a number of people"
    faults.add(place, "BAD_NUMBER", said, "Write top: 10% or top: 100.")
    return None


def _without(raw: Raw, path: Path, faults: Faults) -> Selection | None:
    if "without" not in raw:
        return None
    place, told = (*path, "without"), raw["without"]
    if not isinstance(told, Mapping) or "did" not in told:
        return Selection(checks.name_test(told, place, faults))
    faults.unknown_keys(told, place, ("did", *(key for key in qualifiers.SELECTION if key not in _PAST)), "without")
    return qualifiers.selection({key: told[key] for key in told if key not in _PAST}, "did", place, faults)


_PAST = ("within", "since")


def _fitting(raw: Raw, path: Path, faults: Faults) -> None:
    """Qualifiers that do not go together."""
    if "same" in raw and "without" not in raw:
        said = "'same' says in what the event of 'without' is equal, which is missing"
        faults.add((*path, "same"), "UNKNOWN_KEY", said, "Add without: Ticket Solved.")
    for one, other, why in _APART:
        if one in raw and other in raw:
            faults.add((*path, other), "NOT_TOGETHER", f"{other!r} cannot stand beside {one!r}: {why}", _SPLIT)


_SPLIT = "Write two conditions and join them with all: [...]."
_APART = (
    ("in_any", "change", "it compares the window that ends now with the one before"),
    ("in_any", "top", "it ranks by one number a person"),
    ("per", "top", "it ranks by one number a person"),
)


def _variables(where: Iterable[Property]) -> tuple[Property, ...]:
    """``$c`` as the value of ``is`` and ``is_not`` is a value that was bound."""
    return tuple(replace(one, test=tuple(_variable(check) for check in one.test)) for one in where)


def _variable(check: Check) -> Check:
    text = check.operands[0] if check.name == "is" else None
    if isinstance(text, str) and _VARIABLE.match(text):
        return replace(check, operands=(Variable(text[1:]),))
    return check
