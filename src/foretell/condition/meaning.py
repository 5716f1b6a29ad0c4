"""What a condition names, and whether the definitions know it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from foretell.clock import Duration
from foretell.condition.event_parts import event_parts
from foretell.condition.faults import At, Faults, nowhere
from foretell.condition.naming import lists_named
from foretell.condition.nodes import (
    Account,
    All,
    AnyOf,
    Condition,
    Consent,
    Leaf,
    Measure,
    Message,
    Not,
    Persona,
    Prediction,
    Segment,
    Table,
    Test,
    Trait,
)
from foretell.condition.parse import parse
from foretell.condition.scope import Of
from foretell.definitions import Catalog, Problem, suggestion
from foretell.errors import UsageError
from foretell.profile import Survivorship, name_of, purposes_of, survivorship_of


@dataclass(frozen=True)
class Named:
    """What a condition names.

    Args:
        properties: pairs (test of the event's name, property).
        consents: pairs (channel, purpose).
        steps: of a journey, whose messages are meant.
        tables: of the workspace's own.
        lists: reference lists.
    """

    segments: tuple[str, ...]
    predictions: tuple[str, ...]
    traits: tuple[str, ...]
    events: tuple[Test, ...]
    properties: tuple[tuple[Test, str], ...]
    consents: tuple[tuple[str, str], ...] = ()
    steps: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    personas: tuple[str, ...] = ()


def leaves(tree: Condition | Measure) -> Iterator[Leaf | Measure]:
    """The parts of a tree that are no ``all``, ``any`` or ``not``, in the order written."""
    if isinstance(tree, All | AnyOf):
        for part in tree.parts:
            yield from leaves(part)
    elif isinstance(tree, Not):
        yield from leaves(tree.part)
    else:
        yield tree


def references(tree: Condition | Measure) -> Named:
    """The segments, predictions, traits, events, consents and the like that ``tree`` names, each once."""
    own = list(leaves(tree))
    within = [leaf for one in own if isinstance(one, Account) for leaf in leaves(one.part)]
    found = [*own, *within]
    parts = [part for leaf in found for part in event_parts(leaf)]
    return Named(
        segments=_once(leaf.key for leaf in found if isinstance(leaf, Segment)),
        predictions=_once(leaf.document for leaf in found if isinstance(leaf, Prediction)),
        traits=_once(leaf.name for leaf in own if isinstance(leaf, Trait)),
        events=tuple(dict.fromkeys(part.event for part in parts)),
        properties=tuple(dict.fromkeys((part.event, name) for part in parts for name in part.names)),
        consents=tuple(dict.fromkeys((leaf.channel, leaf.purpose) for leaf in found if isinstance(leaf, Consent))),
        steps=_once(leaf.step for leaf in found if isinstance(leaf, Message)),
        tables=_once(leaf.key for leaf in found if isinstance(leaf, Table)),
        lists=_once(key for key, _ in lists_named(tree)),
        personas=_once(leaf.key for leaf in found if isinstance(leaf, Persona)),
    )


def horizon_problems(tree: Condition, catalog: Catalog, *, at: At | None = None, thing: str = "") -> list[Problem]:
    """Horizons that predictions of ``catalog`` do not have, or that must be named and are not, and unknown lists.

    Segments and predictions that do not exist are found by following a document's references.
    """
    faults = Faults(at or nowhere, thing)
    for leaf in leaves(tree):
        if not isinstance(leaf, Prediction) or ("prediction", leaf.document) not in catalog.documents:
            continue
        try:
            CatalogReferences(catalog).prediction(leaf.key, leaf.horizon)
        except UsageError as error:
            place = "prediction" if leaf.horizon is None else "horizon"
            faults.add((*leaf.path, place), error.code, error.what, error.next_step)
    for key, path in lists_named(tree):
        if key not in catalog.lists:
            step = suggestion(key, sorted(catalog.lists), what="lists")
            faults.add(path, "UNKNOWN_LIST", f"there is no list {key!r}: reference/{key}.csv", step)
    return faults.problems


class CatalogReferences:
    """Segments and predictions as the workspace's documents define them."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._segments: dict[str, tuple[Condition, Of]] = {}

    def segment(self, key: str) -> tuple[Condition, Of]:
        """Condition and universe of a segment; raises UNKNOWN_DEFINITION, BROKEN_DEFINITION."""
        if key not in self._segments:
            document = self._catalog.get("segment", key)
            spec: Any = document.spec
            tree = parse(
                spec.condition,
                at=lambda path: document.positions.at(("spec", "condition", *path)),
                thing=document.name,
            )
            self._segments[key] = (tree, spec.of)
        return self._segments[key]

    def prediction(self, key: str, horizon: str | None) -> tuple[str, Duration | None]:
        """The horizon meant, and how old its score may be (twice the schedule unless said otherwise).

        Args:
            key: of the document; ``KEY.VALUE`` for one value of a prediction with ``per``.
        """
        stem, dot, _ = key.partition(".")
        spec: Any = self._catalog.get("prediction", stem).spec
        if dot and getattr(spec, "per", None) is None:
            raise UsageError(
                "NO_SUCH_VALUE",
                f"prediction {stem!r} has one score a person, not one for each value of a property",
                thing=f"prediction {stem}",
                next_step=f"Write {{prediction: {stem}}}, or give its document per: PROPERTY.",
            )
        single = getattr(spec, "horizon", None)
        horizons = [str(single)] if single is not None else [str(one) for one in getattr(spec, "horizons", None) or ()]
        if horizon is None and len(horizons) != 1:
            raise UsageError(
                "HORIZON_MISSING",
                f"prediction {key!r} has several horizons and none is named",
                thing=f"prediction {key}",
                next_step=f"Add horizon: one of {', '.join(horizons)}.",
            )
        if horizon is not None and horizon not in horizons:
            raise UsageError(
                "UNKNOWN_HORIZON",
                f"prediction {key!r} has no horizon {horizon}",
                thing=f"prediction {key}",
                next_step=f"Its horizons are: {', '.join(horizons)}.",
            )
        return horizon or horizons[0], _max_age(spec)

    def consent(self, channel: str, purpose: str) -> Duration | None:
        """How long a grant holds by the consent document; None: for good."""
        return purposes_of(self._catalog).of(name_of(channel, purpose)).expires_after

    def survivorship(self) -> Survivorship:
        """What the identity document says of traits."""
        return survivorship_of(self._catalog)


def _max_age(spec: Any) -> Duration | None:
    age = getattr(spec, "max_age", None)
    if age is not None:
        return age if isinstance(age, Duration) else Duration.parse(str(age))
    schedule = getattr(spec, "schedule", None)
    if schedule is None:
        return None
    every = schedule if isinstance(schedule, Duration) else Duration.parse(str(schedule))
    return Duration(2 * every.count, every.unit)


def _once(names: Iterator[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
