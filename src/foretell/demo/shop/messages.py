"""What messages cause: they are seen or not, and bring people back, leave them cold, or drive them away."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from foretell.demo.shop.asking import meet
from foretell.demo.shop.browsing import visits_of
from foretell.demo.shop.draws import Bools, Floats, Ints
from foretell.demo.shop.opinions import MEASURES, complaint
from foretell.demo.shop.personas import READING_PERSONAL
from foretell.demo.shop.rows import ENGAGEMENT_KINDS, Records, records, session_rank
from foretell.demo.shop.settings import SECOND_MICROS, SLOTS_PER_DAY
from foretell.demo.shop.shop import ANSWER, CLICK, LOST, WON, Shop
from foretell.errors import UsageError

MESSAGE = np.dtype(
    [("person", "i8"), ("ts", "i8"), ("message", "i8"), ("channel", "i1"), ("kind", "i1"), ("percent", "f8"),
     ("coupon", "i4"), ("nth", "i8"), ("measure", "i1"), ("also", "i1")]
)  # fmt: skip


@dataclass(frozen=True)
class Channel:
    """How a channel reaches people.

    Args:
        seen: share that sees it; None where openness decides.
        median_hours: from sending to being seen.
        strength: factor on the answer.
        clicks: whether there is something to click on.
    """

    name: str
    seen: float | None
    median_hours: float
    strength: float
    clicks: bool


CHANNELS = (
    Channel("email", None, 3.0, 1.0, clicks=True),
    Channel("sms", 0.92, 0.2, 0.85, clicks=True),
    Channel("ads", 0.35, 14.0, 0.25, clicks=False),
    Channel("call", 0.60, 1.0, 1.2, clicks=False),
)
EMAIL, SMS, ADS, CALL = range(4)
KINDS = ("winback", "service", "news")
WINBACK, SERVICE, NEWS = range(3)
_WORDS = {
    WINBACK: "win.?back|miss.?you|rescue|come.?back|voucher|offer",
    SERVICE: "service|sorry|apolog|care|case|call",
}
_COLUMNS = ("message_id", "address", "channel", "sent_at", "kind", "offer_percent", "offer_code")
_ASKS, _ALSO = "measure", "also"
"""The columns of messages that ask something, and of those that ask something else besides."""
_CURIOUS_CLICKS = 0.05
_WON_CLICKS = 0.85
_WON_CONVERSION = 0.6
_CODE_CONVERSION = 0.5
_UNSUBSCRIBES, _COMPLAINS = 0.75, 0.85
_REPLIES = 0.04
_SPAN_HOURS = (0.02, 240.0)
KEY = 100_000
"""Keys of visits that the nth message to somebody sets off are this plus n."""


def accept(shop: Shop, messages: pa.Table, now: int) -> None:
    """Take messages in; each is looked at by its person in the slot in which it was sent.

    Messages to addresses that nobody has are lost, as are channels that the world does not know.

    Raises:
        UsageError: ``BAD_MESSAGES`` where a column is missing.
    """
    missing = [name for name in _COLUMNS if name not in messages.column_names]
    if missing:
        raise UsageError("BAD_MESSAGES", "messages have no " + ", ".join(missing), next_step="Give all columns.")
    found = _known(shop, _typed(messages))
    slots = np.maximum(shop.slot_of(found["ts"]), shop.slot_of(np.array([now]))[0])
    found["ts"] = np.maximum(found["ts"], now)
    for slot in np.unique(slots).tolist():
        shop.agenda.messages[slot].append(found[slots == slot])


def _typed(messages: pa.Table) -> pa.Table:
    types = {"sent_at": pa.timestamp("us"), "offer_percent": pa.float64()}
    names = [name for name in (*_COLUMNS, _ASKS, _ALSO) if name in messages.column_names]
    columns = {name: messages[name].cast(types.get(name, pa.string())) for name in names}
    return pa.table(columns).combine_chunks()


def _known(shop: Shop, messages: pa.Table) -> Records:
    address = messages["address"]
    places = [
        pc.index_in(address, shop.identities[name].combine_chunks()) for name in ("email", "phone", "typed_email")
    ]
    person = pc.fill_null(pc.coalesce(*places), -1).to_numpy().astype(np.int64)
    channel = pc.fill_null(pc.index_in(messages["channel"], pa.array([c.name for c in CHANNELS])), -1).to_numpy()
    sent = messages["sent_at"].cast(pa.int64()).to_numpy()
    good = np.flatnonzero((person >= 0) & (channel >= 0))
    ids = np.array(messages["message_id"].to_pylist(), object)
    good = good[np.lexsort((ids[good].astype(str), sent[good]))]
    percent = pc.fill_null(messages["offer_percent"], 0.0).to_numpy()
    result = records(
        MESSAGE, len(good), person=person[good], ts=sent[good], message=len(shop.message_ids) + np.arange(len(good)),
        channel=channel[good], kind=_kinds(messages)[good], percent=percent[good],
        coupon=_coupons(shop, messages)[good], measure=_measures(messages, _ASKS)[good],
        also=_measures(messages, _ALSO)[good],
    )  # fmt: skip
    shop.message_ids.extend(ids[good].tolist())
    asks = result["measure"] >= 0
    for chosen, count in ((~asks, shop.lives.messages), (asks, shop.lives.asked)):
        theirs = result["person"][chosen]
        result["nth"][chosen] = count[theirs] + session_rank(theirs)
        np.add.at(count, theirs, 1)
    return result


def _measures(messages: pa.Table, column: str) -> Ints:
    """What messages ask, by position in ``MEASURES``; -1 for those that ask nothing."""
    if column not in messages.column_names:
        return np.full(messages.num_rows, -1)
    places = pc.index_in(messages[column], pa.array(MEASURES))
    found: Ints = pc.fill_null(places, -1).to_numpy().astype(np.int64)
    return found


def _kinds(messages: pa.Table) -> Ints:
    text = pc.utf8_lower(pc.fill_null(messages["kind"], ""))
    service, winback = (
        pc.match_substring_regex(text, _WORDS[kind]).to_numpy().astype(bool) for kind in (SERVICE, WINBACK)
    )
    winback |= pc.is_valid(messages["offer_code"]).to_numpy().astype(bool)
    return np.select([winback, service], [WINBACK, SERVICE], NEWS).astype(np.int64)


def _coupons(shop: Shop, messages: pa.Table) -> Ints:
    """Positions of codes in the world's list, which grows by those that are new."""
    codes = messages["offer_code"]
    known = {code: place for place, code in enumerate(shop.coupons)}
    for code in codes.unique().to_pylist():
        if code is not None and code not in known:
            known[code] = len(shop.coupons)
            shop.coupons.append(code)
    return np.array([-1 if code is None else known[code] for code in codes.to_pylist()], np.int64)


def receive(shop: Shop, slot: int) -> None:
    """People meet the messages that were sent in a slot."""
    for messages in shop.agenda.messages.pop(slot, []):
        asks = messages["measure"] >= 0
        meet(shop, messages[asks], slot)
        if not asks.all():
            _meet(shop, messages[~asks], slot)


def _meet(shop: Shop, messages: Records, slot: int) -> None:
    person, nth, channel = (messages[name].astype(np.int64) for name in ("person", "nth", "channel"))
    draws, people, lives = shop.draws, shop.people, shop.lives
    opens = people.openness[person] * READING_PERSONAL[lives.state[person]] * 1.1
    fixed = np.array([-1.0 if c.seen is None else c.seen for c in CHANNELS])[channel]
    sees = draws.unit("message seen", person, nth) < np.where(fixed < 0, opens, fixed)
    median = np.array([c.median_hours for c in CHANNELS])[channel]
    hours = np.clip(median * np.exp(1.2 * draws.normal("message read", person, nth)), *_SPAN_HOURS)
    seen_at = messages["ts"] + (hours * 3600).astype(np.int64) * SECOND_MICROS
    answer = answers(shop, person, messages["kind"], messages["percent"])
    answer = answer * np.array([c.strength for c in CHANNELS])[channel]
    chance = draws.unit("message works", person, nth)
    won, lost = sees & (chance < answer), sees & (chance < -answer)
    machine = (channel == EMAIL) & people.machine_mail[person]
    loaded_at = messages["ts"] + (30 + 900 * draws.unit("message loaded", person, nth)).astype(np.int64) * SECOND_MICROS
    _engage(shop, messages, machine, "machine_open", loaded_at)
    _engage(shop, messages, sees & (channel == EMAIL), "open", seen_at)
    shop.plan_effects(WON, person[won], seen_at[won], 1.0, daily=False)
    shop.plan_effects(LOST, person[lost], seen_at[lost], 1.0, daily=False)
    _refuse(shop, messages, lost, seen_at)
    _visits(shop, messages, sees, won, lost, seen_at, slot)


def answers(shop: Shop, person: Ints, kind: Ints, percent: Floats) -> Floats:
    """The chance that a message of a kind with a discount wins people back, once seen; negative: loses them."""
    people = shop.people
    base = np.choose(kind, [people.winback[person], people.service[person], people.news[person]])
    upset = np.minimum(shop.lives.strain[person], 1.0)
    base = np.where(kind == SERVICE, base + 0.10 * upset * (base > 0), base)
    result: Floats = base + people.price_sensitivity[person] * percent * np.where(base > 0, 1.5, 0.3)
    return np.clip(result, -0.9, 0.9)


def _engage(shop: Shop, messages: Records, chosen: Bools, kind: str, ts: Ints, **told: Ints) -> None:
    shop.engagements.add(
        int(chosen.sum()),
        message=messages["message"][chosen],
        ts=ts[chosen],
        kind=ENGAGEMENT_KINDS.index(kind),
        **{name: values[chosen] for name, values in told.items()},
    )


def _refuse(shop: Shop, messages: Records, lost: Bools, seen_at: Ints) -> None:
    """Who is driven away mostly says so."""
    person, nth = messages["person"], messages["nth"]
    chance = shop.draws.unit("message refused", person, nth)
    mail = lost & (messages["channel"] <= SMS)
    _engage(shop, messages, mail & (chance < _UNSUBSCRIBES), "unsubscribe", seen_at + 20 * SECOND_MICROS)
    complains = mail & (chance >= _UNSUBSCRIBES) & (chance < _COMPLAINS)
    _engage(shop, messages, complains, "spam", seen_at + 15 * SECOND_MICROS)


def _visits(shop: Shop, messages: Records, sees: Bools, won: Bools, lost: Bools, seen_at: Ints, slot: int) -> None:
    """Clicks lead to a visit at once; who is won back without a click comes within three days."""
    person, nth, channel = (messages[name].astype(np.int64) for name in ("person", "nth", "channel"))
    draws = shop.draws
    clickable = np.array([c.clicks for c in CHANNELS])[channel]
    chance = draws.unit("message clicked", person, nth)
    clicks = clickable & sees & ~lost & (chance < np.where(won, _WON_CLICKS, _CURIOUS_CLICKS))
    clicked_at = seen_at + (8 + 120 * draws.unit("message click", person, nth)).astype(np.int64) * SECOND_MICROS
    _engage(shop, messages, clicks, "click", clicked_at, link=np.zeros(len(messages), np.int64))
    replies = won & (channel != ADS) & (draws.unit("message reply", person, nth) < _REPLIES)
    replies |= (channel == CALL) & sees
    words = complaint(shop, person, slot // SLOTS_PER_DAY, draws.unit("call words", person, nth))
    words = np.where(channel == CALL, words, -1)
    _engage(shop, messages, replies, "reply", seen_at + 300 * SECOND_MICROS, words=words)
    comes_at = seen_at + (3600 + 60 * 3600 * draws.unit("message comes", person, nth)).astype(np.int64) * SECOND_MICROS
    conversion = np.where(
        won,
        np.minimum(
            _WON_CONVERSION + _CODE_CONVERSION * shop.people.price_sensitivity[person] * messages["percent"], 0.9
        ),
        -1.0,
    )
    comes = clicks | won
    visits = visits_of(
        person, np.where(clicks, clicked_at + 2 * SECOND_MICROS, comes_at), KEY + nth, ANSWER,
        conversion=conversion, coupon=messages["coupon"], percent=messages["percent"], campaign=messages["kind"],
    )  # fmt: skip
    visits["cause"] = np.where(clicks, CLICK, ANSWER)
    shop.plan_sessions(visits[comes], slot)
