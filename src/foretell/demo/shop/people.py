"""Who lives in the world: what is latent in people, and how they are known to the shop."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from foretell.demo.shop.catalogue import CATEGORIES
from foretell.demo.shop.draws import Bools, Draws, Floats, Ints
from foretell.demo.shop.personas import of_each
from foretell.demo.shop.sayings import LANGUAGE_SHARES
from foretell.demo.shop.words import ASCII, CITIES, FIRST_NAMES, LAST_NAMES

ARRIVAL_DAYS = 730
"""Half of all people come in the first quarter, the others over this time."""


@dataclass(frozen=True)
class People:
    """What never changes about people; one value each, in order of their number.

    Args:
        arrives: day of the first visit, from the world's begin.
        visits_per_day, conversion: while nothing is wrong.
        hazard: daily chance of beginning to leave, while nothing is wrong.
        winback, service, news: chance that such a message brings them back, once seen; negative: drives
            them away. A discount adds ``price_sensitivity`` times its share, twice.
        taste: number of the favourite category; ``second_taste`` of the other.
        devices: how many, 1 to 3. ``shares_device``: the second one is that of their household, too.
        consents: whether they will grant email, sms, ads when they register (columns).
        machine_mail: their mail software loads pictures by itself. ``scanned``: a scanner before their inbox follows
            every link of a mail.
        fondness: their opinion of the shop while nothing is wrong, 0 to 10.
        language: number of the language that they write in.
    """

    persona: Ints
    arrives: Ints
    visits_per_day: Floats
    conversion: Floats
    hazard: Floats
    openness: Floats
    price_sensitivity: Floats
    winback: Floats
    service: Floats
    news: Floats
    taste: Ints
    second_taste: Ints
    devices: Ints
    shares_device: Bools
    has_card: Bools
    consents: Bools
    weekly: Bools
    machine_mail: Bools
    scanned: Bools
    fondness: Floats
    language: Ints

    def __len__(self) -> int:
        return len(self.persona)


def make_people(draws: Draws, count: int) -> People:
    """The people of a world."""
    person = np.arange(count, dtype=np.int64)
    persona = draws.pick("persona", of_each("share"), person)

    def normal(purpose: str) -> Floats:
        return draws.normal(purpose, person)

    def unit(purpose: str) -> Floats:
        return draws.unit(purpose, person)

    def mean(name: str) -> Floats:
        return of_each(name)[persona]

    gap = mean("gap_days") * np.exp(0.45 * normal("gap"))
    conversion = np.clip(mean("conversion") * np.exp(0.2 * normal("conversion")), 0.05, 0.8)
    granted = np.column_stack([unit("grants email") < 0.76, unit("grants sms") < 0.42, unit("grants ads") < 0.36])
    granted[:, 1:] &= granted[:, :1] | (unit("grants others alone") < 0.15)[:, None]
    late = (unit("arrives late") * ARRIVAL_DAYS).astype(np.int64)
    early = (unit("arrives early") * 90).astype(np.int64)
    return People(
        persona=persona,
        arrives=np.where(unit("early") < 0.5, early, late),
        visits_per_day=np.clip(1.0 / gap / conversion, 0.003, 0.2),
        conversion=conversion,
        hazard=mean("leaving") * np.exp(0.5 * normal("hazard")) / 1250.0,
        openness=np.clip(mean("openness") + 0.15 * normal("openness"), 0.03, 0.97),
        price_sensitivity=np.clip(mean("price_sensitivity") + 0.12 * normal("price"), 0.0, 1.0),
        winback=mean("winback") + 0.08 * normal("winback"),
        service=mean("service") + 0.04 * normal("service"),
        news=mean("news") + 0.02 * normal("news"),
        taste=(unit("taste") * len(CATEGORIES)).astype(np.int64),
        second_taste=(unit("second taste") * len(CATEGORIES)).astype(np.int64),
        devices=1 + draws.pick("devices", np.array([0.45, 0.4, 0.15]), person),
        shares_device=draws.unit("household", person // 2) < 0.06,
        has_card=unit("card") < 0.3,
        consents=granted,
        weekly=unit("weekly") < 0.3,
        machine_mail=unit("machine mail") < 0.35,
        scanned=unit("scanned") < 0.08,
        fondness=np.clip(mean("fondness") + 1.1 * normal("fondness"), 1.0, 10.0),
        language=draws.pick("language", LANGUAGE_SHARES, person),
    )


def identities(draws: Draws, people: People) -> pa.Table:
    """How people are known, one row each: user_id, email, typed_email (as misspelt at a till), phone, card,
    typed_card, has_card, first_name, last_name, birth_date, city, postal_code, latitude, longitude (degrees, as
    texts, within some 9 km of the city's centre), country, zone, loyalty_tier,
    the anonymous id of each of three devices, and what they fill in at a till: typed_first_name, typed_last_name,
    typed_birth_date, whether they tell it, and whether they tell little at all.

    E-mail addresses end in ``customers.example``; phone numbers are of a German range that is not in use.
    """
    person = np.arange(len(people), dtype=np.int64)
    first = _taken(FIRST_NAMES, (draws.unit("first name", person) * len(FIRST_NAMES)).astype(np.int64))
    last = _taken(LAST_NAMES, (draws.unit("last name", person) * len(LAST_NAMES)).astype(np.int64))
    number = _text(person + 1)
    local = pc.utf8_lower(_ascii(pc.binary_join_element_wise(first, last, ".")))
    domain = "@customers.example"
    born = _birth_dates(draws, person)
    typed_first, typed_last, typed_born = _filled_in(person, first, last, born)
    card = person * 7_368_787 % 10**9 + 10**9
    city = draws.pick("city", np.array([float(city[4]) for city in CITIES]), person)
    postal = (draws.unit("postal", person) * 1000).astype(np.int64) + 1000
    columns = {
        "user_id": pc.binary_join_element_wise("U", _text(person + 1_000_001), ""),
        "email": pc.binary_join_element_wise(local, number, domain, ""),
        "typed_email": pc.binary_join_element_wise(
            pc.replace_substring(local, ".", "", max_replacements=1), number, domain, ""
        ),
        "phone": pc.binary_join_element_wise("+49150", _text(person * 36_182_237 % 10**8 + 10**8, 1), ""),
        "card": pc.binary_join_element_wise("K", _text(card), ""),
        "typed_card": pc.binary_join_element_wise("K", _text(card + 10 ** (person % 8) * 2), ""),
        "first_name": first,
        "last_name": last,
        "birth_date": born,
        "city": _taken([name for name, *_ in CITIES], city),
        "postal_code": pc.binary_join_element_wise(
            _taken([start for _, start, *_ in CITIES], city), _text(postal, 1), ""
        ),
        "latitude": _around(draws, "latitude", person, city, 5, 0.08),
        "longitude": _around(draws, "longitude", person, city, 6, 0.1),
        "country": _taken([entry[2] for entry in CITIES], city),
        "zone": _taken([entry[3] for entry in CITIES], city),
        "loyalty_tier": _taken(("bronze", "silver", "gold"), draws.pick("tier", np.array([0.6, 0.3, 0.1]), person)),
        "has_card": pa.array(people.has_card),
        "typed_first_name": typed_first,
        "typed_last_name": typed_last,
        "typed_birth_date": typed_born,
        "tells_birth_date": pa.array(person % 5 > 0),
        "tells_little": pa.array(person % 9 == 4),
    }
    for device in range(3):
        owner = np.where(people.shares_device & (device == 1), person // 2 * 2, person)
        columns[f"anonymous_{device}"] = _anonymous_ids(draws, owner, device)
    return pa.table(columns)


def _taken(words: list[str] | tuple[str, ...], places: Ints) -> pa.Array:
    return pa.array(words, pa.string()).take(pa.array(places))


def _around(draws: Draws, purpose: str, person: Ints, city: Ints, place: int, degrees: float) -> pa.Array:
    """Somewhere around the centre of the city, as texts of degrees with four digits."""
    centre = np.array([float(entry[place]) for entry in CITIES])[city]
    found = centre + degrees * (2 * draws.unit(purpose, person) - 1)
    return pa.array(np.char.mod("%.4f", found))


def _text(numbers: Ints, start: int = 0) -> pa.Array:
    texts = pa.array(numbers).cast(pa.string())
    return pc.utf8_slice_codeunits(texts, start) if start else texts


def _ascii(texts: pa.Array) -> pa.Array:
    for letter, plain in ASCII.items():
        texts = pc.replace_substring(texts, letter, plain)
    return texts


def _birth_dates(draws: Draws, person: Ints) -> pa.Array:
    age_days = (np.clip(41 + 14 * draws.normal("age", person), 18, 88) * 365.25).astype(np.int32)
    return pa.array(19_700 - age_days, pa.int32()).cast(pa.date32()).cast(pa.string())


def _filled_in(person: Ints, first: pa.Array, last: pa.Array, born: pa.Array) -> tuple[pa.Array, pa.Array, pa.Array]:
    """Names and birth dates with slips of the pen: some names lack their last letter or stand in each other's place,
    in some dates two digits of the year are turned."""
    swapped, shorter, turned = pa.array(person % 11 == 3), pa.array(person % 3 == 1), pa.array(person % 7 == 2)
    hasty = pc.if_else(shorter, pc.utf8_slice_codeunits(last, 0, -1), last)
    parts = [pc.utf8_slice_codeunits(born, start, start + 1) for start in (3, 2)]
    year = pc.binary_join_element_wise(pc.utf8_slice_codeunits(born, 0, 2), *parts, "")
    other = pc.binary_join_element_wise(year, pc.utf8_slice_codeunits(born, 4, 10), "")
    return (
        pc.if_else(swapped, last, first),
        pc.if_else(swapped, first, hasty),
        pc.if_else(turned, other, born),
    )


def _anonymous_ids(draws: Draws, owner: Ints, device: int) -> pa.Array:
    """A browser's id: twelve digits that look random and are different for each owner and device."""
    start = int(draws.unit("browsers", np.zeros(1, np.int64))[0] * 10**12)
    number = ((owner * 3 + device) * 98_032_988_749 + start) % 10**12 + 10**12
    return pc.binary_join_element_wise("b", _text(number), "")
