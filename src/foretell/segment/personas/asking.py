"""The people whom a build picks for interviews, each with a guide."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from foretell.condition import Reader, parse
from foretell.definitions import Catalog
from foretell.engine import Engine, OperationalStore
from foretell.segment.personas.clustering import Labels
from foretell.segment.personas.document import PersonaSpec
from foretell.segment.personas.guide import Question, guides
from foretell.segment.personas.interviews import Picked, sample
from foretell.segment.personas.reading import Behaved
from foretell.segment.personas.scaling import Scaled


def asked(
    engine: Engine,
    catalog: Catalog,
    reader: Reader,
    spec: PersonaSpec,
    behaved: Behaved,
    scaled: Scaled,
    labels: Labels,
    personas: pa.Array,
    *,
    as_of: datetime,
    now: datetime,
) -> list[tuple[Picked, list[Question]]]:
    """Whom to ask, and what.

    Args:
        personas: (n,) the persona of each of ``behaved.people``.
    """
    people = pa.table({"profile_key": pa.array(np.asarray(behaved.people), pa.int64()), "persona": personas})
    picked = sample(engine, catalog, spec, people, as_of=as_of, now=now)
    if not picked:
        return []
    keys = pa.array([one.profile_key for one in picked], pa.int64())
    questions = guides(
        picked, behaved, scaled, labels, pains=_pains(reader, spec, keys, as_of), known=_known(engine.ops),
        window=spec.window, currency=catalog.settings.currency, as_of=as_of,
    )  # fmt: skip
    return list(zip(picked, questions, strict=True))


def _pains(reader: Reader, spec: PersonaSpec, keys: pa.Array, as_of: datetime) -> dict[str, frozenset[int]]:
    found = {}
    for pain in spec.all_pains:
        whom = reader.members(parse(pain.condition), as_of=as_of, of="all")["profile_key"]
        found[pain.title] = frozenset(keys.filter(pc.is_in(keys, whom.combine_chunks())).to_pylist())
    return found


def _known(store: OperationalStore) -> Mapping[str, frozenset[str]]:
    """Persona → the kinds of findings that were noted of it."""
    found: dict[str, set[str]] = {}
    for persona, kind in store.query(
        "SELECT DISTINCT v.persona, v.kind FROM persona_notes v WHERE v.removed = 0 AND v.number = "
        "(SELECT max(l.number) FROM persona_notes l WHERE l.note_id = v.note_id)"
    ):
        found.setdefault(str(persona), set()).add(str(kind))
    return {persona: frozenset(kinds) for persona, kinds in found.items()}
