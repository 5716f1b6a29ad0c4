"""The profile stage: traits as of now, first and last seen, and the history of traits."""

from __future__ import annotations

import pyarrow as pa

from foretell.engine import Batch, Stage, Tx
from foretell.profile.by_node import forget_nodes, take_seen, take_traits
from foretell.profile.cards import drop_cards, touch_cards
from foretell.profile.consents import USUAL, Purposes, erase_consents, take_consents
from foretell.profile.own_traits import take_own_traits
from foretell.profile.privacy.births import forget_births, take_births


class ProfileStage(Stage):
    """Keeps a row a node, and one for each trait that a source told it; every value ever told goes to ``trait_values``.

    Args:
        purposes: what the words of consent in later batches are held against; it may be set anew.
    """

    room = "profile"

    def __init__(self, purposes: Purposes = USUAL) -> None:
        self.purposes = purposes

    def apply(self, tx: Tx, batch: Batch) -> None:
        take_seen(tx, batch)
        take_traits(tx, batch)
        take_births(tx, batch)

    def rekey(self, tx: Tx, merges: pa.Table) -> None:
        """All rows stay with their node; the cards of both are another one's now."""
        tx.put("profile_merges", merges, key="loser_key")
        drop_cards(tx, "SELECT loser_key FROM profile_merges")
        touch_cards(tx, merges["winner_key"])

    def unmerge(self, tx: Tx, splits: pa.Table) -> None:
        """All rows stay with their node; both cards are made anew."""
        touch_cards(tx, pa.chunked_array([*splits["profile_key"].chunks, *splits["from_key"].chunks], pa.int64()))

    def react(self, tx: Tx, batch: Batch) -> None:
        """Keep the consent that events tell, wherever they come from, and the traits that own events set."""
        take_consents(tx, batch, self.purposes)
        take_own_traits(tx, batch)
        touch_cards(tx, batch.events["profile_key"])

    def erase(self, tx: Tx, profiles: pa.Table) -> None:
        """Forget people."""
        tx.put("erased_profiles", profiles.select(["profile_key"]), key="profile_key")
        forget_nodes(tx, _NODES)
        drop_cards(tx, "SELECT profile_key FROM erased_profiles")
        erase_consents(tx, _NODES)
        forget_births(tx, _NODES)


_NODES = (
    "SELECT profile_key FROM erased_profiles UNION SELECT node_key FROM merged "
    "WHERE profile_key IN (SELECT profile_key FROM erased_profiles)"
)
