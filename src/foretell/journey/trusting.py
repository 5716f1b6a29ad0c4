"""Whether a live journey may change to a document: not where it would act on scores that nobody can trust."""

from __future__ import annotations

from datetime import datetime

from foretell.condition import parse
from foretell.definitions import Catalog, Document, Problem
from foretell.engine import Engine
from foretell.errors import UsageError
from foretell.journey.document import spec_of
from foretell.journey.states import state_of
from foretell.predict import refuse_uncalibrated


def untrusted(engine: Engine, catalog: Catalog, document: Document, *, now: datetime) -> list[Problem]:
    """What keeps a live journey from going on by ``document``; nothing where it is not live, or all is well."""
    spec = spec_of(document)
    if spec.enter is None or state_of(engine, document.key).state != "live":
        return []
    where = document.positions.at(("spec", "enter"))
    try:
        refuse_uncalibrated(engine, catalog, parse(spec.enter), thing=document.name, where=where, as_of=now)
    except UsageError as error:
        return [Problem(error.code, error.what, document.name, where, error.next_step)]
    return []
