"""Members of a segment written to a file every so often."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import cast

import pyarrow as pa
import pyarrow.compute as pc

from foretell import segment
from foretell.clock import Duration
from foretell.condition import Reader
from foretell.definitions import Catalog, Document
from foretell.deliver.exports.document import USUAL_EVERY, spec_of
from foretell.deliver.exports.facts import rows_of
from foretell.deliver.exports.formats import FileFormat, file_of
from foretell.deliver.exports.standing import Standing, save
from foretell.deliver.exports.ways import barred
from foretell.engine import Engine, undisturbed

Keep = Callable[[Path, bytes], None]
"""Puts a file into its place, whole or not at all, and remembers it, so that an erasure finds it."""


def write(
    engine: Engine, catalog: Catalog, reader: Reader, document: Document, standing: Standing, keep: Keep, now: datetime
) -> Standing:
    """Write the file of an export where it is due; returns how the export stands then.

    Raises:
        ForetellError: the segment cannot be read, or the file cannot be written; nothing has changed then.
    """
    if not standing.due(now):
        return standing
    spec = spec_of(document)
    assert spec.to is not None
    path = catalog.root / spec.to
    with undisturbed(engine):  # nobody is erased between the look and the file
        people = _members(catalog, reader, spec.segment, now)
        out = barred(engine, catalog, people, spec.purpose, now)
        kept = people.filter(pc.invert(pc.is_in(people, pa.array(list(out), pa.int64()))))
        rows = rows_of(engine, catalog, kept, spec.fields)
        keep(path, file_of(rows, cast(FileFormat, path.suffix[1:])))
    following = Duration.parse(spec.every or USUAL_EVERY).after(now, catalog.settings.zone_info)
    left_out = dict(sorted(Counter(out.values()).items()))
    done = replace(
        standing, done_at=now, next_at=following, failures=0, error="", told=rows.num_rows, left_out=left_out
    )
    with engine.ops.write() as tx:
        save(tx, done)
    return done


def _members(catalog: Catalog, reader: Reader, key: str, now: datetime) -> pa.ChunkedArray:
    document = catalog.get("segment", key)
    tree, of = segment.condition_of(document), segment.spec_of(document).of
    return reader.members(tree, as_of=now, of=of)["profile_key"]
