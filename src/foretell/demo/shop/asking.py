"""People are asked what they think: by the shop's own survey of the time before Foretell, and by messages that ask."""

from __future__ import annotations

import numpy as np

from foretell.demo.shop import opinions
from foretell.demo.shop.draws import Bools, Drawn, Floats, Ints, normal_of
from foretell.demo.shop.opinions import NPS, SAYS, STARS
from foretell.demo.shop.personas import READING, READING_PERSONAL
from foretell.demo.shop.rows import ENGAGEMENT_KINDS, Records, records, together
from foretell.demo.shop.sayings import ANSWERS, DAMAGED
from foretell.demo.shop.settings import DAY_MICROS, HOUR_MICROS, SECOND_MICROS, SLOTS_PER_DAY
from foretell.demo.shop.shop import ASK, ASKED, Shop

_SURVEYED = 0.5
"""Share of orders after which the shop's own survey is sent."""
_OWN_DAYS, _AGAIN_DAYS = 4, 45
"""Days after the arrival of a parcel, and between two surveys to one person."""
_DRAWN = ("survey seen", "survey read radius", "survey read angle", "survey loaded", *SAYS)
_GOES_ON = 0.45
"""Share of those who answer a mail's first question that answers its second too."""
_SECOND = {
    "survey answers": "second answers", "survey radius": "second radius", "survey angle": "second angle",
    "survey text": "second text", "survey writes": "second writes",
}  # fmt: skip
"""What is drawn for the second question in place of what is drawn for the first."""
_REVIEW_IS_WRITTEN = 0.4
_SPAN_HOURS = (0.02, 120.0)
_SEEN_SMS = 0.92


def plan_own(shop: Shop, person: Ints, arrives: Ints, key: Ints, number: Ints) -> None:
    """Plan the shop's own survey for some of the parcels that arrive."""
    chosen = shop.draws.unit("surveyed", person, key) < _SURVEYED
    days = (arrives - shop.begin) // DAY_MICROS + _OWN_DAYS
    for day in np.unique(days[chosen]).tolist():
        mine = chosen & (days == day)
        asks = records(ASK, int(mine.sum()), person=person[mine], key=key[mine], number=number[mine])
        shop.agenda.asks[day].append(asks)


def send_own(shop: Shop, day: int) -> None:
    """Send the shop's own survey of a day, and let people answer it."""
    planned = shop.agenda.asks.pop(day, [])
    ends = shop.settings.own_survey_days
    if not planned or (ends is not None and day >= ends):
        return
    asks = together(planned, ASK)
    asks = asks[np.lexsort((asks["key"], asks["person"]))]
    person = asks["person"].astype(np.int64)
    first = np.r_[True, person[1:] != person[:-1]]
    asks = asks[first & (day - shop.lives.asked_day[person] >= _AGAIN_DAYS)]
    if not len(asks):
        return
    person, key, number = (asks[name].astype(np.int64) for name in ("person", "key", "number"))
    shop.lives.asked_day[person] = day
    unit = shop.draws.several(_DRAWN, person, key)
    sent = shop.midnight(day) + 8 * HOUR_MICROS + _seconds(unit["survey loaded"] * 1800)
    every, mail = np.ones(len(person), np.bool_), {"person": person, "known": True, "number": number}
    shop.events.put("Survey Sent", every, ts=sent, **mail)
    measure = np.full(len(person), NPS)
    sees = unit["survey seen"] < shop.people.openness[person] * READING[shop.lives.state[person]] * 1.15
    score = opinions.scores(shop, person, measure, unit)
    answers = sees & opinions.responds(shop, person, day, unit)
    text = opinions.said(shop, person, measure, score, day, unit)
    answered = sent + _seconds(_reading(unit) * 3600) + 90 * SECOND_MICROS
    shop.events.put("Survey Answered", answers, ts=answered, score=score, choice=text, **mail)
    _remember(shop, person, sent, measure, score, answers, number=number)


def meet(shop: Shop, messages: Records, slot: int) -> None:
    """People meet messages that ask: they see them or not, answer or not; scanners follow their links. Of those who
    answer some go on to what the message asks besides."""
    if not len(messages):
        return
    person, nth, sent = (messages[name].astype(np.int64) for name in ("person", "nth", "ts"))
    people, day = shop.people, slot // SLOTS_PER_DAY
    unit, mail = shop.draws.several(_DRAWN, person, (1 << 24) + nth), messages["channel"] == 0
    opens = people.openness[person] * READING_PERSONAL[shop.lives.state[person]] * 1.15
    sees = unit["survey seen"] < np.where(mail, opens, _SEEN_SMS)
    seen_at = sent + _seconds(_reading(unit) * 3600)
    loaded = sent + _seconds(30 + 900 * unit["survey loaded"])
    _engage(shop, messages, mail & people.machine_mail[person], "machine_open", loaded)
    _engage(shop, messages, mail & people.scanned[person], "scan", sent + _seconds(4 + 50 * unit["survey loaded"]))
    _engage(shop, messages, mail & sees, "open", seen_at)
    measure = messages["measure"].astype(np.int64)
    score, text = _said(shop, person, measure, day, unit)
    answers = sees & opinions.responds(shop, person, day, unit)
    answered = seen_at + _seconds(20 + 200 * unit["survey writes"])
    _engage(shop, messages, answers, "answer", answered, measure=measure, score=score, words=text)
    _remember(shop, person, sent, measure, score, answers, message=messages["message"].astype(np.int64))
    also = messages["also"] >= 0
    if also.any():
        _go_on(shop, messages[also], day, answers[also], answered[also])


def _go_on(shop: Shop, messages: Records, day: int, answers: Bools, answered: Ints) -> None:
    """The second question of messages, for those who have answered the first."""
    person, sent = messages["person"].astype(np.int64), messages["ts"].astype(np.int64)
    drawn = shop.draws.several(tuple(_SECOND.values()), person, (1 << 24) + messages["nth"].astype(np.int64))
    unit = {name: drawn[purpose] for name, purpose in _SECOND.items()}
    measure = messages["also"].astype(np.int64)
    score, text = _said(shop, person, measure, day, unit)
    goes_on = answers & (unit["survey answers"] < _GOES_ON)
    at = answered + _seconds(60 + 240 * unit["survey writes"])
    _engage(shop, messages, goes_on, "answer", at, measure=measure, score=score, words=text)
    _remember(shop, person, sent, measure, score, goes_on, message=messages["message"].astype(np.int64))


def _said(shop: Shop, person: Ints, measure: Ints, day: int, unit: Drawn) -> tuple[Ints, Ints]:
    """The score that each would give, and the position of what they would write; stars are for what they bought."""
    score = opinions.scores(shop, person, measure, unit)
    text = opinions.said(shop, person, measure, score, day, unit)
    bought = shop.lives.product[person]
    damaged: Bools = opinions.troubles(shop, person, day) == DAMAGED
    stars = opinions.stars_of(shop, np.maximum(bought, 0), damaged, unit["survey radius"], unit["survey angle"])
    about_product = (measure == STARS) & (bought >= 0)
    review = len(ANSWERS.texts) + opinions.reviewed(shop, person, stars, unit["survey text"])
    written = np.where(unit["survey writes"] < _REVIEW_IS_WRITTEN, review, -1)
    return np.where(about_product, stars, score), np.where(about_product, written, text)


def _reading(unit: Drawn) -> Floats:
    """Hours until a mail that asks is read."""
    normal = normal_of(unit["survey read radius"], unit["survey read angle"])
    return np.clip(5.0 * np.exp(1.2 * normal), *_SPAN_HOURS)


def _engage(shop: Shop, messages: Records, chosen: Bools, kind: str, ts: Ints, **said: Ints) -> None:
    own = {name: values[chosen] for name, values in said.items()}
    number = ENGAGEMENT_KINDS.index(kind)
    shop.engagements.add(int(chosen.sum()), message=messages["message"][chosen], ts=ts[chosen], kind=number, **own)


def _remember(shop: Shop, person: Ints, ts: Ints, measure: Ints, score: Ints, answered: Bools, **where: Ints) -> None:
    """Keep the truth: what everybody who was asked would have said."""
    latent = opinions.opinions(shop, person)
    told = {"person": person, "ts": ts, "measure": measure, "score": score, "answered": answered, "opinion": latent}
    shop.asked.append(records(ASKED, len(person), **told, **where))


def _seconds(seconds: Floats) -> Ints:
    return (seconds * 1000).astype(np.int64) * 1000
