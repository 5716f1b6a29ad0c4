"""The send gate: may this message go to this person at this instant? A pure function over tables.

The checks come in the order of :data:`CHECKS`; the first that fails decides. What can never become
right is refused, quiet hours defer, and caps are counted at the instant at which the message would go.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import pyarrow as pa
import pyarrow.compute as pc

from foretell.deliver.quiet import QuietHours, quiet_until
from foretell.engine import TIMESTAMP, scratch, table_of

SEND, REFUSE, DEFER = "send", "refuse", "defer"
CHECKS = ("definitions", "consent", "address", "suppression", "quiet_hours", "frequency_cap")
REASONS = (
    "ok", "no_consent", "no_address", "suppressed", "quiet_hours", "frequency_cap", "unknown_channel",
    "unknown_template", "unfit_template", "held_out",
)  # fmt: skip
"""Why something was decided; ``held_out`` is said by whoever asks for no message at all."""
UNTIMED = ("ads",)
"""Media that reach nobody at an instant: neither quiet hours nor caps hold for them."""

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
    ]
)
"""Who is to get what. ``address`` is null where there is none, ``zone`` an IANA name or null for the
workspace's; ``fault`` says what is wrong with template or channel, null where nothing is."""
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
SUPPRESSED = pa.schema([("medium", pa.string()), ("address", pa.string())])
HISTORY = pa.schema([("profile_key", pa.int64()), ("medium", pa.string()), ("at", TIMESTAMP)])
"""Messages that went out or are about to, and count for caps."""


@dataclass(frozen=True)
class Cap:
    """At most ``messages`` to a person in any span of length ``per``; of one medium, or of all."""

    messages: int
    per: timedelta
    medium: str | None = None


@dataclass(frozen=True)
class GateRules:
    """The settings that the gate obeys.

    Args:
        zone: IANA zone of people whose own is not known.
        uncapped: purposes that caps neither stop nor count.
        unquiet: purposes that quiet hours do not defer.
    """

    zone: str = "UTC"
    quiet: QuietHours | None = None
    caps: tuple[Cap, ...] = ()
    uncapped: frozenset[str] = frozenset()
    unquiet: frozenset[str] = frozenset()


def gate(
    candidates: pa.Table, *, consents: pa.Table, suppressed: pa.Table, history: pa.Table, rules: GateRules
) -> pa.Table:
    """Decide about every candidate, in their order: an earlier one counts for the caps of a later one.

    Args:
        candidates: columns of :data:`CANDIDATES`.
        consents: columns of :data:`CONSENTS`, one row a person, channel and purpose.
        suppressed: columns of :data:`SUPPRESSED`; no address twice.
        history: columns of :data:`HISTORY`.

    Returns:
        A row a candidate, in their order: message_id, decision (``send``, ``refuse``, ``defer``), reason,
        until (timestamp, UTC; for ``defer``), checks (JSON: the checks up to the one that decided).
    """
    numbered = candidates.select(CANDIDATES.names).append_column("i", pa.array(range(candidates.num_rows), pa.int64()))
    judged = scratch(_JUDGE, {"c": numbered, "consents": consents, "suppressed": suppressed})
    quiet = _quiet(judged, rules)
    judged = judged.append_column("until", quiet)
    judged = judged.set_column(
        judged.schema.get_field_index("failed"),
        "failed",
        pc.if_else(
            pc.and_(pc.is_null(judged["failed"]), pc.is_valid(quiet)), pa.scalar("quiet_hours"), judged["failed"]
        ),
    )
    capped = _capped(judged, history, rules)
    return scratch(_ANSWER, {"j": judged, "k": capped})


def _names(values: frozenset[str]) -> pa.Table:
    return pa.table({"name": pa.array(sorted(values), pa.string())})


def _quiet(judged: pa.Table, rules: GateRules) -> pa.Array:
    """Until when each candidate has to wait; null where it need not."""
    if rules.quiet is None:
        return pa.nulls(judged.num_rows, TIMESTAMP)
    zones = pc.coalesce(judged["zone"], pa.scalar(rules.zone))
    until = quiet_until(judged["at"], zones, rules.quiet)
    passes = pc.or_(
        pc.or_(
            pc.is_in(judged["purpose"], pa.array(sorted(rules.unquiet), pa.string())),
            pc.is_in(judged["medium"], pa.array(UNTIMED)),
        ),
        pc.is_valid(judged["failed"]),
    )
    return pc.if_else(passes, pa.scalar(None, TIMESTAMP), until).combine_chunks()


def _capped(judged: pa.Table, history: pa.Table, rules: GateRules) -> pa.Table:
    """``i`` and the cap that stops it, of the candidates that all other checks let pass.

    Round by round: the first candidate of every person, then the second, so that each sees what was
    decided about those before it.
    """
    if not rules.caps:
        return table_of({"i": pa.int64(), "cap": pa.string()})
    counted = {"j": judged, "uncapped": _names(rules.uncapped), "untimed": pa.table({"name": pa.array(UNTIMED)})}
    open_ = scratch(_OPEN, counted)
    sent = history.select(HISTORY.names)
    stopped = []
    for place in range(1, (pc.max(open_["place"]).as_py() or 0) + 1):
        part = open_.filter(pc.equal(open_["place"], place))
        over = _over(part, sent, rules.caps)
        stopped.append(over)
        going = part.filter(pc.invert(pc.is_in(part["i"], over["i"].combine_chunks())))
        sent = pa.concat_tables([sent, going.select(HISTORY.names)])
    return pa.concat_tables(stopped) if stopped else table_of({"i": pa.int64(), "cap": pa.string()})


def _over(part: pa.Table, sent: pa.Table, caps: Sequence[Cap]) -> pa.Table:
    rules = pa.table(
        {
            "place": pa.array(range(len(caps)), pa.int64()),
            "messages": pa.array([cap.messages for cap in caps], pa.int64()),
            "micros": pa.array([cap.per // timedelta(microseconds=1) for cap in caps], pa.int64()),
            "medium": pa.array([cap.medium for cap in caps], pa.string()),
        }
    )
    return scratch(_OVER, {"c": part, "h": sent, "caps": rules})


_JUDGE = """
SELECT c.i, c.message_id, c.profile_key, c.at, c.medium, c.purpose, c.zone, c.fault,
  coalesce(k.found, 'none') AS consent,
  CASE WHEN c.fault IS NOT NULL THEN 'definitions'
    WHEN NOT coalesce(k.allowed, false) THEN 'consent'
    WHEN coalesce(c.address, '') = '' THEN 'address'
    WHEN s.address IS NOT NULL THEN 'suppression' END AS failed
FROM c LEFT JOIN consents k ON k.profile_key = c.profile_key AND k.channel = c.medium AND k.purpose = c.purpose
LEFT JOIN suppressed s ON s.medium = c.medium AND s.address = c.address
ORDER BY c.i"""

_OPEN = """
SELECT i, profile_key, medium, j.at, row_number() OVER (PARTITION BY profile_key ORDER BY i) AS place FROM j
WHERE failed IS NULL AND purpose NOT IN (SELECT name FROM uncapped) AND medium NOT IN (SELECT name FROM untimed)"""

# What went out later than `at` counts as well: then no span around the message holds too many, in whatever
# order journeys are played.
_OVER = """
SELECT i, cap FROM (
  SELECT c.i, k.messages, k.place,
    CAST(k.messages AS VARCHAR) || ' per ' || CAST(k.micros // 1000000 AS VARCHAR) || 's'
      || coalesce(' of ' || k.medium, '') AS cap,
    row_number() OVER (PARTITION BY c.i ORDER BY k.place) AS nth
  FROM c JOIN caps k ON k.medium IS NULL OR k.medium = c.medium
  WHERE (SELECT count(*) FROM h WHERE h.profile_key = c.profile_key AND (k.medium IS NULL OR h.medium = k.medium)
    AND epoch_us(h.at) > epoch_us(c.at) - k.micros) >= k.messages)
WHERE nth = 1 ORDER BY i"""

_ORDERED = ", ".join(f"('{name}', {place})" for place, name in enumerate(CHECKS))
_ANSWER = f"""
WITH decided AS (
  SELECT j.*, k.cap, CASE WHEN k.cap IS NOT NULL THEN 'frequency_cap' ELSE j.failed END AS stop
  FROM j LEFT JOIN k ON k.i = j.i
), checks AS (
  SELECT d.i, '[' || string_agg('{{"check":"' || n.name || '","passed":'
      || CASE WHEN n.name = d.stop THEN 'false' ELSE 'true' END || ',"found":' || to_json(CASE n.name
        WHEN 'definitions' THEN coalesce(d.fault, 'template and channel are there')
        WHEN 'consent' THEN d.medium || '.' || d.purpose || ': ' || d.consent
        WHEN 'address' THEN CASE WHEN d.stop = 'address' THEN 'none' ELSE 'known' END
        WHEN 'suppression' THEN CASE WHEN d.stop = 'suppression' THEN 'listed' ELSE 'not listed' END
        WHEN 'quiet_hours' THEN CASE WHEN d.until IS NULL THEN 'not quiet'
          ELSE 'quiet until ' || strftime(d.until, '%Y-%m-%dT%H:%M:%SZ') END
        ELSE coalesce(d.cap, 'below') END) || '}}', ',' ORDER BY n.place) || ']' AS checks
  FROM decided d JOIN (VALUES {_ORDERED}) AS n(name, place) ON n.place <= coalesce(
    (SELECT p.place FROM (VALUES {_ORDERED}) AS p(name, place) WHERE p.name = d.stop), {len(CHECKS)})
  GROUP BY d.i
)
SELECT d.message_id,
  CASE WHEN d.stop IS NULL THEN 'send' WHEN d.stop = 'quiet_hours' THEN 'defer' ELSE 'refuse' END AS decision,
  CASE d.stop WHEN 'definitions' THEN d.fault WHEN 'consent' THEN 'no_consent' WHEN 'address' THEN 'no_address'
    WHEN 'suppression' THEN 'suppressed' ELSE coalesce(d.stop, 'ok') END AS reason,
  CASE WHEN d.stop = 'quiet_hours' THEN d.until END AS until, c.checks
FROM decided d JOIN checks c ON c.i = d.i ORDER BY d.i"""
