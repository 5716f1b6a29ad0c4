"""Ids of runs and of their messages, so made that what happens together lies together.

The six letters before the dash are the same for the runs of a few thousand people who lie beside each other in every
table; those behind it are a hash of the run. A wave goes on by people in the order of their keys, so that each part of
it touches a few pages of whatever is kept by run or message, and not a page for each run. The letters are a hash as
well: nobody reads from a message how many people there are, but whoever hashes the numbers of all blocks learns the
thousands. Runs that began under an older release have no dash, and their messages none.
"""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from foretell.ids import stable_ids

_BLOCK = 12
"""Bits of a profile key that do not count: 4,096 people lie together."""
_PLACES, _HASHED = 6, 13
"""30 bits of the block, 65 of the run."""
_BEGIN, _END = len("r_"), len("r_") + _PLACES + 1
_NEW = f"^r_[a-z2-7]{{{_PLACES}}}-"


def new_runs(
    journey: str,
    profile_keys: pa.Array | pa.ChunkedArray,
    profile_ids: Sequence[str],
    entered: str | Sequence[str],
    marks: str | Sequence[str] = "",
) -> pa.Array:
    """An id for each person who enters ``journey`` at an instant; the same in whatever company it is made.

    Args:
        entered: the instant in microseconds, as text.
        marks: what tells runs of one person apart; empty where nothing does.
    """
    made = stable_ids("r", journey, profile_ids, entered, marks, length=_HASHED)
    hashed = pc.utf8_slice_codeunits(made, _BEGIN)
    blocks = pc.shift_right(profile_keys, _BLOCK)
    blocks = blocks.combine_chunks() if isinstance(blocks, pa.ChunkedArray) else blocks
    distinct = pc.unique(blocks)
    places = stable_ids("r", "block", [str(one) for one in distinct.to_pylist()], length=_PLACES)
    return pc.binary_join_element_wise(places.take(pc.index_in(blocks, distinct)), hashed, "-")


def beside(runs: pa.ChunkedArray, ids: pa.Array) -> pa.ChunkedArray | pa.Array:
    """``ids`` (of a prefix of one letter), each so that it lies where its run lies."""
    marked = pc.match_substring_regex(runs, _NEW)
    if not pc.any(marked, min_count=0).as_py():
        return ids
    short = pc.utf8_slice_codeunits(ids, _BEGIN, _BEGIN + _HASHED)
    head = pc.utf8_slice_codeunits(ids, 0, _BEGIN)
    near = pc.binary_join_element_wise(head, pc.utf8_slice_codeunits(runs, _BEGIN, _END), short, "")
    return pc.if_else(marked, near, ids)
