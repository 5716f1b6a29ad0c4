"""A contractual business of which everything is told at one instant: who is who, on which contract, and who leaves.

Made by hash of the person's number, with a hazard that is known: leaving gets rarer with the time that somebody has
been a customer, and some leave for reasons that are not straight (a monthly contract and a high price together).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from foretell.ids import unit_intervals
from foretell.stats import expit

CONTRACTS = ("monthly", "one year", "two years")
PAYMENTS = ("card", "cheque", "transfer")


@dataclass(frozen=True)
class Contracts:
    """People and whether they leave.

    Args:
        chance: the true probability of leaving, shape (n,).
        leaves: 1.0 who does.
    """

    tenure: np.ndarray
    charge: np.ndarray
    contract: np.ndarray
    payment: np.ndarray
    chance: np.ndarray
    leaves: np.ndarray

    def __len__(self) -> int:
        return int(self.leaves.size)

    def columns(self) -> dict[str, np.ndarray]:
        """As features: numbers as they are, kinds as 0 and 1."""
        found = {"tenure": self.tenure, "charge": self.charge}
        found |= {f"contract={name}": self.contract == place for place, name in enumerate(CONTRACTS)}
        found |= {f"payment={name}": self.payment == place for place, name in enumerate(PAYMENTS)}
        return {name: np.asarray(values, dtype=np.float32) for name, values in found.items()}

    def traits(self) -> Iterator[dict[str, object]]:
        """As traits, a person after the other."""
        for tenure, charge, contract, payment in zip(
            self.tenure.tolist(), self.charge.tolist(), self.contract.tolist(), self.payment.tolist(), strict=True
        ):
            yield {
                "tenure": tenure,
                "charge": round(charge, 2),
                "contract": CONTRACTS[contract],
                "payment": PAYMENTS[payment],
            }


def contracts(count: int, seed: int) -> Contracts:
    """``count`` people; equal arguments give equal people."""

    def drawn(what: str) -> np.ndarray:
        return unit_intervals(f"contractual {seed} {what}", np.arange(count, dtype=np.uint64))

    tenure = np.floor(-24 * np.log1p(-drawn("tenure") * (1 - np.exp(-3)))).astype(np.int64)
    charge = 20 + 95 * drawn("charge") ** 0.8
    contract = np.searchsorted([0.55, 0.8], drawn("contract"))
    payment = np.searchsorted([0.4, 0.7], drawn("payment"))
    straight = 0.3 - 0.9 * np.log1p(tenure) / 2 - 1.3 * contract + 0.5 * (payment == 1) + 0.012 * (charge - 60)
    bent = 0.9 * ((charge > 85) & (contract == 0)) - 0.7 * ((tenure > 40) & (charge < 50))
    chance = expit(straight + bent)
    return Contracts(tenure, charge, contract, payment, chance, (drawn("leaves") < chance).astype(float))
