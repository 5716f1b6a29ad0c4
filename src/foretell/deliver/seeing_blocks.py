"""Who sees which block: each condition is asked once for all messages of an instant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa

from foretell.condition import Reader, parse
from foretell.definitions import Catalog
from foretell.deliver.instants import by_instant
from foretell.deliver.library import Library
from foretell.deliver.outbox import Queued
from foretell.deliver.text_fields import BlockSpec
from foretell.engine import Engine
from foretell.errors import ForetellError


def blocks_seen(
    engine: Engine, catalog: Catalog, library: Library, messages: Sequence[Queued]
) -> dict[str, Mapping[str, bool]]:
    """Message id → block → whether its person sees it; messages without blocks are left out."""
    named = {template: _blocks(library, template) for template in {one.template for one in messages}}
    asked = [message for message in messages if named[message.template]]
    if not asked:
        return {}
    reader = Reader(engine, catalog)
    seen: dict[str, dict[str, bool]] = {message.message_id: {} for message in asked}
    for at, part in by_instant(asked):
        for template in sorted({one.template for one in part}):
            mine = [one for one in part if one.template == template]
            people = pa.table({"profile_key": pa.array(sorted({one.profile_key for one in mine}), pa.int64())})
            for key, block in named[template].items():
                if block.when is None:
                    inside = set(people["profile_key"].to_pylist())
                else:
                    found = reader.members(parse(block.when), as_of=at, of="all", people=people)
                    inside = set(found["profile_key"].to_pylist())
                for one in mine:
                    seen[one.message_id][key] = one.profile_key in inside
    return dict(seen)


def _blocks(library: Library, template: str) -> dict[str, BlockSpec]:
    try:
        return {key: block for one in library.everywhere(template) for key, block in one.blocks.items()}
    except ForetellError:
        return {}
