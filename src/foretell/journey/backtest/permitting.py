"""May this be done to these people? What the one door would have said at past instants."""

from __future__ import annotations

from datetime import UTC

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from foretell.clock import from_micros
from foretell.engine import Engine, integers
from foretell.journey.backtest.spans import Places, Truth
from foretell.profile import Purposes, name_of, restricted
from foretell.segment import Pairs, Past

Reasons = npt.NDArray[np.int64]
REASONS = (
    "granted", "not_needed", "no_consent", "withdrawn", "expired", "objected", "restricted", "suppressed", "minor",
)  # fmt: skip
"""As :func:`foretell.profile.allowed` gives them; the first two allow."""
_CODE = {reason: place for place, reason in enumerate(REASONS)}


class Permitting:
    """Answers as :func:`foretell.profile.allowed` does, for people at instants of their own.

    Words are those that had been said and were known. Restriction and suppression are as of the month of the instant,
    so that somebody counts as a minor to its end.
    """

    def __init__(self, engine: Engine, past: Past, purposes: Purposes) -> None:
        self._engine, self._past, self._purposes = engine, past, purposes

    def ask(self, pairs: Pairs, medium: str, purpose: str) -> tuple[Truth, pa.Array]:
        """Whether each may be written to over a medium for a purpose, and what was found that decides it."""
        name = name_of(medium, purpose)
        wanted = self._purposes.of(name)
        reason = self._alone(pairs, name)
        for other in self._purposes.required(wanted.name):
            open_ = _passes(reason)
            if open_.any():
                refused = self._alone(pairs.take(open_), other.name)
                stopped = ~_passes(refused)
                reason[np.flatnonzero(open_)[stopped]] = refused[stopped]
        return _passes(reason), pa.array(REASONS).take(pa.array(reason))

    def _alone(self, pairs: Pairs, name: str) -> Reasons:
        wanted = self._purposes.of(name)
        reason = np.full(len(pairs), _CODE["no_consent" if wanted.asks else "not_needed"], np.int64)
        if wanted.basis != "legal_obligation":
            for state, said in _WORDS:
                if state == "expired" and not wanted.asks:
                    continue
                held = self._past.consent(wanted.channel, wanted.purpose, state).pairs(pairs)
                reason[held] = _CODE["objected" if said == "withdrawn" and not wanted.asks else said]
        passed = ["restriction"] if wanted.basis == "legal_obligation" else []
        passed += ["minor"] if wanted.minors else []
        for months in _by_month(pairs):
            self._bar(pairs, months, frozenset(passed), reason)
        return reason

    def _bar(self, pairs: Pairs, which: Places, passed: frozenset[str], reason: Reasons) -> None:
        keys = self._past.crowd.keys[pairs.person[which]]
        first = from_micros(int(pairs.at[which].min())).astimezone(UTC).replace(day=1)
        age = self._purposes.age_of_consent
        found = restricted(self._engine.ops, pa.array(np.unique(keys)), first, age_of_consent=age)
        for kind, said in _BARS:
            if kind not in passed and found.num_rows:
                mine = found.filter(pa.array([one == kind for one in found["kind"].to_pylist()], pa.bool_()))
                reason[which[np.isin(keys, integers(mine["profile_key"]))]] = _CODE[said]


_WORDS = (("expired", "expired"), ("granted", "granted"), ("denied", "withdrawn"))
_BARS = (("minor", "minor"), ("restriction", "restricted"), ("suppression", "suppressed"))
"""What bars, the strongest last."""


def _passes(reason: Reasons) -> Truth:
    return reason < 2


def _by_month(pairs: Pairs) -> list[Places]:
    months = pairs.at.astype("datetime64[us]").astype("datetime64[M]")
    return [np.flatnonzero(months == month) for month in np.unique(months)]
