"""The send gate: may this message go to this person at this instant? A pure function over tables.

The checks come in the order of :data:`CHECKS`; the first that fails decides. What can never become right is refused,
quiet hours defer, and surveys and caps are counted at the instant at which the message would go. What the sandbox keeps
back has passed all the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pyarrow as pa
import pyarrow.compute as pc

from foretell.deliver.capping import Cap, Capped, capped
from foretell.deliver.quiet import QuietHours, quiet_until
from foretell.deliver.survey_fatigue import SURVEYED, SURVEYS, tired
from foretell.engine import TIMESTAMP, scratch

SEND, REFUSE, DEFER = "send", "refuse", "defer"
CHECKS = (
    "definitions", "consent", "address", "suppression", "contamination", "quiet_hours", "survey_fatigue",
    "frequency_cap", "sandbox",
)  # fmt: skip
REASONS = (
    "ok", "no_consent", "no_address", "invalid_address", "suppressed", "contaminated", "quiet_hours", "frequency_cap",
    "outbid", "sandbox", "unknown_channel", "unknown_template", "unfit_template", "held_out", "survey_fatigue",
    "not_sampled",
)  # fmt: skip
"""Why something was decided; ``held_out`` and ``not_sampled`` are said by whoever asks for no message at all."""
UNTIMED = ("ads",)
"""Media that reach nobody at an instant: neither quiet hours nor caps hold for them."""
TRANSACTIONAL = "transactional"
"""The purpose of what somebody ordered: nothing stops it but a denial, and an address that is none any more or that
nothing may be sent to."""
TOLERATED = ("complained", "unsubscribed")
"""Reasons of the suppression list that speak of advertising; they do not stop what is transactional."""

CANDIDATES = pa.schema(
    [
        ("message_id", pa.string()),
        ("profile_key", pa.int64()),
        ("at", TIMESTAMP),
        ("medium", pa.string()),
        ("purpose", pa.string()),
        ("address", pa.string()),
        ("zone", pa.string()),
        ("fault", pa.string()),
        ("priority", pa.int64()),
        ("unfit", pa.bool_()),
        ("contaminated", pa.bool_()),
        ("sandboxed", pa.bool_()),
        ("thread", pa.string()),
    ]
)
"""Who is to get what. ``address`` is null where there is none, ``unfit`` true where one is told that is none; ``zone``
is an IANA name or null for the workspace's; ``fault`` says what is wrong with template or channel, null where nothing
is; ``priority``: the higher goes first; ``contaminated``: the person has runs of both arms, null where nobody minds;
``sandboxed``: the sandbox keeps it back, null where there is none; ``thread``: of a survey's reminder the invitation,
null for the message itself. From ``priority`` on they may be missing."""
CONSENTS = pa.schema(
    [
        ("profile_key", pa.int64()),
        ("channel", pa.string()),
        ("purpose", pa.string()),
        ("allowed", pa.bool_()),
        ("found", pa.string()),
    ]
)
"""Whether a purpose is allowed over a channel, and what was found that decided it; without a row it is not."""
SUPPRESSED = pa.schema([("medium", pa.string()), ("address", pa.string()), ("reason", pa.string())])
"""``reason`` may be missing."""
HISTORY = pa.schema(
    [
        ("profile_key", pa.int64()),
        ("medium", pa.string()),
        ("at", TIMESTAMP),
        ("purpose", pa.string()),
        ("message_id", pa.string()),
        ("priority", pa.int64()),
        ("queued", pa.bool_()),
    ]
)
"""Messages that went out or are about to, and count for caps; ``queued`` ones can still be taken back. From ``purpose``
on they may be missing."""


@dataclass(frozen=True)
class GateRules:
    """The settings that the gate obeys.

    Args:
        zone: IANA zone of people whose own is not known.
        uncapped: purposes that caps neither stop nor count.
        unquiet: purposes that quiet hours do not defer.
        survey_gap: for so long after a survey nobody is asked by another; of any purpose.
    """

    zone: str = "UTC"
    quiet: QuietHours | None = None
    caps: tuple[Cap, ...] = ()
    uncapped: frozenset[str] = frozenset({TRANSACTIONAL})
    unquiet: frozenset[str] = frozenset({TRANSACTIONAL})
    survey_gap: timedelta = timedelta(0)


def gate(
    candidates: pa.Table,
    *,
    consents: pa.Table,
    suppressed: pa.Table,
    history: pa.Table,
    rules: GateRules,
    surveys: pa.Table | None = None,
    surveyed: pa.Table | None = None,
) -> pa.Table:
    """Decide about every candidate. Of one person the more important goes first, of equals the earlier one: it counts
    for the surveys and caps of those after it.

    Args:
        candidates: columns of :data:`CANDIDATES`.
        consents: columns of :data:`CONSENTS`, one row a person, channel and purpose.
        suppressed: columns of :data:`SUPPRESSED`; no address twice.
        history: columns of :data:`HISTORY`.
        surveys: columns of ``SURVEYS``: what candidates, by their place from 0 on, ask by; None: no surveys.
        surveyed: columns of ``SURVEYED``: what people were asked before.

    Returns:
        A row a candidate, in their order: message_id, decision (``send``, ``refuse``, ``defer``), reason,
        until (timestamp, UTC; for ``defer``), checks (JSON: the checks up to the one that decided), takes (list of
        text: queued messages whose place it takes, which have to be taken back; null where there are none).
    """
    numbered = _whole(candidates, CANDIDATES).append_column("i", pa.array(range(candidates.num_rows), pa.int64()))
    judged = scratch(_JUDGE, {"c": numbered, "consents": consents, "suppressed": _whole(suppressed, SUPPRESSED)})
    judged = judged.append_column("until", _quiet(judged, rules))
    judged = _tired(judged, _or_none(surveys, SURVEYS), _or_none(surveyed, SURVEYED), rules)
    found = _capped(judged, _whole(history, HISTORY), rules)
    takes = scratch(_TAKES, {"t": found.taken})
    return scratch(_ANSWER, {"j": judged, "k": found.stopped, "t": takes})


def _whole(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """``table`` with the columns of ``schema`` alone; those that are missing are null."""
    there = set(table.column_names)
    columns = [table[field.name] if field.name in there else pa.nulls(table.num_rows, field.type) for field in schema]
    return pa.table(columns, schema=schema)


def _quiet(judged: pa.Table, rules: GateRules) -> pa.Array:
    """Until when each candidate has to wait; null where it need not, and where it was stopped before."""
    if rules.quiet is None:
        return pa.nulls(judged.num_rows, TIMESTAMP)
    until = quiet_until(judged["at"], pc.coalesce(judged["zone"], pa.scalar(rules.zone)), rules.quiet)
    passes = pc.or_(
        pc.or_(_among(judged["purpose"], rules.unquiet), _among(judged["medium"], UNTIMED)),
        pc.is_valid(judged["failed"]),
    )
    return pc.if_else(passes, pa.scalar(None, TIMESTAMP), until).combine_chunks()


def _or_none(table: pa.Table | None, schema: pa.Schema) -> pa.Table:
    return schema.empty_table() if table is None else table


def _tired(judged: pa.Table, surveys: pa.Table, surveyed: pa.Table, rules: GateRules) -> pa.Table:
    """``judged`` with ``surveying`` (whether it is of a survey) and ``tired``: after which survey it comes too soon."""
    judged = judged.append_column("surveying", pc.is_in(judged["i"], surveys["i"].combine_chunks()))
    passes = pc.and_(pc.is_null(judged["failed"]), pc.is_null(judged["until"]))
    asked = judged.filter(pc.and_(passes, judged["surveying"]))
    if not asked.num_rows:
        return judged.append_column("tired", pa.nulls(judged.num_rows, pa.string()))
    stopped = tired(scratch(_TURNS, {"j": asked}), surveys, surveyed, rules.survey_gap)
    place = pc.index_in(judged["i"], stopped["i"].combine_chunks())
    return judged.append_column("tired", stopped["found"].take(place))


def _capped(judged: pa.Table, history: pa.Table, rules: GateRules) -> Capped:
    """What caps say of those whom all checks before let pass."""
    passes = pc.and_(pc.is_null(judged["failed"]), pc.and_(pc.is_null(judged["until"]), pc.is_null(judged["tired"])))
    free = pc.or_(_among(judged["purpose"], rules.uncapped), _among(judged["medium"], UNTIMED))
    asked = judged.filter(pc.and_(passes, pc.invert(free))) if rules.caps else judged.slice(0, 0)
    ordered = scratch(_ORDERED, {"j": asked}, {"zone": rules.zone})
    return capped(ordered, history.filter(pc.invert(_among(history["purpose"], rules.uncapped))), rules.caps)


def _among(column: pa.ChunkedArray, values: tuple[str, ...] | frozenset[str]) -> pa.ChunkedArray:
    return pc.is_in(column, pa.array(sorted(values), pa.string()))


_LENIENT = ", ".join(f"'{reason}'" for reason in TOLERATED)
_JUDGE = f"""
SELECT c.i, c.message_id, c.profile_key, c.at, c.medium, c.purpose, c.zone, c.fault,
  coalesce(c.priority, 0) AS priority, coalesce(c.unfit, false) AS unfit, c.contaminated, c.sandboxed,
  coalesce(c.thread, c.message_id) AS thread,
  coalesce(k.found, 'none') AS consent,
  coalesce(s.reason, 'listed') AS listing,
  CASE WHEN c.fault IS NOT NULL THEN 'definitions'
    WHEN NOT coalesce(k.allowed, false) THEN 'consent'
    WHEN coalesce(c.address, '') = '' THEN 'address'
    WHEN s.address IS NOT NULL AND NOT (c.purpose = '{TRANSACTIONAL}' AND coalesce(s.reason, '') IN ({_LENIENT}))
      THEN 'suppression'
    WHEN c.contaminated THEN 'contamination' END AS failed
FROM c LEFT JOIN consents k ON k.profile_key = c.profile_key AND k.channel = c.medium AND k.purpose = c.purpose
LEFT JOIN suppressed s ON s.medium = c.medium AND s.address = c.address
ORDER BY c.i"""
_TURNS = """
SELECT i, profile_key, j.at, thread, row_number() OVER (PARTITION BY profile_key ORDER BY priority DESC, i) AS turn
FROM j ORDER BY i"""
_ORDERED = """
SELECT i, profile_key, message_id, medium, purpose, j.at, coalesce(zone, $zone) AS zone, priority,
  coalesce(sandboxed, false) AS rehearsed,
  row_number() OVER (PARTITION BY profile_key ORDER BY priority DESC, i) AS turn
FROM j ORDER BY i"""
_TAKES = "SELECT i, list(message_id ORDER BY message_id) AS ids, count(*) AS n FROM t GROUP BY i"

_FOUND = {
    "definitions": "coalesce(d.fault, 'template and channel are there')",
    "consent": "d.medium || '.' || d.purpose || ': ' || d.consent",
    "address": "CASE WHEN d.stop <> 'address' THEN 'known' WHEN d.unfit THEN 'not valid' ELSE 'none' END",
    "suppression": "CASE WHEN d.stop = 'suppression' THEN d.listing ELSE 'not listed' END",
    "contamination": "CASE WHEN d.contaminated THEN 'runs of both arms' ELSE 'runs of one arm' END",
    "quiet_hours": (
        "CASE WHEN d.until IS NULL THEN 'not quiet' ELSE 'quiet until ' || strftime(d.until, '%Y-%m-%dT%H:%M:%SZ') END"
    ),
    "survey_fatigue": "coalesce(d.tired, 'rested')",
    "frequency_cap": (
        "CASE WHEN d.rival IS NOT NULL THEN 'outbid by ' || d.rival || ': ' || d.cap WHEN d.cap IS NOT NULL THEN d.cap "
        "WHEN d.ids IS NOT NULL THEN 'takes the place of ' || array_to_string(d.ids, ', ') ELSE 'below' END"
    ),
    "sandbox": "CASE WHEN d.sandboxed THEN 'address not listed' ELSE 'address listed' END",
}
_ONLY_WHERE = {
    "contamination": "d.contaminated IS NOT NULL",
    "survey_fatigue": "d.surveying",
    "sandbox": "d.sandboxed IS NOT NULL",
}
"""Checks that are made where somebody asks for them."""


def _check(place: int, name: str) -> str:
    """SQL: the check as JSON, empty where it was not made."""
    row = (
        f"""'{"," if place else ""}{{"check":"{name}","passed":' || CASE WHEN d.stop = '{name}' THEN 'false' """
        f"""ELSE 'true' END || ',"found":' || to_json({_FOUND[name]}) || '}}'"""
    )
    made = f"d.place >= {place}" + (f" AND {_ONLY_WHERE[name]}" if name in _ONLY_WHERE else "")
    return f"CASE WHEN {made} THEN {row} ELSE '' END"


_PLACES = " ".join(f"WHEN '{name}' THEN {place}" for place, name in enumerate(CHECKS))
_ANSWER = f"""
WITH stopped AS (
  SELECT j.*, k.cap, k.rival, k.reason AS capped, t.ids, CASE WHEN j.failed IS NOT NULL THEN j.failed
    WHEN j.until IS NOT NULL THEN 'quiet_hours' WHEN j.tired IS NOT NULL THEN 'survey_fatigue'
    WHEN k.reason IS NOT NULL THEN 'frequency_cap' WHEN j.sandboxed THEN 'sandbox' ELSE '' END AS stop
  FROM j LEFT JOIN k ON k.i = j.i LEFT JOIN t ON t.i = j.i
), d AS (SELECT s.*, CASE s.stop {_PLACES} ELSE {len(CHECKS)} END AS place FROM stopped s)
SELECT d.message_id,
  CASE d.stop WHEN '' THEN 'send' WHEN 'quiet_hours' THEN 'defer' ELSE 'refuse' END AS decision,
  CASE d.stop WHEN '' THEN 'ok' WHEN 'definitions' THEN d.fault WHEN 'consent' THEN 'no_consent'
    WHEN 'address' THEN CASE WHEN d.unfit THEN 'invalid_address' ELSE 'no_address' END
    WHEN 'suppression' THEN 'suppressed' WHEN 'contamination' THEN 'contaminated'
    WHEN 'frequency_cap' THEN d.capped ELSE d.stop END AS reason,
  CASE WHEN d.stop = 'quiet_hours' THEN d.until END AS until,
  '[' || {" || ".join(_check(place, name) for place, name in enumerate(CHECKS))} || ']' AS checks,
  d.ids AS takes
FROM d ORDER BY d.i"""
