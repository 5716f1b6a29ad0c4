"""What only an engine can say of KPIs: unknown views and columns, golden values that do not come out."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from foretell.clock import from_micros, zone_of
from foretell.definitions import Catalog, Problem, problems_from
from foretell.errors import ForetellError
from foretell.measure import statement
from foretell.measure.golden import mismatches
from foretell.measure.kpi_rows import Source, dry_run
from foretell.measure.kpi_set import Kpi, Kpis, kpis
from foretell.measure.periods import Period

_ANY_PERIOD = Period("check", from_micros(0), from_micros(0), True)


def verify(source: Source, catalog: Catalog) -> list[Problem]:
    """Plan every KPI of the workspace against a store's views and run its golden tables.

    Reads no rows of the store: the SQL is planned for an empty result, and golden tables stand in the
    place of the views. For ``foretell plan``, after :func:`foretell.definitions.load`.
    """
    known = kpis(catalog)
    return [
        problem
        for document in catalog.all("kpi")
        for problem in kpi_problems(source, known[document.key], known, catalog.settings.currency)
    ]


def kpi_problems(source: Source, kpi: Kpi, known: Kpis, currency: str = "EUR") -> Iterator[Problem]:
    """What is wrong with one KPI, with file and line."""
    document = kpi.document
    if kpi.spec.sql is not None:
        where = document.positions.at(("spec", "sql"))
        try:
            schema = dry_run(source, kpi.spec, _ANY_PERIOD, zone_of("UTC"), currency)
        except ForetellError as error:
            yield from _placed(error, document.name, where)
            return
        for words, next_step in _column_faults(kpi, schema):
            yield Problem("BAD_KPI_COLUMNS", words, document.name, where, next_step)
            return
    try:
        wrong = mismatches(source, kpi, known)
    except ForetellError as error:
        yield from _placed(error, document.name, document.positions.at(("spec", "golden")))
        return
    for each in wrong:
        where = document.positions.at(("spec", "golden", "cases", each.case))
        next_step = "Correct the SQL, or the value that is expected."
        yield Problem("GOLDEN_MISMATCH", str(each), document.name, where, next_step)


def _column_faults(kpi: Kpi, schema: pa.Schema) -> Iterator[tuple[str, str]]:
    wanted = statement.columns(kpi.spec)
    for name in wanted:
        if name not in schema.names:
            yield f"the SQL yields no column {name!r}", f"It must yield {', '.join(wanted)}."
        elif name != "profile_id" and not _numeric(schema.field(name).type):
            yield f"the column {name!r} is no number but {schema.field(name).type}", "Cast it to a number."
    if "den" in schema.names and "den" not in wanted:
        yield "the SQL yields 'den', which a total does not use", "Drop it, or write 'combine: quotient'."


def _numeric(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def _placed(error: ForetellError, thing: str, where: str) -> Iterator[Problem]:
    for each in problems_from(error, thing=thing, where=where):
        yield Problem(each.code, each.message, thing, where, each.next_step)
