"""What templates may speak of, written for a batch of people at once: languages, blocks, orders, catalogue, topics."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from foretell import deliver
from foretell.definitions import Catalog, Positions, WorkspaceSettings, catalog_of, raise_errors
from foretell.engine import Engine
from foretell.errors import DefinitionErrors
from foretell.identify import find
from tests.support.small_events import NOW, event
from tests.support.small_sending import arrive, ask, open_sending, person, states


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with open_sending(tmp_path) as opened:
        arrive(
            opened,
            *person("ann", "email", "sms", language="de-CH"),
            *person("luca", "email", "sms", language="fr"),
            *person("maria", "email"),
        )
        yield opened


def written(root: Path, spec: Mapping[str, Any], *more: Mapping[str, Any], **settings: Any) -> Catalog:
    raws = [{"kind": "template", "key": "t", "spec": spec}, *more]
    kinds = (deliver.TEMPLATE, deliver.BLOCK, deliver.CHANNEL, deliver.AUDIENCE)
    read, problems = catalog_of(
        [(raw, Positions("test.yaml")) for raw in raws],
        kinds,
        root=root,
        settings=WorkspaceSettings.model_validate({"zone": "Europe/Zurich", **settings}),
    )
    raise_errors(problems)
    return read


def sent(engine: Engine, read: Catalog, *names: str, channel: str = "email", **row: Any) -> dict[str, Any]:
    ask(engine, read, *({"id": f"m-{name}", "who": name, "template": "t", "channel": channel, **row} for name in names))
    deliver.dispatch(engine, read, now=NOW + timedelta(hours=1))
    found = states(engine)
    return {
        name: deliver.inbox_message(engine, f"m-{name}") if found[f"m-{name}"] == "delivered" else None
        for name in names
    }


def bought(name: str, order: str, hours: float, revenue: float) -> dict[str, Any]:
    told = {"order_id": order, "currency": "EUR", "revenue": revenue}
    return event("Order Completed", f"{order}-c", hours, ids={"user_id": name}, properties=told)


def test_languages_fall_back_from_region_to_language_to_the_usual(engine: Engine, tmp_path: Path) -> None:
    read = written(
        tmp_path,
        {
            "language": "en",
            "subject": "{{ strings.hi }} {{ 1234.5 | money }}",
            "html": "<p>Hello {{ strings.bye }}</p>",
            "languages": {"de": {"html": "<p>Guten Tag {{ strings.bye }}</p>"}},
            "strings": {"hi": {"en": "Hi", "de": "Hallo", "fr": "Salut"}, "bye": {"en": "Bye"}},
        },
    )
    got = sent(engine, read, "ann", "luca", "maria")
    subjects = {name: message.head.subject.replace("\u00a0", " ") for name, message in got.items()}
    assert subjects == {"ann": "Hallo EUR 1’234.50", "luca": "Hi €1,234.50", "maria": "Hi €1,234.50"}
    assert "Guten Tag Bye" in got["ann"].html
    assert '<html lang="de"' in got["ann"].html
    assert ">Abmelden</a>" in got["ann"].html
    assert "Abmelden: http" in got["ann"].head.text
    assert "Hello Bye" in got["luca"].html
    assert ">Unsubscribe</a>" in got["luca"].html


def test_blocks_are_seen_by_those_they_are_for_and_give_their_topic(engine: Engine, tmp_path: Path) -> None:
    arrive(engine, bought("ann", "o1", -50, 5), bought("luca", "o2", 5, 5))
    read = written(
        tmp_path,
        {
            "subject": "x",
            "html": "<p>All</p>{{ blocks.buyers }}{{ blocks.everybody }}",
            "blocks": {
                "buyers": {"use": "shared", "topic": "cups"},
                "everybody": {"html": '<p><a href="https://a.example/e" data-topic="mugs">E</a></p>'},
            },
        },
        {
            "kind": "block",
            "key": "shared",
            "spec": {
                "when": {"did": "Order Completed"},
                "topic": "things",
                "html": '<p><a href="https://a.example/b">B</a></p>',
            },
        },
    )
    got = sent(engine, read, "ann", "luca")
    assert ">B</a>" in got["ann"].html
    assert "B (" in got["ann"].head.text
    assert ">B</a>" not in got["luca"].html, "the order came after the instant of the message"
    assert "B (" not in got["luca"].head.text
    signer = deliver.signer_of(engine, read.settings)
    clicks = [link.rpartition("/")[2] for link in got["ann"].links if "/s/c/" in link]
    told = {deliver.verify_token(signer, token).url: deliver.verify_token(signer, token).topic for token in clicks}
    assert told == {"https://a.example/b": "cups", "https://a.example/e": "mugs"}
    assert "data-topic" not in got["ann"].html


def test_a_click_tells_what_its_link_is_about(engine: Engine, tmp_path: Path) -> None:
    read = written(tmp_path, {"subject": "x", "html": '<a data-topic="sale" href="https://a.example/1">1</a>'})
    message = sent(engine, read, "ann", topic="news")["ann"]
    (token,) = (link.rpartition("/")[2] for link in message.links if "/s/c/" in link)
    said = deliver.verify_token(deliver.signer_of(engine, read.settings), token, "click")
    assert (said.message_id, said.url, said.topic) == ("m-ann", "https://a.example/1", "sale")
    (trap,) = (link.rpartition("/")[2] for link in message.links if "/s/h/" in link)
    assert deliver.verify_token(deliver.signer_of(engine, read.settings), trap, "trap").message_id == "m-ann"
    assert message.html.index("/s/h/") < message.html.index("/s/c/"), "whoever follows all of them follows it first"


def product(message: str, hours: float, **told: Any) -> dict[str, Any]:
    return event("Product Updated", message, hours, properties=told)


def test_orders_and_catalogue_as_of_the_instant_of_the_message(engine: Engine, tmp_path: Path) -> None:
    for told in (
        product("p1", -80, product_id="1", name="Cup", price=5, category="c"),
        product("p2", -80, product_id="2", name="Mug", price=7, category="c"),
        bought("ann", "o1", -60, 5),
        bought("ann", "o2", -40, 12),
        event("Order Cancelled", "o1-x", -30, ids={"user_id": "ann"}, properties={"order_id": "o1"}),
        event("Order Refunded", "o2-r", -20, ids={"user_id": "ann"}, properties={"order_id": "o2", "revenue": 2}),
        product("p3", 5, product_id="1", price=99),
        bought("ann", "o3", 6, 99),
    ):
        arrive(engine, told)
    text = (
        "{{ orders.count }}|{{ orders.revenue }}|{% if orders.last %}{{ orders.last.order_id }}{% endif %}|"
        "{% for line in event.items %}{{ catalogue[line.sku].name }} {{ catalogue[line.sku].price }},{% endfor %}|"
        "{% assign same = products | where: 'category', 'c' %}{{ same | map: 'product_id' | sort | join: '+' }}|"
        "{{ catalogue['none'].name | default: 'gone' }}"
    )
    began = json.dumps({"event": {"items": [{"sku": 2}, {"sku": "1"}]}})
    read = written(tmp_path, {"subject": "x", "text": text})
    got = sent(engine, read, "ann", "maria", variables=began)
    assert got["ann"].head.text.startswith("1|10.00|o2|Mug 7.00,Cup 5.00,|1+2|gone")
    assert got["maria"].head.text.startswith("0|0||Mug 7.00")


def test_the_event_that_began_the_run_and_what_is_wrong_stops_one(engine: Engine, tmp_path: Path) -> None:
    read = written(tmp_path, {"subject": "x", "text": "{{ event.total | money }} {{ event.items[0].name }}"})
    good = json.dumps({"event": {"name": "Cart Updated", "total": 5, "items": [{"name": "Cup"}]}})
    bad = json.dumps({"event": {"name": "Cart Updated", "total": "a lot"}})
    rows = [{"id": "m-ann", "who": "ann", "variables": good}, {"id": "m-luca", "who": "luca", "variables": bad}]
    ask(engine, read, *({**row, "template": "t"} for row in rows))
    report = deliver.dispatch(engine, read, now=NOW + timedelta(hours=1))
    assert (report.failed, report.sent) == (1, {"email": 1})
    assert deliver.inbox_message(engine, "m-ann").head.text.startswith("€5.00 Cup")
    assert "money needs a number" in engine.ops.query("SELECT error FROM messages WHERE message_id = 'm-luca'")[0][0]


def test_what_people_are_called_is_never_read_as_mjml_or_liquid(engine: Engine, tmp_path: Path) -> None:
    arrive(engine, *person("mal", "email", first_name="</mj-text>{{ company.name }}<script>"))
    spec = {
        "subject": "{{ person.first_name }}",
        "mjml": "<mj-section><mj-column><mj-text>{{ person.first_name }}</mj-text></mj-column></mj-section>",
    }
    message = sent(engine, written(tmp_path, spec), "mal")["mal"]
    assert "&lt;/mj-text&gt;{{ company.name }}&lt;script&gt;" in message.html
    assert message.head.subject == "</mj-text>{{ company.name }}<script>"


def test_text_messages_have_blocks_and_links_too(engine: Engine, tmp_path: Path) -> None:
    spec = {
        "sms": "Hi{{ blocks.extra }} https://a.example/",
        "blocks": {"extra": {"when": {"trait": "language", "is": "fr"}, "sms": " Salut", "html": "<b>no</b>"}},
    }
    got = sent(engine, written(tmp_path, spec), "ann", "luca", channel="sms")
    assert got["ann"].head.text.startswith("Hi http")
    assert got["luca"].head.text.startswith("Hi Salut http")


def test_a_preview_is_written_as_sent_and_leaves_nothing(engine: Engine, tmp_path: Path) -> None:
    read = written(
        tmp_path,
        {
            "language": "en",
            "subject": "Hello {{ person.first_name | default: 'you' }}",
            "html": '<p>{{ person.shoe_size }}</p><a data-topic="sale" href="https://a.example/">x</a>{{ blocks.b }}',
            "sms": "Hello {{ person.first_name }}",
            "languages": {"de": {"subject": "Hallo {{ person.first_name }}"}},
            "blocks": {"b": {"when": {"did": "Order Completed"}, "html": "<p>b</p>"}},
        },
    )
    key = find(engine, "user_id:ann").profile_key
    told = deliver.preview(engine, read, "t", key, at=NOW)
    assert told.outgoing is not None
    assert (told.outgoing.subject, told.language, told.wanted) == ("Hallo Ann", "de", "de-CH")
    assert told.outgoing.address == "ann@customers.example"
    assert 'href="https://a.example/"' in told.outgoing.html
    assert "/s/o/" not in told.outgoing.html
    assert [(need.name, need.guarded) for need in told.missing] == [("person.shoe_size", False)]
    assert told.blocks == {"b": False}
    assert told.topics == {"https://a.example/": "sale"}
    english = deliver.preview(engine, read, "t", key, at=NOW, language="en")
    assert english.outgoing is not None
    assert english.outgoing.subject == "Hello Ann"
    text = deliver.preview(engine, read, "t", key, at=NOW, medium="sms")
    assert text.sms == deliver.sms_size("Hello Ann")
    assert engine.ops.query("SELECT count(*) FROM messages")[0][0] == 0


def test_a_preview_says_why_it_cannot_be_written(engine: Engine, tmp_path: Path) -> None:
    read = written(tmp_path, {"subject": "x", "text": "{{ product.name }}"})
    told = deliver.preview(engine, read, "t", find(engine, "user_id:ann").profile_key, at=NOW)
    assert told.outgoing is None
    assert "needs product.name" in told.error


def test_who_lacks_a_value_is_counted(engine: Engine, tmp_path: Path) -> None:
    read = written(tmp_path, {"subject": "x", "text": "{{ person.language }} {{ person.first_name | default: 'x' }}"})
    traits = deliver.traits_without_default(read, "t")
    people = pa.array([find(engine, f"user_id:{name}").profile_key for name in ("ann", "luca", "maria")], pa.int64())
    assert traits == ["language"]
    assert deliver.lacking(engine, read, traits, people) == {"language": 1}


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ({"sms": "{{ blocks.nope }}"}, "there is no block called 'nope'"),
        ({"sms": "{{ strings.nope }}"}, "there is no string called 'nope'"),
        ({"sms": "x", "languages": {"xx": {}}}, "is no language"),
        ({"subject": "x", "html": "a", "mjml": "b"}, "written twice"),
        ({"sms": "x", "blocks": {"a": {"when": {"didd": "x"}}}}, "didd"),
        ({"subject": "x", "mjml": "<mj-section>\n<mj-texxt></mj-texxt></mj-section>"}, "did you mean <mj-text>?"),
    ],
)
def test_mistakes_in_templates(tmp_path: Path, spec: Mapping[str, Any], told: str) -> None:
    with pytest.raises(DefinitionErrors) as caught:
        written(tmp_path, spec)
    assert told in " ".join(error.what for error in caught.value.errors)
