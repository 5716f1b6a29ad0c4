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
PURPOSES = ["marketing", "service", "transactional"]
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
        "priority": st.sampled_from([0, 0, 1, 5]),
        "unfit": st.booleans(),
        "contaminated": st.sampled_from([None, None, False, True]),
        "sandboxed": st.sampled_from([None, None, None, False, True]),
    }
)
consent = st.tuples(st.integers(1, 3), st.sampled_from(MEDIA), st.sampled_from(PURPOSES))
passed = st.fixed_dictionaries(
    {
        "profile_key": st.integers(1, 3),
        "medium": st.sampled_from(MEDIA[:2]),
        "at": instants,
        "purpose": st.sampled_from(PURPOSES),
        "priority": st.sampled_from([0, 0, 1, 5]),
        "queued": st.booleans(),
    }
)
caps = st.lists(
    st.builds(
        Cap,
        messages=st.integers(1, 3),
        per=st.sampled_from([timedelta(hours=6), timedelta(days=1)]),
        medium=st.sampled_from([None, "email", "sms"]),
        purpose=st.sampled_from([None, None, "marketing"]),
        calendar=st.sampled_from([None, None, "day", "week", "month"]),
    ),
    max_size=3,
).map(tuple)
hours = st.sampled_from([time(21), time(8), time(2, 30), time(0)])
rules = st.builds(
    GateRules,
    zone=st.sampled_from(["UTC", "Europe/Berlin"]),
    quiet=st.none() | st.builds(QuietHours, hours, hours).filter(lambda quiet: quiet.begin != quiet.end),
    caps=caps,
    uncapped=st.sampled_from([frozenset({"transactional"}), frozenset({"service", "transactional"})]),
    unquiet=st.sampled_from([frozenset({"transactional"}), frozenset({"service", "transactional"})]),
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


def counted(cap: Cap, at: datetime, zone: str, other: datetime) -> bool:
    """Whether a message at ``other`` counts for one at ``at``."""
    if cap.calendar is None:
        return other > at - cap.per
    days = [moment.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).date() for moment in (at, other)]
    units = {
        "day": lambda day: day,
        "week": lambda day: tuple(day.isocalendar())[:2],
        "month": lambda day: (day.year, day.month),
    }
    first, second = map(units[cap.calendar], days)
    return bool(first == second)


class OneByOne:
    """The same, one candidate after the other, by loops over everything that was sent."""

    def __init__(
        self, rule: GateRules, said: dict[Any, bool], listed: dict[Any, str], past: list[dict[str, Any]]
    ) -> None:
        self.rule, self.said, self.listed = rule, said, listed
        self.sent = [{**one, "old": True} for one in past if one["purpose"] not in rule.uncapped]

    def answer(self, row: dict[str, Any]) -> tuple[str, str, datetime | None, list[str]]:
        purpose, at = row["purpose"], row["at"]
        zone, timed, rule = row["zone"] or self.rule.zone, row["medium"] != "ads", self.rule
        refused = self.refused(row)
        if refused:
            return "refuse", refused, None, []
        if timed and rule.quiet and purpose not in rule.unquiet and is_quiet(at, zone, rule.quiet):
            return "defer", "quiet_hours", watched(at, zone, rule.quiet), []
        taken: list[str] = []
        if timed and purpose not in rule.uncapped:
            stopped, taken = self.compete(row, zone)
            if stopped:
                return "refuse", stopped, None, []
            self.sent = [one for one in self.sent if one["message_id"] not in taken]
            self.sent.append({**row, "queued": True, "old": False})
        if row["sandboxed"]:
            return "refuse", "sandbox", None, taken
        return "send", "ok", None, taken

    def refused(self, row: dict[str, Any]) -> str:
        if row["fault"]:
            return str(row["fault"])
        if not self.said.get((row["profile_key"], row["medium"], row["purpose"])):
            return "no_consent"
        if not row["address"]:
            return "invalid_address" if row["unfit"] else "no_address"
        listing = self.listed.get((row["medium"], row["address"]))
        if listing and not (row["purpose"] == "transactional" and listing == "complained"):
            return "suppressed"
        return "contaminated" if row["contaminated"] else ""

    def compete(self, row: dict[str, Any], zone: str) -> tuple[str, list[str]]:
        full = []
        for cap in self.rule.caps:
            if cap.medium in (None, row["medium"]) and cap.purpose in (None, row["purpose"]):
                over = [one for one in self.sent if self.meets(cap, row, one, zone)]
                if len(over) >= cap.messages:
                    full.append((cap, over))
        for cap, over in full:
            if sum(self.loose(one, row) for one in over) < len(over) - cap.messages + 1:
                others = sum(not (one["queued"] and one["priority"] > row["priority"]) for one in over)
                return ("outbid" if others < cap.messages else "frequency_cap"), []
        taken: list[str] = []
        for cap, over in sorted(full, key=lambda pair: pair[0].longest):
            left = [one for one in over if one["message_id"] not in taken]
            loose = sorted((one for one in left if self.loose(one, row)), key=worth)
            taken += [one["message_id"] for one in loose[: max(0, len(left) - cap.messages + 1)]]
        return "", taken

    @staticmethod
    def meets(cap: Cap, row: dict[str, Any], one: dict[str, Any], zone: str) -> bool:
        fits = cap.medium in (None, one["medium"]) and cap.purpose in (None, one["purpose"])
        return fits and one["profile_key"] == row["profile_key"] and counted(cap, row["at"], zone, one["at"])

    @staticmethod
    def loose(one: dict[str, Any], row: dict[str, Any]) -> bool:
        return bool(one["old"] and one["queued"] and one["priority"] < row["priority"] and not row["sandboxed"])


def worth(one: dict[str, Any]) -> tuple[int, float, str]:
    """The least important first, then the latest."""
    return one["priority"], -float((one["at"] - BEGIN).total_seconds()), one["message_id"]


@settings(max_examples=150)
@given(
    rows=st.lists(candidate, max_size=8),
    said=st.dictionaries(consent, st.sampled_from([True, True, True, False]), max_size=12),
    listed=st.dictionaries(
        st.tuples(st.sampled_from(MEDIA), st.sampled_from(["a", "b"])),
        st.sampled_from(["bounced", "complained"]),
        max_size=2,
    ),
    past=st.lists(passed, max_size=8),
    rule=rules,
)
def test_the_gate_decides_as_one_would_row_by_row(
    rows: list[dict[str, Any]],
    said: dict[Any, bool],
    listed: dict[Any, str],
    past: list[dict[str, Any]],
    rule: GateRules,
) -> None:
    named = [{"message_id": f"m{place}", **row} for place, row in enumerate(rows)]
    past = [{"message_id": f"h{place}", **row} for place, row in enumerate(past)]
    answer = gate(
        table(CANDIDATES, named),
        consents=table(
            CONSENTS,
            [
                {"profile_key": key, "channel": channel, "purpose": purpose, "allowed": yes, "found": str(yes)}
                for (key, channel, purpose), yes in said.items()
            ],
        ),
        suppressed=table(
            SUPPRESSED,
            [{"medium": key[0], "address": key[1], "reason": reason} for key, reason in sorted(listed.items())],
        ),
        history=table(HISTORY, past),
        rules=rule,
    ).to_pylist()
    assert [row["message_id"] for row in answer] == [row["message_id"] for row in named]
    slow = OneByOne(rule, said, listed, past)
    order = sorted(range(len(named)), key=lambda place: -named[place]["priority"])
    expected = {place: slow.answer(named[place]) for place in order}
    found = [(row["decision"], row["reason"], row["until"], row["takes"] or []) for row in answer]
    assert found == [(*expected[place][:3], sorted(expected[place][3])) for place in range(len(named))]
    for row in answer:
        checks = json.loads(row["checks"])
        assert [check["passed"] for check in checks] == [True] * (len(checks) - 1) + [row["decision"] == "send"]


few_instants = st.integers(0, 12).map(lambda hours: BEGIN + timedelta(hours=2 * hours))
rivals = st.fixed_dictionaries(
    {
        "at": few_instants,
        "medium": st.sampled_from(["email", "email", "sms"]),
        "purpose": st.sampled_from(["marketing", "marketing", "service"]),
        "priority": st.integers(0, 2),
        "sandboxed": st.sampled_from([None, None, None, True]),
    }
)


@settings(max_examples=250)
@given(
    rows=st.lists(rivals, min_size=1, max_size=4),
    past=st.lists(st.tuples(rivals, st.sampled_from([True, True, False])), max_size=6),
    caps=st.lists(
        st.builds(
            Cap,
            messages=st.integers(1, 2),
            per=st.sampled_from([timedelta(hours=6), timedelta(days=1), timedelta(days=7)]),
            medium=st.sampled_from([None, None, "email"]),
            purpose=st.sampled_from([None, None, "marketing"]),
            calendar=st.sampled_from([None, None, "day"]),
        ),
        min_size=1,
        max_size=3,
    ).map(tuple),
)
def test_who_wins_is_decided_as_one_would_one_by_one(
    rows: list[dict[str, Any]], past: list[tuple[dict[str, Any], bool]], caps: tuple[Cap, ...]
) -> None:
    same = {"profile_key": 1, "address": "a", "zone": "Europe/Berlin", "fault": None, "contaminated": None}
    named = [{"message_id": f"m{place}", **same, **row} for place, row in enumerate(rows)]
    gone = [
        {"message_id": f"h{place}", "profile_key": 1, "queued": queued, **row}
        for place, (row, queued) in enumerate(past)
    ]
    said = {(1, medium, purpose): True for medium in MEDIA for purpose in PURPOSES}
    rule = GateRules(caps=caps)
    answer = gate(
        table(CANDIDATES, named),
        consents=table(
            CONSENTS,
            [{"profile_key": 1, "channel": medium, "purpose": purpose, "allowed": True} for _, medium, purpose in said],
        ),
        suppressed=SUPPRESSED.empty_table(),
        history=table(HISTORY, [{name: row.get(name) for name in HISTORY.names} for row in gone]),
        rules=rule,
    ).to_pylist()
    slow = OneByOne(rule, said, {}, gone)
    order = sorted(range(len(named)), key=lambda place: -named[place]["priority"])
    expected = {place: slow.answer(named[place]) for place in order}
    found = [(row["decision"], row["reason"], row["takes"] or []) for row in answer]
    assert found == [(*expected[place][:2], sorted(expected[place][3])) for place in range(len(named))]


DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("caps", "queued", "takes"),
    [
        ([Cap(2, 7 * DAY)], [(1, 0), (0, 5)], ["h1"]),  # the less important goes
        ([Cap(2, 7 * DAY)], [(0, 5), (0, 0)], ["h1"]),  # of equals the later
        ([Cap(1, DAY), Cap(2, 7 * DAY)], [(0, 72), (1, 0)], ["h1"]),  # room under the shorter is room under the longer
        ([Cap(2, 7 * DAY), Cap(1, DAY)], [(0, 72), (1, 0)], ["h1"]),
        ([Cap(1, DAY), Cap(1, 7 * DAY)], [(0, 72), (1, 0)], ["h0", "h1"]),
        ([Cap(1, 7 * DAY)], [(0, 72), (9, 0)], None),  # not room enough: nothing is taken back
    ],
)
def test_whose_place_is_taken(caps: list[Cap], queued: list[tuple[int, int]], takes: list[str] | None) -> None:
    """``queued``: priority, and how many hours before."""
    row = {"profile_key": 1, "medium": "email", "purpose": "marketing", "address": "a"}
    past = [
        {**row, "message_id": f"h{place}", "priority": priority, "at": BEGIN - timedelta(hours=hours), "queued": True}
        for place, (priority, hours) in enumerate(queued)
    ]
    allowed = {"profile_key": 1, "channel": "email", "purpose": "marketing", "allowed": True}
    (answer,) = gate(
        table(CANDIDATES, [{**row, "message_id": "m", "at": BEGIN, "priority": 5}]),
        consents=table(CONSENTS, [allowed]),
        suppressed=SUPPRESSED.empty_table(),
        history=table(HISTORY, [{name: one.get(name) for name in HISTORY.names} for one in past]),
        rules=GateRules(caps=tuple(caps)),
    ).to_pylist()
    assert (answer["decision"], answer["takes"]) == (("refuse", None) if takes is None else ("send", takes))


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
