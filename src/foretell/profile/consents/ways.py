"""The ways out of the house: whatever sends, hands over or learns from people registers here and asks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa

from foretell.profile.consents.allowing import Allowed, allowed, only_allowed
from foretell.profile.consents.purposes import Purposes
from foretell.profile.consents.words import Asks


@dataclass(frozen=True)
class WayOut:
    """A way on which something of people leaves, or on which they are judged.

    Args:
        name: ``ROOM.WHAT``.
        purpose: what it asks for; empty where each message brings its own.
        about: what goes out, in words.
    """

    name: str
    purpose: str
    about: str

    def ask(
        self,
        store: Asks,
        people: pa.Array | pa.ChunkedArray,
        at: datetime,
        purposes: Purposes,
        purpose: str | None = None,
    ) -> pa.Table:
        """See :func:`~foretell.profile.allowed`; ``purpose`` is for ways without one of their own."""
        return allowed(store, people, self._named(purpose), at, purposes)

    def only(
        self,
        store: Asks,
        people: pa.Array | pa.ChunkedArray,
        at: datetime,
        purposes: Purposes,
        purpose: str | None = None,
    ) -> Allowed:
        """Those who are allowed, and how many are not, by reason."""
        return only_allowed(store, people, self._named(purpose), at, purposes)

    def _named(self, purpose: str | None) -> str:
        named = self.purpose or purpose
        assert named is not None, f"the way out {self.name} asks for no purpose"
        return named


WAYS_OUT: dict[str, WayOut] = {}
"""Every way out by its name; a contract test walks them all."""


def way_out(name: str, purpose: str, about: str) -> WayOut:
    """Register a way out, once, where the code stands that takes it."""
    made = WayOut(name, purpose, about)
    assert WAYS_OUT.setdefault(name, made) == made, f"two ways out are called {name}"
    return made
