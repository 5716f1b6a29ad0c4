"""Segment-spec messages, one a JSON line, as tables.

The fields and their meaning: https://segment.com/docs/connections/spec/common/
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from foretell.clock import naive_utc
from foretell.collect.consent import WITHHELD
from foretell.collect.envelope import Arrival, Arrivals, read_envelopes
from foretell.collect.problems import Severity, problem_rows
from foretell.collect.told import Origin, assembled, read_properties, trait_rows
from foretell.collect.tracking import CODE, Enforced, SourceRules, enforced
from foretell.collect.values import joined, text_of
from foretell.collect.who import spoken_of
from foretell.engine import TIMESTAMP, Decoded, integers, scratch, with_column

_LACKS = "CASE WHEN contains(properties, '\"{0}\"') THEN NOT json_exists(properties, '/{0}') ELSE true END"
"""A CASE looks only at the rows that reach it; AND would read the JSON of all."""


def _id(name: str) -> str:
    """SQL text: the JSON token of an id; one that is told as a number is the text of its digits, however many."""
    number = f"{name} < ':' AND NOT starts_with({name}, '\"')"
    return f"CASE WHEN {number} THEN '\"' || {text_of(name)} || '\"' ELSE {name} END"


_EXTRAS = f"""
WITH extras AS (
    SELECT row, properties, concat_ws(',',
        CASE WHEN NOT grouped AND name IS NOT NULL
             THEN CASE WHEN {_LACKS.format("name")} THEN '"name":' || name END END,
        CASE WHEN NOT grouped AND category IS NOT NULL
             THEN CASE WHEN {_LACKS.format("category")} THEN '"category":' || category END END,
        CASE WHEN type = 'group' THEN '"group_id":' || {_id("group_id")} END,
        CASE WHEN type = 'group' THEN '"traits":' || traits END,
        CASE WHEN type = 'alias' THEN '"previous_id":' || {_id("previous_id")} END) AS extra
    FROM (SELECT *, type = 'group' OR type = 'alias' AS grouped FROM told))
SELECT row, CASE WHEN coalesce(properties, '{{}}') = '{{}}' THEN '{{' || extra || '}}'
                 WHEN extra = '' THEN properties
                 ELSE '{{' || extra || ',' || substring(properties, 2) END AS properties
FROM extras ORDER BY row
"""
_TRAIT_DOCS = """
SELECT row, CASE WHEN type = 'identify' THEN coalesce(traits, CAST(json_extract(context, '/traits') AS VARCHAR))
                 ELSE '{"account":' || json_merge_patch(coalesce(traits, '{}'), '{"id":' || group_id || '}') || '}'
            END AS token
FROM told WHERE type = 'identify' OR type = 'group' ORDER BY row
"""

_AGAIN = ["received_at", "sent_at", "message_id"]
"""What else is kept of a line that is not taken in."""


def decode_segment(
    lines: pa.StringArray | pa.LargeStringArray,
    *,
    source: str,
    received_at: datetime,
    first_line: int | None = 1,
    arrival: Arrival = "import",
    arrivals: Arrivals | None = None,
    lag: timedelta | None = None,
    file: str = "",
    wrong: pa.Array | None = None,
    nth: npt.NDArray[np.int64] | None = None,
    rules: SourceRules | None = None,
) -> Decoded:
    """Read messages.

    Args:
        lines: one message each; blank lines count as lines and tell nothing.
        source: key of the source; part of minted message ids.
        received_at: arrival, UTC; the time of messages without one.
        first_line: number of the first line in its file; None for what came over the wire.
        arrival, arrivals: see :func:`~foretell.collect.envelope.read_envelopes`.
        lag: set for history: a message counts as known that much after it happened, and at arrival
            at the latest.
        wrong, nth: see :func:`~foretell.collect.envelope.read_envelopes`.
        rules: the tracking plan of the source, where there is one.
    """
    heads = read_envelopes(
        lines,
        wrong=wrong,
        nth=nth,
        source=source,
        received_at=received_at,
        first_line=first_line,
        arrival=arrival,
        arrivals=arrivals,
    )
    heads = _with_lines(heads, first_line, received_at, arrivals)
    codes = heads["code"]
    told = heads if codes.null_count == len(codes) else heads.filter(pc.is_null(codes))
    told = with_column(told, "row", np.arange(told.num_rows))
    told = _with_extras(told)
    docs = scratch(_TRAIT_DOCS, {"told": told})
    flat = read_properties(told, docs)
    traits = trait_rows(flat)
    identifiers = spoken_of(told, traits, in_context=_mentions(told))
    origin = Origin(source, file, received_at)
    bad = heads.filter(pc.not_equal(codes, "BLANK")).select(["line", "code", "body", *_AGAIN])
    problems = [_problems(bad, origin)]
    named = np.zeros(told.num_rows, np.bool_)
    named[integers(identifiers["row"])] = True
    if not named.all():
        nobody = told.filter(pa.array(~named))
        problems.append(_problems(_nobody(nobody, lines), origin))
        told, identifiers, traits, docs = _only(named, told, identifiers, traits, docs)
        flat = read_properties(told, docs.slice(0, 0))
    problems.append(_future(told, origin))
    decoded = assembled(_events(told, origin, lag), flat, identifiers, traits, problems, origin)
    return decoded if rules is None else _under_plan(enforced(decoded, rules, docs), told, lines, origin)


def _under_plan(found: Enforced, told: pa.Table, lines: pa.Array, origin: Origin) -> Decoded:
    if not found.aside.num_rows:
        return found.decoded
    aside = told.take(joined(found.aside["row"]))
    rows = _put_aside(aside, lines, pa.repeat(CODE, aside.num_rows)).append_column("message", found.aside["message"])
    problems = pa.concat_tables([found.decoded.problems, _problems(rows, origin)])
    return replace(found.decoded, problems=problems)


def _with_lines(heads: pa.Table, first_line: int | None, received_at: datetime, arrivals: Arrivals | None) -> pa.Table:
    """With the line's number in its file and its arrival."""
    if arrivals is None:
        received = pa.repeat(pa.scalar(naive_utc(received_at), TIMESTAMP), heads.num_rows)
    else:
        received = arrivals.received.take(joined(heads["i"]))
    sent = pa.nulls(heads.num_rows, pa.string()) if arrivals is None else arrivals.sent.take(joined(heads["i"]))
    heads = heads.append_column("received_at", received).append_column("sent_at", sent)
    if first_line is None:
        return heads.append_column("line", pa.nulls(heads.num_rows, pa.int64()))
    return heads.append_column("line", pc.add(heads["i"], first_line))


def _with_extras(told: pa.Table) -> pa.Table:
    """Put what stands beside the properties of page, screen, group and alias calls among them."""
    viewed = pc.and_(
        pc.is_in(told["type"], pa.array(["page", "screen"])),
        pc.or_(pc.is_valid(told["name"]), pc.is_valid(told["category"])),
    )
    chosen = pc.or_(viewed, pc.is_in(told["type"], pa.array(["group", "alias"])))
    if not pc.any(chosen).as_py():
        return told
    columns = ["row", "type", "name", "category", "group_id", "previous_id", "traits", "properties"]
    added = scratch(_EXTRAS, {"told": told.select(columns).filter(chosen)})
    properties = pc.replace_with_mask(joined(told["properties"]), joined(chosen), joined(added["properties"]))
    return with_column(told, "properties", properties)


def _mentions(told: pa.Table) -> bool:
    """Whether some context may hold traits or external ids."""
    return pc.any(pc.match_substring_regex(told["context"], '"(traits|externalIds)"')).as_py() is True


def _problems(found: pa.Table, origin: Origin, severity: Severity = "error") -> pa.Table:
    return problem_rows(
        found, source=origin.source, file=origin.file, received_at=origin.received_at, severity=severity
    )


def _nobody(told: pa.Table, lines: pa.Array) -> pa.Table:
    withheld = pc.fill_null(pc.match_substring(told["context"], WITHHELD), False)
    return _put_aside(told, lines, pc.if_else(joined(withheld), "CONSENT_MISSING", "NO_IDENTIFIER"))


def _put_aside(told: pa.Table, lines: pa.Array, codes: pa.Array) -> pa.Table:
    """Messages that could be read and are not taken in, with their text."""
    bodies = pc.utf8_rtrim(lines.take(joined(told["i"])).cast(pa.string()), characters="\r\n")
    return pa.table([told["line"], codes, bodies, *told.select(_AGAIN)], names=["line", "code", "body", *_AGAIN])


def _only(kept: npt.NDArray[np.bool_], told: pa.Table, *others: pa.Table) -> tuple[pa.Table, ...]:
    """Keep some rows and count them 0, 1, 2 … again, in ``others`` too."""
    number = np.where(kept, np.cumsum(kept) - 1, -1)
    rest = told.filter(pa.array(kept))
    result = [with_column(rest, "row", np.arange(rest.num_rows))]
    for other in others:
        rows = number[integers(other["row"])]
        result.append(with_column(other, "row", rows).filter(pa.array(rows >= 0)))
    return tuple(result)


def _future(told: pa.Table, origin: Origin) -> pa.Table:
    late = told.filter(told["future"])
    codes = pa.repeat("FUTURE_TIMESTAMP", late.num_rows)
    columns = [late["line"], codes, late["message_id"], late["received_at"]]
    rows = pa.table(columns, names=["line", "code", "body", "received_at"])
    return _problems(rows, origin, "warning")


def _events(told: pa.Table, origin: Origin, lag: timedelta | None) -> pa.Table:
    received = told["received_at"]
    ts = told["ts"].cast(TIMESTAMP)
    height = told.num_rows
    known = received if lag is None else pc.min_element_wise(pc.add(ts, lag), received)
    columns = {
        "row": told["row"],
        "line": told["line"],
        "message_id": told["message_id"],
        "type": told["type"],
        "event": told["event"],
        "ts": ts,
        "known_at": known,
        "received_at": received,
        "source": pa.repeat(origin.source, height),
        "properties": told["properties"],
        "context": told["context"],
    }
    return pa.table(columns)
