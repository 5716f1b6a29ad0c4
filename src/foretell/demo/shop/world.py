"""The world as it is stepped: time goes by, messages come in, events and engagements go out."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from foretell.clock import from_micros, micros
from foretell.demo.shop.asking import send_own
from foretell.demo.shop.browsing import own_visits, visit
from foretell.demo.shop.draws import Draws
from foretell.demo.shop.lines import Wording
from foretell.demo.shop.lives import begin_day, take_effects
from foretell.demo.shop.messages import accept, receive
from foretell.demo.shop.newsletter import send_newsletter
from foretell.demo.shop.opinions import MEASURES
from foretell.demo.shop.rows import ENGAGEMENT_KINDS, Records, event_table, ordered, together
from foretell.demo.shop.sayings import WORDS
from foretell.demo.shop.settings import SLOT_MICROS, SLOTS_PER_DAY, ShopSettings
from foretell.demo.shop.shop import SESSION, Shop
from foretell.errors import UsageError


@dataclass(frozen=True)
class WorldStep:
    """What happened in a step.

    Args:
        events: by time; ``message_id``, ``type``, ``event``, ``person`` (its number), ``ts`` (UTC) and
            compact columns that :meth:`lines` puts into words.
        engagements: what people did with messages, by time: ``message_id``, ``at``, ``kind`` (open,
            machine_open, click, unsubscribe, reply or spam; of messages that ask also answer, and scan where a
            scanner follows every link), ``link`` (``cta`` for clicks), of answers ``measure``, ``score`` and ``text``,
            and of replies to calls ``text``: what is said on the telephone.
    """

    events: pa.Table
    engagements: pa.Table
    wording: Wording

    def lines(self) -> bytes:
        """The events as JSON lines in the Segment specification; about 450 bytes an event."""
        return self.wording.lines(self.events)


class ShopWorld:
    """A shop and its people, from ``settings.begin`` on. Equal settings and messages give equal events,
    whatever the steps."""

    def __init__(self, settings: ShopSettings) -> None:
        self.settings = settings
        self.shop = Shop(settings)
        self._wording = Wording(self.shop.catalogue, self.shop.identities)
        self._slot = 0

    @property
    def now(self) -> datetime:
        """How far the world has come, UTC."""
        return from_micros(self._instant(self._slot))

    def step(self, until: datetime, messages: pa.Table | None = None) -> WorldStep:
        """Let time go by until ``until``, which lies a whole number of six hours after ``now``.

        Args:
            messages: sent since the step before, or to be sent in this one: ``message_id``, ``address``,
                ``channel`` (email, sms, ads, call), ``sent_at`` (timestamp, UTC), ``kind`` (topic or
                template), ``offer_percent`` (0 to 1, or null), ``offer_code`` (text or null); where messages ask
            something, ``measure`` (nps, csat, ces or stars, or null), and ``also`` what they ask besides.

        Raises:
            UsageError: ``BAD_STEP`` for an instant between two slots or in the past; ``BAD_MESSAGES``.
        """
        last, rest = divmod(micros(until) - self.shop.begin, SLOT_MICROS)
        if rest or last < self._slot:
            raise UsageError(
                "BAD_STEP",
                f"the world cannot step from {self.now.isoformat()} to {until.isoformat()}",
                next_step="Step by whole slots of six hours, forwards.",
            )
        if messages is not None and messages.num_rows:
            accept(self.shop, messages, self._instant(self._slot))
        while self._slot < last:
            self._slot = self._advance(self._slot, last)
        due = self._instant(last)
        events = event_table(ordered(self.shop.events.due(due)), self.shop.coupons)
        return WorldStep(events, _engagements(self.shop.engagements.due(due), self.shop.message_ids), self._wording)

    def fork(self, seed: int | None = None) -> ShopWorld:
        """A second world with the same past, which goes its own way: with other messages, for instance.

        Args:
            seed: of all that is drawn from now on; None: what happens is what happens in this world. Over many seeds
                the futures say how probable anything is, given how people are now.
        """
        fixed = (self.settings, self.shop.catalogue, self.shop.people, self.shop.identities, self._wording)
        found = copy.deepcopy(self, {id(part): part for part in fixed})
        if seed is not None:
            found.shop.draws = Draws(seed)
        return found

    def _instant(self, slot: int) -> int:
        return self.shop.begin + slot * SLOT_MICROS

    def _advance(self, slot: int, last: int) -> int:
        """Go on by a day where nothing happens that people may answer within it, else by a slot."""
        day, place = divmod(slot, SLOTS_PER_DAY)
        if place == 0:
            begin_day(self.shop, day)
            send_newsletter(self.shop, day)
        take_effects(self.shop, slot, day)
        if place == 0:
            send_own(self.shop, day)
        rest = range(slot, (day + 1) * SLOTS_PER_DAY)
        whole = place == 0 and rest.stop <= last and self.shop.agenda.quiet(rest)
        slots = rest if whole else range(slot, slot + 1)
        receive(self.shop, slot)
        sessions = [own_visits(self.shop, day, slots), *self.shop.agenda.take_sessions(slots)]
        visit(self.shop, together(sessions, SESSION))
        return slots.stop


def _engagements(rows: Records, message_ids: list[str]) -> pa.Table:
    rows = rows[np.lexsort((rows["measure"], rows["kind"], rows["message"], rows["ts"]))]
    ids = [message_ids[place] for place in rows["message"].tolist()]
    kinds = pa.array(ENGAGEMENT_KINDS, pa.string()).take(pa.array(rows["kind"].astype(np.int64)))
    links = pc.if_else(pa.array(rows["link"] == 0), "cta", pa.scalar(None, pa.string()))
    at = pa.array(rows["ts"].astype(np.int64)).cast(pa.timestamp("us"))
    told = ("measure", "score", "words")
    measures, scores, words = (pa.array(rows[name], pa.int64(), mask=rows[name] < 0) for name in told)
    texts, asked = pa.array(WORDS, pa.string()).take(words), pa.array(MEASURES, pa.string()).take(measures)
    named = {"message_id": pa.array(ids, pa.string()), "at": at, "kind": kinds, "link": links}
    return pa.table({**named, "measure": asked, "score": scores, "text": texts})
