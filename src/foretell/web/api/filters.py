"""Filters of lists whose values are few: one that nothing can have is told, with what there is."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from foretell import deliver, journey
from foretell.deliver import MEDIA, REASONS
from foretell.errors import UsageError
from foretell.web.site import Site

MOST_TOLD = 50
OPEN = ("channel", "template", "journey", "step", "reason")
"""Filters of messages whose values come from definitions and from what was decided before."""


def check_message_filters(site: Site, filters: Mapping[str, object]) -> None:
    """Refuse values of :data:`OPEN` that are neither defined nor in the ledger.

    Raises:
        UsageError: ``BAD_FILTER`` (400) with the allowed values.
    """
    for name in OPEN:
        value = filters.get(name)
        if value is None or value in (defined := _DEFINED[name](site)):
            continue
        allowed = sorted({*defined, *deliver.seen_in_ledger(site.workspace.engine, name)})
        if value not in allowed:
            raise UsageError(
                "BAD_FILTER",
                f"no message has the {name} {str(value)[:100]!r}",
                where=f"query.{name}",
                next_step=f"Allowed: {', '.join(allowed[:MOST_TOLD])}." if allowed else "There is none yet.",
            )


def _keys(*kinds: str) -> Callable[[Site], set[str]]:
    return lambda site: {document.key for kind in kinds for document in site.workspace.catalog.all(kind)}


def _steps(site: Site) -> set[str]:
    documents = site.workspace.catalog.all("journey")
    return {step.key for document in documents for step in journey.spec_of(document).steps}


_DEFINED: Mapping[str, Callable[[Site], set[str]]] = {
    "channel": lambda site: {*MEDIA, *_keys("channel")(site)},
    "template": _keys("template", "audience"),
    "journey": _keys("journey"),
    "step": _steps,
    "reason": lambda _: set(REASONS),
}
