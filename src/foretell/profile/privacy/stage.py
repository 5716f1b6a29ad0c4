"""What privacy does with every batch: whoever is suppressed does not come back."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa

from foretell.engine import Batch, Stage, Tx
from foretell.profile.privacy.restrictions import forget_restrictions
from foretell.profile.privacy.suppression import hold_back, is_empty


class SuppressionStage(Stage):
    """Runs before ``identify``: events of suppressed identifiers are left out of the batch, and counted.

    Args:
        key: gives the workspace's key for identifiers; asked for only where somebody is suppressed.
    """

    room = "profile"

    def __init__(self, key: Callable[[], bytes]) -> None:
        self._key = key

    def apply(self, tx: Tx, batch: Batch) -> None:
        if not is_empty(tx):
            hold_back(tx, batch, self._key())


class PrivacyStage(Stage):
    """What was decided about people: kept by node, so that a merge moves nothing."""

    room = "privacy"

    def rekey(self, tx: Tx, merges: pa.Table) -> None:
        """Restrictions are read through the map of merges."""

    def erase(self, tx: Tx, profiles: pa.Table) -> None:
        """Forget restrictions; requests keep no more than keyed hashes of who they were about."""
        tx.put("privacy_erased", profiles.select(["profile_key"]), key="profile_key")
        nodes = _NODES.format(people="privacy_erased")
        forget_restrictions(tx, nodes)
        tx.execute(f"UPDATE privacy_requests SET subject = '', note = '', node_key = NULL WHERE node_key IN ({nodes})")
        tx.execute(
            "UPDATE privacy_history SET told = '' WHERE request IN (SELECT request FROM privacy_requests "
            "WHERE node_key IS NULL AND subject = '')"
        )


_NODES = (
    "SELECT profile_key FROM {people} UNION SELECT m.node_key FROM merged m "
    "JOIN {people} p ON p.profile_key = m.profile_key"
)
