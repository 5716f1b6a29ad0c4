"""The sandbox: everything is decided and recorded as ever, and only listed addresses get anything."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from foretell.definitions import Catalog
from foretell.deliver import channel_document
from foretell.engine import with_column


def marked(candidates: pa.Table, catalog: Catalog) -> pa.Table:
    """``candidates`` (channel, address) with ``sandboxed``: whether a sandbox keeps each back; null without one."""
    marks = pa.nulls(candidates.num_rows, pa.bool_())
    for channel in pc.unique(candidates["channel"]).to_pylist():
        listed = listed_for(catalog, channel)
        if listed is None:
            continue
        here = pc.equal(candidates["channel"], channel).combine_chunks()
        address = pc.utf8_lower(candidates["address"].combine_chunks())
        domain = pc.replace_substring_regex(address, "^.*@", "@")
        among = pa.array(sorted(listed), pa.string())
        kept = pc.invert(pc.or_(pc.is_in(address, among), pc.is_in(domain, among)))
        marks = pc.if_else(here, kept, marks)
    return with_column(candidates, "sandboxed", marks)


def keeps_back(catalog: Catalog, channel: str, address: str) -> bool:
    """Whether a sandbox lets nothing out to ``address``."""
    listed = listed_for(catalog, channel)
    small = address.strip().lower()
    return listed is not None and not {small, "@" + small.rpartition("@")[2]} & listed


def listed_for(catalog: Catalog, channel: str) -> frozenset[str] | None:
    """The addresses that get messages over ``channel``; None where it is in no sandbox.

    A channel's own sandbox stands before that of all.
    """
    document = catalog.documents.get(("channel", channel))
    own = channel_document.spec_of(document).sandbox if document is not None else None
    section = own or catalog.settings.sending.sandbox
    return None if section is None else frozenset(section.to)


def sandboxes_in_force(catalog: Catalog) -> Mapping[str, int]:
    """Channels in a sandbox with the number of addresses that get messages; ``*`` stands for all the others."""
    every = {"*": catalog.settings.sending.sandbox}
    own = {document.key: channel_document.spec_of(document).sandbox for document in catalog.all("channel")}
    return {channel: len(one.to) for channel, one in {**every, **own}.items() if one is not None}
