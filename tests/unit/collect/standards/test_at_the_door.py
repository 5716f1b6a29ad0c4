"""Standards as a tracking plan calls them: in properties, elements of arrays, traits and identifiers."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa

from foretell.collect import CompiledPlan, decode_segment, email_identifier
from foretell.collect.standards import RATES_FILE, standards
from foretell.collect.tracking import Enforced, enforced
from tests.unit.collect.decoding import NOW
from tests.unit.collect.tracking.planned import loaded, order

RATES = "day,currency,rate\n2024-04-30,EUR,0.8546\n2024-05-01,USD,0.8\n2024-05-02,USD,0.5\n"
EVENT = """\
events:
  Order Completed:
    properties:
      order_id: {type: string}
      land: {type: string}
      tel: {standard: {name: phone, region: {field: land}}}
      total: {standard: {name: money, currency: {field: currency}, decimal: ","}}
      currency: {standard: currency}
      born: {standard: {name: date, order: day_first, past: true}}
      products:
        type: array
        items:
          price: {standard: {name: money, currency: {field: currency}}}
"""
TRAITS = """\
traits:
  email: {standard: email}
  phone: {standard: {name: phone, region: {field: country}}}
  country: {standard: country}
  name: {standard: name}
"""


def held(root: Path, plan: str, *messages: dict[str, Any]) -> Enforced:
    """Messages under a plan, in a workspace in Great Britain that counts in pounds and has rates."""
    (root / "reference").mkdir(exist_ok=True)
    (root / RATES_FILE).write_text(RATES)
    catalog, problems = loaded(root, shop=plan)
    assert [one.headline for one in problems if one.severity == "error"] == []
    rules = CompiledPlan(catalog).of("web")
    assert rules is not None
    lines = pa.array([json.dumps(one) for one in messages], pa.large_string())
    told = [(row, json.dumps(one["traits"])) for row, one in enumerate(messages) if "traits" in one]
    traits = pa.table({"row": pa.array([row for row, _ in told], pa.int64()), "token": [token for _, token in told]})
    return enforced(decode_segment(lines, source="web", received_at=NOW), rules, traits)


def breaches(found: Enforced) -> list[tuple[str, str]]:
    return sorted((row["field"], row["example"]) for row in found.decoded.remarks.to_pylist())


def test_every_standard_can_be_named_in_a_plan(tmp_path: Path) -> None:
    plain = [one for one in standards().values() if one.name not in ("address", "postcode", "region")]
    fields = "".join(f"      f_{one.name}: {{standard: {one.name}}}\n" for one in plain)
    plan = f"unplanned: allow\nevents:\n  Order Completed:\n    properties:\n      order_id: {{type: string}}\n{fields}"
    told = {f"f_{one.name}": one.examples[0].value for one in plain}
    found = held(tmp_path, plan, order(1, **told | {"f_phone": "+49 30 901820", "f_money": "12.50"}))
    row = found.decoded.properties.to_pylist()[0]
    for one in plain:
        normal = "+4930901820" if one.name == "phone" else one.examples[0].normal
        assert row[f"s:f_{one.name}"] == normal, one.name
        if one.gives_number:
            assert row[f"n:f_{one.name}"] == round(float(normal or 0) * 1_000_000)


def test_options_read_the_fields_beside_the_instant_and_the_rates(tmp_path: Path) -> None:
    berlin = {"land": "Deutschland", "tel": "030 901820", "currency": "US$", "total": "1.234,50", "born": "03/04/1985"}
    london = {"land": "UK", "tel": "020 7946 0958", "currency": "£", "total": 10.5, "born": "03/05/2024"}
    zurich = {"tel": "044 668 18 00", "currency": "CHF", "total": "10", "born": "31/02/2024"}
    found = held(tmp_path, EVENT, order(1, **berlin), order(2, **london), order(3, **zurich))
    names = ("s:tel", "s:currency", "n:total", "s:born")
    rows = [tuple(row[name] for name in names) for row in found.decoded.properties.to_pylist()]
    assert rows == [
        ("+4930901820", "USD", 987_600_000, "1985-04-03"),
        ("+442079460958", "GBP", 10_500_000, "03/05/2024"),
        ("044 668 18 00", "CHF", 10_000_000, "31/02/2024"),
    ]
    assert breaches(found) == [
        ("born", "03/05/2024"),
        ("born", "31/02/2024"),
        ("tel", "044 668 18 00"),
        ("total", "10"),
    ]
    assert json.loads(found.decoded.events["properties"][0].as_py())["total"] == "1.234,50"


def test_elements_read_the_currency_of_their_event(tmp_path: Path) -> None:
    products = [{"price": "10"}, {"price": 2.5}, {"price": "ten"}, {"price": None}]
    found = held(tmp_path, EVENT, order(1, currency="USD", total="12,50", products=products))
    prices = [row["n:price"] for row in found.decoded.elements.to_pylist() if row["array"] == "products"]
    assert prices == [8_000_000, 2_000_000, None, None]
    assert breaches(found) == [("products.price", "ten")]


def test_traits_and_the_identifiers_that_they_are(tmp_path: Path) -> None:
    people = [
        {"email": "Ann Lee <Ann@Example.com>", "phone": "030 901820", "country": "Germany", "name": "ANN MCDONALD"},
        {"email": "", "phone": "020 7946 0958", "country": "Atlantis", "name": "van der Berg"},
        {"email": "ann@@example.com", "phone": 442079460958},
    ]
    calls = [
        {"type": "identify", "userId": f"u{n}", "messageId": f"i{n}", "traits": one} for n, one in enumerate(people)
    ]
    found = held(tmp_path, TRAITS, *calls)
    traits = {(row["row"], row["trait"]): row["s"] for row in found.decoded.traits.to_pylist()}
    assert traits[0, "email"] == "ann@example.com"
    assert [traits.get((row, "phone")) for row in range(3)] == ["+4930901820", "+442079460958", "+442079460958"]
    assert [traits.get((row, "country")) for row in range(3)] == ["DE", "Atlantis", None]
    assert [traits.get((row, "name")) for row in range(3)] == ["Ann McDonald", "van der Berg", None]
    named = sorted((row["row"], row["kind"], row["value"]) for row in found.decoded.identifiers.to_pylist())
    assert [one for one in named if one[1] != "user_id"] == [
        (0, "email", "ann@example.com"),
        (0, "phone", "+4930901820"),
        (1, "phone", "+442079460958"),
        (2, "email", "ann@@example.com"),
        (2, "phone", "+442079460958"),
    ]
    assert breaches(found) == [("traits.country", "Atlantis"), ("traits.email", "ann@@example.com")]


def test_without_a_plan_an_address_names_one_person_however_it_is_written() -> None:
    odd = ["Ann Lee <Ann@Bücher.de>", "ann@xn--bcher-kva.de", " ANN@BÜCHER.DE; ", "mailto:ann@bücher.de"]
    plain = ["Bob@Example.com", "bob@example.com ", "not An Address", "x@y", "", 7]
    told = [
        {"type": "identify", "userId": "u", "messageId": f"i{n}", "traits": {"email": email}}
        | {"context": {"traits": {"email": "Ann <ann@bücher.de>"}} if n == 1 else {}}
        for n, email in enumerate([*odd, *plain])
    ]
    found = decode_segment(pa.array(map(json.dumps, told), pa.large_string()), source="web", received_at=NOW)
    named = [(row["row"], row["value"]) for row in found.identifiers.to_pylist() if row["kind"] == "email"]
    ann, bob = "ann@xn--bcher-kva.de", "bob@example.com"
    assert named[:6] == [(0, ann), (1, ann), (2, ann), (3, ann), (4, bob), (5, bob)]
    assert named[6:] == [(6, "not an address"), (7, "x@y"), (9, "7")]
    assert [row["s"] for row in found.traits.to_pylist()][:2] == odd[:2]
    for written in (*odd, "ann@bücher.de"):
        assert email_identifier(written) == ann
    assert email_identifier(" Not An Address ") == "not an address"


def test_usual_addresses_and_settings_do_not_load_the_libraries() -> None:
    program = (
        "import sys, pyarrow as pa\n"
        "from foretell.collect import email_identifier\n"
        "from foretell.collect.who import tidied\n"
        "from foretell.definitions import WorkspaceSettings\n"
        "WorkspaceSettings.model_validate({'locale': 'de-DE', 'currency': 'EUR'})\n"
        "rows = {'row': [0, 1], 'kind': ['email', 'user_id'], 'value': ['Ann@Example.com', 'x y@z']}\n"
        "print(tidied(pa.table(rows))['value'].to_pylist(), email_identifier('Bob@Example.com'))\n"
        "print(sorted({'email_validator', 'phonenumbers', 'pycountry', 'babel'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["['ann@example.com', 'x y@z'] bob@example.com", "[]"]
