"""What is wrong with a block ``matching`` beyond its shape."""

from __future__ import annotations

from collections.abc import Iterable

from foretell.definitions import Catalog, Document, Problem, suggestion
from foretell.identify.matching.document import MatchingSpec
from foretell.identify.matching.fields import USUAL_FIELDS


def check_matching(document: Document, spec: MatchingSpec, catalog: Catalog) -> Iterable[Problem]:
    """Blocking rules over fields that there are not, and sources that nobody knows."""
    fields = [*spec.fields, *(USUAL_FIELDS if spec.keep_defaults else ())]
    for number, rule in enumerate(spec.blocking):
        for part in rule:
            name = part.partition(":")[0]
            if name not in fields:
                place = document.positions.at(("spec", "matching", "blocking", number))
                message = f"there is no field {name}"
                yield Problem("BAD_MATCHING", message, document.name, place, suggestion(name, fields, what="fields"))
    known = [source.key for source in catalog.all("source")]
    for number, source in enumerate(spec.sources):
        if known and source not in known:
            place = document.positions.at(("spec", "matching", "sources", number))
            message = f"no document describes a source {source}"
            yield Problem(
                "BAD_MATCHING", message, document.name, place, suggestion(source, known, what="sources"), "warning"
            )
