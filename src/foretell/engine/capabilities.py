"""What stores can do, declared by name, and asked before work begins.

Each store declares what it offers. Whoever begins work that needs something asks first, so that nothing is half done
when it is refused. What a query says is another matter: Spark refuses by name what it would answer otherwise
(:mod:`foretell.engine.spark.dialect`).
"""

from __future__ import annotations

from typing import Literal, Protocol, get_args

from foretell.errors import ForetellError

Capability = Literal["copies_to_file", "rebuilds", "shares", "spreads"]
"""What not every store offers: a copy as one file; being derived again beside the live ones; several processes at
once; work where its rows lie."""
CAPABILITIES: frozenset[Capability] = frozenset(get_args(Capability))
_REFUSED: dict[Capability, tuple[str, str]] = {
    "copies_to_file": ("is not copied into a file", "Use `foretell backup`."),
    "rebuilds": (
        "is not derived again",
        "Move it with `foretell engine move --to duckdb`, rebuild it there, and move it back.",
    ),
    "shares": ("is for one process at a time", "Keep the operational store on PostgreSQL to have several."),
    "spreads": ("works on one machine", "Set `engine.kind: spark` to have work done where the rows lie."),
}


class Declaring(Protocol):
    """A store, as far as it says what it offers."""

    @property
    def kind(self) -> str:
        """The name of the store, as settings write it."""
        ...

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What it offers."""
        ...


def require_capability(store: Declaring, wanted: Capability, where: str = "") -> None:
    """Go on only where ``store`` offers what is wanted.

    Raises:
        ForetellError: ``NOT_ON_POSTGRESQL``, ``NOT_ON_SPARK`` and the like.
    """
    if wanted not in store.capabilities:
        what, next_step = _REFUSED[wanted]
        raise ForetellError(
            f"NOT_ON_{store.kind.upper()}", f"a store on {store.kind} {what}", where=where, next_step=next_step
        )
