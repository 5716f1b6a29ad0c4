"""Made-up records of people as a till, a CRM and a web shop write them down: slips of the pen, swapped and missing
fields. The same seed gives the same records."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

COLUMNS = (
    "record", "given_name", "surname", "house_number", "street", "city", "postcode", "date_of_birth", "email", "phone",
)  # fmt: skip
ENTITY = "person"
"""Column of :func:`make_records` that says whose record it is; it is not written to a file."""

_FIRST = (
    "anna", "ben", "clara", "david", "emma", "felix", "greta", "hugo", "ida", "jonas", "klara", "leon", "mia", "noah",
    "olga", "paul", "rosa", "samuel", "tilda", "viktor", "william", "zoe", "amelie", "bastian", "carlotta", "dominik",
)  # fmt: skip
_LAST = (
    "adler", "brandt", "conrad", "dietrich", "engel", "fischer", "graf", "hartmann", "jansen", "keller", "lang",
    "martens", "neumann", "otto", "peters", "richter", "schubert", "thiel", "ulrich", "vogel", "wagner", "ziegler",
    "lindqvist", "okafor", "moreau", "castellano", "nakamura", "petrovic", "oconnell", "haddad",
)  # fmt: skip
_STREETS = (
    "high street", "mill lane", "church road", "station street", "garden path", "park avenue", "river walk",
    "hill rise", "market place", "orchard close", "bridge street", "chapel lane", "forest drive", "queens road",
    "elm grove",
)  # fmt: skip
_CITIES = (("ashford", 10), ("burley", 20), ("carlow", 30), ("denholm", 40), ("elmswell", 50), ("fairlie", 60))
_MISSING = {"email": 0.45, "phone": 0.4, "date_of_birth": 0.12, "street": 0.1, "postcode": 0.05}
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def make_records(people: int, *, seed: int) -> list[dict[str, str]]:
    """One to four records of each of ``people``, in mixed order; the first is right, the others were typed in."""
    random = Random(seed)
    found = []
    for person in range(people):
        right = _person(random, person)
        for copy in range(random.choices((1, 2, 3, 4), (45, 30, 15, 10))[0]):
            found.append({**(_typed(random, right) if copy else right), "record": f"r{person}-{copy}"})
    random.shuffle(found)
    return found


def write_records(file: Path, records: Sequence[dict[str, str]]) -> None:
    """Write the columns that a shop would have as a CSV file."""
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, COLUMNS, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(records)


def _person(random: Random, person: int) -> dict[str, str]:
    first, last = random.choice(_FIRST), random.choice(_LAST)
    city, area = random.choice(_CITIES)
    born = f"{random.randint(1940, 2004)}-{random.randint(1, 12):02}-{random.randint(1, 28):02}"
    return {
        ENTITY: str(person),
        "given_name": first,
        "surname": last,
        "house_number": str(random.randint(1, 180)),
        "street": random.choice(_STREETS),
        "city": city,
        "postcode": f"{area}{random.randint(0, 399):03}",
        "date_of_birth": born,
        "email": f"{first}.{last}{random.randint(1, 9999)}@customers.example",
        "phone": f"0155{random.randint(10**6, 10**7 - 1)}",
    }


def _typed(random: Random, right: dict[str, str]) -> dict[str, str]:
    """The record typed in once more: some fields left out, one to three with a slip, names swapped at times."""
    record = dict(right)
    for name, missing in _MISSING.items():
        if random.random() < missing:
            record[name] = ""
    if random.random() < 0.04:
        record["given_name"], record["surname"] = record["surname"], record["given_name"]
    told = [name for name in COLUMNS[1:] if record[name] and name not in ("record",)]
    for name in random.sample(told, random.randint(1, 3)):
        record[name] = random.choice(_SLIPS)(random, record[name])
    return record


def _other_letter(random: Random, text: str) -> str:
    place = random.randrange(len(text))
    signs = "0123456789" if text[place].isdigit() else _LETTERS
    return text[:place] + random.choice(signs) + text[place + 1 :]


def _left_out(random: Random, text: str) -> str:
    place = random.randrange(len(text))
    return text[:place] + text[place + 1 :]


def _turned(random: Random, text: str) -> str:
    if len(text) < 2:
        return text
    place = random.randrange(len(text) - 1)
    return text[:place] + text[place + 1] + text[place] + text[place + 2 :]


_SLIPS: tuple[Callable[[Random, str], str], ...] = (_other_letter, _left_out, _turned)
