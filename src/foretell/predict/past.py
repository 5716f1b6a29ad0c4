"""Scores as they would have been at a past instant, for back-tests: made in memory, nothing is registered or stored."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
from threadpoolctl import threadpool_limits

from foretell.condition import Reader
from foretell.definitions import Catalog
from foretell.engine import Engine, naming
from foretell.predict.binary.rows import SAMPLE_ROWS
from foretell.predict.binary.scored import SPREAD_FROM
from foretell.predict.document import spec_of
from foretell.predict.features import remembered
from foretell.predict.files import read_model, write_model
from foretell.predict.kinds import Asked, Lesson, kind_of, kind_of_card
from foretell.predict.permission import SCORING, TRAINING, Permission
from foretell.predict.population import Population, history_begins
from foretell.predict.scoring import standing
from foretell.predict.training import refuse_imported
from foretell.profile import purposes_of

_MODEL = "past"


def scores_then(engine: Engine, catalog: Catalog, reader: Reader, key: str, *, as_of: datetime) -> pa.Table:
    """What a model trained as of ``as_of``, on outcomes complete and known by then, says of everybody at that instant.

    Returns:
        Columns profile_key, horizon and score, a row for each person and horizon.

    Raises:
        ForetellError: as :func:`~foretell.predict.train` where nothing can be learnt yet.
    """
    spec, document = spec_of(catalog, key), catalog.get("prediction", key)
    refuse_imported(spec, document.name)
    first = history_begins(engine.analytics, as_of, document.name)
    purposes = purposes_of(catalog)
    learning = Population.of(reader, spec, as_of, Permission(TRAINING, engine.ops, purposes, as_of))
    lesson = Lesson(engine, catalog, reader, document, spec, learning, first, as_of, spec.seed, SAMPLE_ROWS)
    with threadpool_limits(limits=1, user_api="blas"), naming(f"score {document.name}"), TemporaryDirectory() as place:
        made = kind_of(spec).plan(lesson).make()
        card = {"kind": made.kind, "content": made.content, "report": {}, "reference": {}}
        write_model(Path(place), key, _MODEL, card, made.files(_MODEL))
        stored = read_model(Path(place), key, _MODEL, catalog.root)
        kind = kind_of_card(stored)
        loaded = standing(kind.load(stored), engine.log.properties())
        permission = Permission(SCORING, engine.ops, purposes, as_of)
        people = Population.of(reader, spec, as_of, permission).somebody(as_of, document.name)
        with remembered():
            asked = Asked(engine, catalog, key, spec, document.name, people, as_of, 0, SPREAD_FROM)
            found = kind.score(asked, loaded).scores
    return pa.table({"profile_key": found["node_key"], "horizon": found["horizon"], "score": found["score"]})
