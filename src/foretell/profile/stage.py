"""The profile stage: traits as of now, first and last seen, and the history of traits."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from foretell.engine import Batch, Stage, Tx, beside, python_rows, scratch
from foretell.profile.consent import merge_consents, take_consents


class ProfileStage(Stage):
    """Keeps a row a person and one a trait; every value ever told goes to ``trait_values``."""

    room = "profile"

    def apply(self, tx: Tx, batch: Batch) -> None:
        seen = scratch(
            "SELECT profile_key, epoch_us(min(ts)) AS first_seen, epoch_us(max(ts)) AS last_seen, count(*) AS events "
            "FROM e WHERE profile_key > 0 GROUP BY profile_key ORDER BY profile_key",
            {"e": batch.events.select(["profile_key", "ts"])},
        )
        tx.executemany(
            f"INSERT INTO profiles VALUES (?, ?, ?, ?) {_SEEN_TOGETHER}",
            python_rows(seen),
        )
        if batch.decoded.traits.num_rows:
            self._take_traits(tx, batch)

    def rekey(self, tx: Tx, merges: pa.Table) -> None:
        """The winner takes over what the loser had; of a trait the later value stays."""
        tx.put("profile_merges", merges, key="loser_key")
        tx.execute(
            "INSERT INTO profiles SELECT m.winner_key, min(p.first_seen), max(p.last_seen), sum(p.events) "
            "FROM profile_merges m JOIN profiles p ON p.profile_key = m.loser_key WHERE 1 = 1 GROUP BY m.winner_key "
            + _SEEN_TOGETHER
        )
        tx.execute(
            "INSERT INTO profile_traits SELECT winner_key, trait, s, n, ts, seq FROM ("
            "SELECT m.winner_key, t.trait, t.s, t.n, t.ts, t.seq, row_number() OVER "
            "(PARTITION BY m.winner_key, t.trait ORDER BY t.ts DESC, t.seq DESC) AS place "
            "FROM profile_merges m JOIN profile_traits t ON t.profile_key = m.loser_key) latest WHERE place = 1 "
            + _LATER_STAYS
        )
        for table in ("profiles", "profile_traits"):
            tx.execute(f"DELETE FROM {table} WHERE profile_key IN (SELECT loser_key FROM profile_merges)")
        merge_consents(tx)

    def react(self, tx: Tx, batch: Batch) -> None:
        """Keep the consent that events tell, wherever they come from."""
        take_consents(tx, batch)

    def erase(self, tx: Tx, profiles: pa.Table) -> None:
        """Forget people."""
        tx.put("erased_profiles", profiles.select(["profile_key"]), key="profile_key")
        for table in ("profiles", "profile_traits", "consent_states", "consent_carried"):
            tx.execute(f"DELETE FROM {table} WHERE profile_key IN (SELECT profile_key FROM erased_profiles)")

    def _take_traits(self, tx: Tx, batch: Batch) -> None:
        columns = ["seq", "node_key", "profile_key", "ts", "known_at"]
        told = beside(batch.decoded.traits, batch.events, columns).drop_columns(["row"])
        told = told.filter(pc.greater(told["node_key"], 0))
        batch.emit("trait_values", told.drop_columns(["profile_key"]))
        latest = scratch(
            "SELECT profile_key, trait, s, n, epoch_us(ts) AS ts, seq FROM (SELECT *, row_number() OVER "
            "(PARTITION BY profile_key, trait ORDER BY ts DESC, seq DESC) AS place FROM told) "
            "WHERE place = 1 ORDER BY profile_key, trait",
            {"told": told},
        )
        tx.executemany(f"INSERT INTO profile_traits VALUES (?, ?, ?, ?, ?, ?) {_LATER_STAYS}", python_rows(latest))


_SEEN_TOGETHER = (
    "ON CONFLICT (profile_key) DO UPDATE SET "
    "first_seen = CASE WHEN excluded.first_seen < profiles.first_seen THEN excluded.first_seen "
    "ELSE profiles.first_seen END, "
    "last_seen = CASE WHEN excluded.last_seen > profiles.last_seen THEN excluded.last_seen "
    "ELSE profiles.last_seen END, "
    "events = profiles.events + excluded.events"
)
_LATER_STAYS = (
    "ON CONFLICT (profile_key, trait) DO UPDATE SET s = excluded.s, n = excluded.n, ts = excluded.ts, "
    "seq = excluded.seq WHERE (excluded.ts, excluded.seq) > (profile_traits.ts, profile_traits.seq)"
)
