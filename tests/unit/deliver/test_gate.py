"""The gate against one written row by row, and the quiet hours against a clock that is watched."""

from __future__ import annotations

import json
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foretell.deliver import CANDIDATES, CONSENTS, HISTORY, SUPPRESSED, Cap, GateRules, QuietHours, gate

BEGIN = datetime(2026, 3, 28)  # clocks go forward in Berlin the next night
ZONES = [None, "Europe/Berlin", "America/New_York", "Asia/Kolkata"]
MEDIA = ["email", "sms", "ads"]
PURPOSES = ["marketing", "service"]
instants = st.integers(0, 60).map(lambda hours: BEGIN + timedelta(hours=hours, minutes=hours % 7))


def table(schema: pa.Schema, rows: list[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(rows, schema=schema)


candidate = st.fixed_dictionaries(
    {
        "profile_key": st.integers(1, 3),
        "at": instants,
        "medium": st.sampled_from(MEDIA),
        "purpose": st.sampled_from(PURPOSES),
        "address": st.sampled_from([None, "", "a", "b", "c"]),
        "zone": st.sampled_from(ZONES),
        "fault": st.sampled_from([None, None, None, "unknown_template"]),
    }
)
consent = st.tuples(st.integers(1, 3), st.sampled_from(MEDIA), st.sampled_from(PURPOSES))
passed = st.fixed_dictionaries({"profile_key": st.integers(1, 3), "medium": st.sampled_from(MEDIA[:2]), "at": instants})
caps = st.lists(
    st.builds(
        Cap,
        messages=st.integers(1, 3),
        per=st.sampled_from([timedelta(hours=6), timedelta(days=1)]),
        medium=st.sampled_from([None, "email", "sms"]),
    ),
    max_size=2,
).map(tuple)
hours = st.sampled_from([time(21), time(8), time(2, 30), time(0)])
rules = st.builds(
    GateRules,
    zone=st.sampled_from(["UTC", "Europe/Berlin"]),
    quiet=st.none() | st.builds(QuietHours, hours, hours).filter(lambda quiet: quiet.begin != quiet.end),
    caps=caps,
    uncapped=st.sampled_from([frozenset(), frozenset({"service"})]),
    unquiet=st.sampled_from([frozenset(), frozenset({"service"})]),
)


def is_quiet(at: datetime, zone: str, quiet: QuietHours) -> bool:
    clock = at.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).time()
    if quiet.begin < quiet.end:
        return quiet.begin <= clock < quiet.end
    return clock >= quiet.begin or clock < quiet.end


def watched(at: datetime, zone: str, quiet: QuietHours) -> datetime:
    """Look at the clock every minute until it is no longer quiet."""
    at = at.replace(second=0, microsecond=0)
    while is_quiet(at, zone, quiet):
        at += timedelta(minutes=1)
    return at


def by_row(
    rows: list[dict[str, Any]], said: dict[Any, bool], listed: set[Any], past: list[dict[str, Any]], rule: GateRules
) -> list[tuple[str, str, datetime | None]]:
    """The same, one candidate after the other."""
    sent = [(one["profile_key"], one["medium"], one["at"]) for one in past]
    answers: list[tuple[str, str, datetime | None]] = []
    for row in rows:
        key, medium, purpose, at = row["profile_key"], row["medium"], row["purpose"], row["at"]
        allowed = said.get((key, medium, purpose))
        zone = row["zone"] or rule.zone
        timed = medium != "ads"
        over = any(
            (cap.medium in (None, medium))
            and sum(k == key and cap.medium in (None, m) and t > at - cap.per for k, m, t in sent) >= cap.messages
            for cap in rule.caps
        )
        if row["fault"]:
            answers.append(("refuse", row["fault"], None))
        elif not allowed:
            answers.append(("refuse", "no_consent", None))
        elif not row["address"]:
            answers.append(("refuse", "no_address", None))
        elif (medium, row["address"]) in listed:
            answers.append(("refuse", "suppressed", None))
        elif timed and rule.quiet and purpose not in rule.unquiet and is_quiet(at, zone, rule.quiet):
            answers.append(("defer", "quiet_hours", watched(at, zone, rule.quiet)))
        elif timed and purpose not in rule.uncapped and over:
            answers.append(("refuse", "frequency_cap", None))
        else:
            answers.append(("send", "ok", None))
            if timed and purpose not in rule.uncapped:
                sent.append((key, medium, at))
    return answers


@settings(max_examples=60)
@given(
    rows=st.lists(candidate, max_size=8),
    said=st.dictionaries(consent, st.sampled_from([True, True, True, False]), max_size=12),
    listed=st.sets(st.tuples(st.sampled_from(MEDIA), st.sampled_from(["a", "b"])), max_size=2),
    past=st.lists(passed, max_size=6),
    rule=rules,
)
def test_the_gate_decides_as_one_would_row_by_row(
    rows: list[dict[str, Any]], said: dict[Any, bool], listed: set[Any], past: list[dict[str, Any]], rule: GateRules
) -> None:
    named = [{"message_id": f"m{place}", **row} for place, row in enumerate(rows)]
    answer = gate(
        table(CANDIDATES, named),
        consents=table(
            CONSENTS,
            [
                {"profile_key": key, "channel": channel, "purpose": purpose, "allowed": yes, "found": str(yes)}
                for (key, channel, purpose), yes in said.items()
            ],
        ),
        suppressed=table(SUPPRESSED, [{"medium": medium, "address": address} for medium, address in sorted(listed)]),
        history=table(HISTORY, past),
        rules=rule,
    ).to_pylist()
    assert [row["message_id"] for row in answer] == [row["message_id"] for row in named]
    assert [(row["decision"], row["reason"], row["until"]) for row in answer] == by_row(rows, said, listed, past, rule)
    for row in answer:
        checks = json.loads(row["checks"])
        assert [check["passed"] for check in checks] == [True] * (len(checks) - 1) + [row["decision"] == "send"]


@pytest.mark.parametrize(
    ("at", "until"),
    [
        (datetime(2026, 3, 29, 0, 45), datetime(2026, 3, 29, 1, 0)),  # 02:30 does not exist: the gap ends it
        (datetime(2026, 10, 25, 0, 10), datetime(2026, 10, 25, 0, 30)),  # the first 02:30 of two
        (datetime(2026, 10, 25, 1, 10), datetime(2026, 10, 25, 1, 30)),  # the second, once the first is over
    ],
)
def test_quiet_hours_where_clocks_change(at: datetime, until: datetime) -> None:
    row = {"message_id": "m", "profile_key": 1, "at": at, "medium": "email", "purpose": "service", "address": "a"}
    rule = GateRules(zone="Europe/Berlin", quiet=QuietHours(time(1), time(2, 30)))
    answer = gate(
        table(CANDIDATES, [row]),
        consents=table(CONSENTS, [{"profile_key": 1, "channel": "email", "purpose": "service", "allowed": True}]),
        suppressed=SUPPRESSED.empty_table(),
        history=HISTORY.empty_table(),
        rules=rule,
    )
    assert answer["until"].to_pylist() == [until]
