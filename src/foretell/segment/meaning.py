"""What a segment means, as one hash: the same as long as it would hold the same people."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator

from foretell.condition import references
from foretell.definitions import Catalog, Document
from foretell.segment.document import condition_of, spec_of


def meaning_of(catalog: Catalog, key: str) -> str:
    """Hash (32 hexadecimal characters) of segment ``key``'s condition and of all that it leans on.

    Titles, owners and dates make no difference; the workspace's zone, segments it names, and the documents of
    predictions, tables, identity and consent that it reads do.

    Raises:
        UsageError: ``UNKNOWN_DEFINITION``, ``BROKEN_DEFINITION``; DefinitionErrors for what cannot be read.
    """
    parts = sorted(set(_parts(catalog, catalog.get("segment", key), frozenset())))
    text = json.dumps([catalog.settings.zone, *parts], ensure_ascii=False)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def _parts(catalog: Catalog, document: Document, inside: frozenset[str]) -> Iterator[str]:
    spec, named = spec_of(document), references(condition_of(document))
    yield f"{document.key} {spec.of} {json.dumps(spec.condition, sort_keys=True, default=str)}"
    for kind, keys in (("prediction", named.predictions), ("table", named.tables)):
        yield from (catalog.get(kind, key).fingerprint for key in keys)
    for kind, read in (("identity", named.traits), ("consent", named.consents)):
        if read and kind in catalog.kinds:
            yield from (one.fingerprint for one in catalog.all(kind))
    for key in named.segments:
        if key not in inside:
            yield from _parts(catalog, catalog.get("segment", key), inside | {document.key, key})
