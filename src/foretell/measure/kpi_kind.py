"""The kind ``kpi``: what can be said of a KPI without an engine, with file and line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from foretell.definitions import Catalog, Document, Kind, Problem, suggestion
from foretell.errors import ForetellError
from foretell.measure import statement
from foretell.measure.golden import golden_faults
from foretell.measure.kpi_document import KpiSpec
from foretell.measure.kpi_set import FOLDER, LOOP, Kpi, kpis, measure_of


def _check(document: Document, catalog: Catalog) -> Iterator[Problem]:
    spec = cast(KpiSpec, document.spec)
    if spec.sql is not None:
        where = document.positions.at(("spec", "sql"))
        for code, words, next_step in statement.faults(spec):
            yield Problem(code, words, document.name, where, next_step)
    else:
        yield from _formula_problems(document, catalog)
    if spec.golden is not None:
        for path, words, next_step in golden_faults(spec.golden):
            where = document.positions.at(("spec", "golden", *path))
            yield Problem("BAD_GOLDEN", words, document.name, where, next_step)


def _formula_problems(document: Document, catalog: Catalog) -> Iterator[Problem]:
    """Unknown terms, loops (told at the first of their documents) and mixed terms."""
    where, known = document.positions.at(("spec", "formula")), kpis(catalog)
    kpi = Kpi(document, "")
    try:
        unknown = [term for term in kpi.terms if term not in known]
        for term in unknown:
            if not catalog.has("kpi", term):
                next_step = suggestion(term, sorted(known), what="KPIs")
                words = f"there is no kpi called {term!r}"
                yield Problem("UNKNOWN_REFERENCE", words, document.name, where, next_step)
        if not unknown:
            measure_of(kpi, known)
    except ForetellError as error:
        if _told_here(error, document, catalog):
            yield Problem(error.code, error.what, document.name, where, error.next_step)


def _told_here(error: ForetellError, document: Document, catalog: Catalog) -> bool:
    """False for faults of another document that the formula only leads to."""
    if error.code == "UNKNOWN_KPI":
        return False
    if error.code != LOOP:
        return True
    members = error.what.rpartition(": ")[2].split(" → ")
    return document.key == min(key for key in members if catalog.has("kpi", key))


KIND = Kind("kpi", FOLDER, KpiSpec, check=_check)
