"""What is sent again adds nothing, whenever it comes."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from foretell.engine.event_log import new_messages
from tests.support.small_events import open_small

IDS, AT_ONCE = 100_000, 5_000


def test_a_hundred_thousand_ids_sent_again(tmp_path: Path) -> None:
    ids = pc.binary_join_element_wise("node-next-1735689600000", pa.array(range(IDS)).cast(pa.string()), "-")
    entered = []
    with open_small(tmp_path) as engine:
        for first in (1, 1_000_000):  # the second time long after
            with engine.ops.write() as tx:
                for start in range(0, IDS, AT_ONCE):
                    fresh = new_messages(tx, pa.chunked_array([ids.slice(start, AT_ONCE)]), first + start)
                    entered.append(fresh.true_count)
        assert engine.ops.query("SELECT count(*) FROM seen_messages") == [(IDS,)]
    assert entered == [AT_ONCE] * (IDS // AT_ONCE) + [0] * (IDS // AT_ONCE)
