"""The moving parts of a world: how people are now, what is planned, and what waits for its time."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from foretell.clock import from_micros, micros
from foretell.demo.shop.catalogue import Catalogue, make_catalogue
from foretell.demo.shop.draws import Draws, Floats, Ints
from foretell.demo.shop.people import People, identities, make_people
from foretell.demo.shop.rows import ENGAGEMENT, ROW, Pending, Records
from foretell.demo.shop.settings import DAY_MICROS, HOUR_MICROS, SLOT_MICROS, SLOTS_PER_DAY, ShopSettings

SESSION = np.dtype(
    [("person", "i4"), ("ts", "i8"), ("key", "i8"), ("cause", "i1"), ("conversion", "f8"), ("coupon", "i4"),
     ("percent", "f8"), ("campaign", "i4")]
)  # fmt: skip
"""A visit to come. ``key`` tells a person's visits apart; ``conversion`` -1 for the person's own of that day."""
OWN, NEWSLETTER, CLICK, ANSWER = range(4)
"""Causes of a visit: one's own idea, the newsletter, a click in a message, what a message set off."""
ASK = np.dtype([("person", "i4"), ("key", "i8"), ("number", "i8")])
"""The shop's own survey to come: ``number`` of the order."""
ASKED = np.dtype(
    [("person", "i4"), ("ts", "i8"), ("measure", "i1"), ("score", "i1"), ("answered", "?"), ("opinion", "f4"),
     ("number", "i8"), ("message", "i8")]
)  # fmt: skip
"""Somebody was asked: the ``score`` they gave, or would have given, and their latent ``opinion``."""
STRAIN, WON, LOST, TROUBLE = range(4)
"""Effects: disappointment grows; somebody is won back; driven away; something goes wrong that they will speak of."""


class Lives:
    """How people are now; one value each.

    Attributes:
        state: position in ``STATES``.
        strain: disappointment, halved every 46 days; it raises the hazard of leaving.
        seen, registered, reads, member: have visited, have an account, get the newsletter, are in the club.
        linked: devices on which they have signed in, shape (people, 3).
        messages: how many they have received; ``asked`` how many that ask, ``asked_day`` when last by the shop itself.
        trouble: what went wrong last (see ``opinions``), on ``trouble_day``.
        product: what they bought last; -1 for nothing.
    """

    def __init__(self, count: int) -> None:
        self.state = np.zeros(count, np.int8)
        self.strain = np.zeros(count)
        self.seen = np.zeros(count, np.bool_)
        self.registered = np.zeros(count, np.bool_)
        self.reads = np.zeros(count, np.bool_)
        self.member = np.zeros(count, np.bool_)
        self.member_since = np.zeros(count, np.int32)
        self.linked = np.zeros((count, 3), np.bool_)
        self.messages = np.zeros(count, np.int64)
        self.asked = np.zeros(count, np.int64)
        self.asked_day = np.full(count, -10_000, np.int32)
        self.trouble = np.full(count, -1, np.int8)
        self.trouble_day = np.full(count, -10_000, np.int32)
        self.product = np.full(count, -1, np.int16)
        self.gone_day = np.full(count, -1, np.int32)


@dataclass
class Agenda:
    """What is planned, by slot; ``asks`` by day."""

    sessions: defaultdict[int, list[Records]] = field(default_factory=lambda: defaultdict(list))
    effects: defaultdict[int, list[tuple[int, Ints, Floats]]] = field(default_factory=lambda: defaultdict(list))
    messages: defaultdict[int, list[Records]] = field(default_factory=lambda: defaultdict(list))
    asks: defaultdict[int, list[Records]] = field(default_factory=lambda: defaultdict(list))

    def quiet(self, slots: range) -> bool:
        """Whether nothing planned for these slots has to be done in a certain slot."""
        return not any(self.effects.get(slot) or self.messages.get(slot) for slot in slots)

    def take_sessions(self, slots: range) -> list[Records]:
        """The planned visits of these slots; they are planned no longer."""
        return [session for slot in slots for session in self.sessions.pop(slot, [])]


class Shop:
    """A world's parts, handed to those who move it."""

    def __init__(self, settings: ShopSettings) -> None:
        self.settings = settings
        self.draws = Draws(settings.seed)
        self.catalogue: Catalogue = make_catalogue(settings.seed)
        self.people: People = make_people(self.draws, settings.people)
        self.identities: pa.Table = identities(self.draws, self.people)
        self.everybody = np.arange(settings.people, dtype=np.int64)
        self.lives = Lives(settings.people)
        self.agenda = Agenda()
        self.events = Pending(ROW)
        self.engagements = Pending(ENGAGEMENT)
        self.asked: list[Records] = []
        self.message_ids: list[str] = []
        self.coupons: list[str] = []
        self.begin = micros(settings.begin)
        self._zone = ZoneInfo(settings.zone)

    def slot_of(self, ts: Ints) -> Ints:
        """The slots in which instants (microseconds) lie."""
        return (ts - self.begin) // SLOT_MICROS

    def midnight(self, day: int) -> int:
        """The beginning of a day in UTC, microseconds."""
        return self.begin + day * DAY_MICROS

    def local_shift(self, day: int) -> int:
        """How far the shop's clocks are ahead of UTC on a day, microseconds."""
        offset = self.date(day).astimezone(self._zone).utcoffset()
        return 0 if offset is None else int(offset.total_seconds() * 1e6)

    def date(self, day: int) -> datetime:
        """Noon of a day."""
        return from_micros(self.midnight(day) + 12 * HOUR_MICROS)

    def plan_sessions(self, sessions: Records, earliest: int) -> None:
        """Plan visits; none before the slot ``earliest``."""
        slots = np.maximum(self.slot_of(sessions["ts"]), earliest)
        for slot in np.unique(slots).tolist():
            self.agenda.sessions[slot].append(sessions[slots == slot])

    def plan_effects(self, effect: int, person: Ints, at: Ints, amount: Floats | float, *, daily: bool) -> None:
        """Plan an effect on people for the slot (or, with ``daily``, the day) after ``at``."""
        if not len(person):
            return
        slots = self.slot_of(at) + 1
        if daily:
            slots = -(-slots // SLOTS_PER_DAY) * SLOTS_PER_DAY
        amounts = np.broadcast_to(np.asarray(amount, np.float64), person.shape)
        for slot in np.unique(slots).tolist():
            chosen = slots == slot
            self.agenda.effects[slot].append((effect, person[chosen], amounts[chosen]))
