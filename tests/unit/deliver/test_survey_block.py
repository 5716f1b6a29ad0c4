"""The score of a survey in messages: rows of signed links, in every form and language; what lint says of them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from foretell import deliver, journey, listen
from foretell.definitions import Catalog, Positions, WorkspaceSettings, catalog_of, raise_errors
from foretell.engine import Engine
from foretell.errors import UsageError
from foretell.identify import find
from tests.support.small_events import NOW
from tests.support.small_sending import arrive, ask, open_sending, person, states

BASE = "https://mail.example"
ASK = {"en": "How likely?", "de": "Wie <wahrscheinlich>?", "ar": "ما مدى احتمال؟"}
NPS: dict[str, Any] = {
    "kind": "survey",
    "key": "nps",
    "spec": {
        "title": {"en": "Us", "de": "Wir"},
        "questions": [
            {"key": "recommend", "type": "nps", "ask": ASK},
            {"key": "stars", "type": "stars", "ask": "Stars?"},
            {"key": "why", "type": "text", "ask": "Why?"},
        ],
        "expires": "30d",
    },
}
HTML = "<p>{{ survey.question }}</p>{{ survey.buttons }}<p><a href='https://shop.example/'>Shop</a></p>"
CARRIED = json.dumps({"surveys": [{"survey": "nps", "touchpoint": "delivery", "again_us": 0, "order_id": "o7"}]})


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with open_sending(tmp_path_factory.mktemp("asking")) as opened:
        arrive(
            opened,
            *person("ann", "email", "sms"),
            *person("luca", "email", "sms", language="de-CH"),
            *person("maria", "email", "sms", language="ar"),
        )
        yield opened


def read(root: Path, spec: Mapping[str, Any], *more: Mapping[str, Any]) -> Catalog:
    raws = [{"kind": "template", "key": "t", "spec": {"subject": "One click", **spec}}, *(more or (NPS,))]
    kinds = (deliver.TEMPLATE, deliver.BLOCK, deliver.CHANNEL, listen.surveys.KIND)
    settings = {"zone": "Europe/Zurich", "sending": {"base_url": BASE, "survey_gap": "0d"}}
    found, problems = catalog_of(
        [(raw, Positions("test.yaml")) for raw in raws], kinds, root=root,
        settings=WorkspaceSettings.model_validate(settings),
    )  # fmt: skip
    raise_errors(problems)
    return found


def sent(engine: Engine, catalog: Catalog, name: str, channel: str = "email", variables: str = CARRIED) -> Any:
    """The message to somebody, as it lies in the inbox; None where it could not be written."""
    key = f"m-{name}-{channel}-{engine.ops.query('SELECT count(*) FROM messages')[0][0]}"
    row = {"id": key, "who": name, "template": "t", "channel": channel, "variables": variables}
    assert ask(engine, catalog, row) == [("send", "ok")]
    deliver.dispatch(engine, catalog, now=NOW + timedelta(hours=1))
    return deliver.inbox_message(engine, key) if states(engine)[key] == "delivered" else None


def links(text: str) -> list[str]:
    return [unescape(one) for one in re.findall(rf"{BASE}/s/[aq]/[^\s\"'<>]+", text)]


def tokens(engine: Engine, catalog: Catalog, text: str) -> list[deliver.Token]:
    signer = deliver.signer_of(engine, catalog.settings)
    return [deliver.open_survey_link(signer, one.rpartition("/")[2], now=NOW) for one in links(text)]


class _Balance(HTMLParser):
    """Every element is closed where it was opened."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ("meta", "br", "img", "link", "input", "hr"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def test_each_score_is_a_signed_link_that_says_message_question_and_value(engine: Engine, tmp_path: Path) -> None:
    catalog = read(tmp_path, {"html": HTML})
    mail = sent(engine, catalog, "ann")
    found = tokens(engine, catalog, mail.html)
    assert [(one.kind, one.survey, one.question) for one in found] == [("answer", "nps", "recommend")] * 11
    assert [one.value for one in found] == [str(score) for score in range(11)]
    assert {one.message_id for one in found} == {mail.head.message_id}
    ends = NOW + timedelta(days=30)
    assert {one.until for one in found} == {int(ends.timestamp())}
    balance = _Balance()
    balance.feed(mail.html)
    assert balance.open == []
    assert "<img" not in mail.html.replace('<img src="https://mail.example/s/o/', ""), "it needs no picture"


def test_answers_are_not_counted_as_clicks_before_they_are_given_and_other_links_are(
    engine: Engine, tmp_path: Path
) -> None:
    mail = sent(engine, read(tmp_path, {"html": HTML}), "ann")
    assert mail.html.count(f"{BASE}/s/c/") == 1, "the link to the shop"
    assert mail.head.text.count(f"{BASE}/s/q/") == 1
    assert "https://mail.example/s/c/" in mail.head.text


def test_the_plain_text_says_the_question_its_ends_and_where_to_answer(engine: Engine, tmp_path: Path) -> None:
    catalog = read(tmp_path, {"html": HTML, "language": "en", "languages": {"de": {}}})
    mail = sent(engine, catalog, "luca")
    assert "Wie <wahrscheinlich>?" in mail.head.text
    assert "Hier antworten: " in mail.head.text
    assert "<td" not in mail.head.text
    (told,) = tokens(engine, catalog, mail.head.text)
    assert (told.kind, told.survey) == ("survey", "nps")


def test_words_are_escaped_and_in_the_language_of_the_message(engine: Engine, tmp_path: Path) -> None:
    spec = {"html": HTML, "language": "en", "languages": {"de": {}, "ar": {}}}
    catalog = read(tmp_path, spec)
    assert "Wie &lt;wahrscheinlich&gt;?" in sent(engine, catalog, "luca").html
    arabic = sent(engine, catalog, "maria").html
    assert ASK["ar"] in arabic
    assert '<div dir="rtl"><table role="presentation" dir="ltr"' in arabic
    assert "How likely?" in sent(engine, catalog, "ann").html


def test_stars_are_stars_and_every_question_with_a_score_has_its_row(engine: Engine, tmp_path: Path) -> None:
    catalog = read(tmp_path, {"html": "{{ survey.questions.stars.buttons }}{{ surveys.nps.questions.recommend.low }}"})
    mail = sent(engine, catalog, "ann")
    assert [one.value for one in tokens(engine, catalog, mail.html)] == ["1", "2", "3", "4", "5"]
    assert ">★★★<" in mail.html
    assert 'aria-label="3 / 5"' in mail.html


@pytest.mark.parametrize(
    "spec",
    [
        {"mjml": "<mj-section><mj-column><mj-text>{{ survey.buttons }}</mj-text></mj-column></mj-section>"},
        {"html": "{{ blocks.scores }}", "blocks": {"scores": {"html": "{{ survey.buttons }}"}}},
        {"html": "{% for one in survey.scores %}<a href='{{ one.url }}'>{{ one.value }}</a>{% endfor %}"},
    ],
    ids=["mjml", "block", "by hand"],
)
def test_it_stands_in_every_form_of_a_mail(engine: Engine, tmp_path: Path, spec: dict[str, Any]) -> None:
    catalog = read(tmp_path, spec)
    mail = sent(engine, catalog, "ann")
    assert len(tokens(engine, catalog, mail.html)) == 11
    assert f"{BASE}/s/c/" not in mail.html


def test_a_text_message_says_where(engine: Engine, tmp_path: Path) -> None:
    catalog = read(tmp_path, {"sms": "{{ survey.question }} {{ survey.url }}"})
    text = sent(engine, catalog, "ann", "sms").head.text
    assert len(text) <= 160, "one part"
    (told,) = tokens(engine, catalog, text)
    invited = deliver.invitation(engine, told)
    assert invited is not None
    assert invited.profile_key == find(engine, "user_id:ann").profile_key
    assert (invited.medium, invited.about["order_id"], invited.thread) == ("sms", "o7", invited.message_id)


def test_without_a_survey_the_message_fails_and_says_so(engine: Engine, tmp_path: Path) -> None:
    catalog = read(tmp_path, {"html": HTML})
    assert sent(engine, catalog, "ann", variables="{}") is None
    ((error,),) = engine.ops.query("SELECT error FROM messages WHERE error IS NOT NULL ORDER BY message_id LIMIT 1")
    assert "the template needs survey" in error


def test_who_was_forgotten_leaves_links_that_lead_nowhere(tmp_path: Path) -> None:
    token = deliver.Token("survey", "m-gone", survey="nps")
    with open_sending(tmp_path / "data") as alone, pytest.raises(UsageError, match="belongs to nobody any more"):
        deliver.invitation(alone, token)


def test_a_preview_shows_the_scores_and_signs_nothing(engine: Engine, tmp_path: Path) -> None:
    catalog = read(tmp_path, {"html": HTML})
    key = find(engine, "user_id:ann").profile_key
    shown = deliver.preview(engine, catalog, "t", key, at=NOW, variables={"surveys": [{"survey": "nps"}]})
    assert shown.outgoing is not None
    assert f"{BASE}/s/a/preview?recommend=10" in shown.outgoing.html
    assert [need.name for need in shown.missing] == []


JOURNEY: dict[str, Any] = {
    "kind": "journey", "key": "j",
    "spec": {"trigger": {"event": "Order Completed"}, "steps": [{"key": "ask", "template": "t", "survey": "nps"}]},
}  # fmt: skip


@pytest.mark.parametrize(
    ("step", "html", "code"),
    [
        ({"survey": "nps", "template": "t"}, HTML, None),
        ({"survey": "nps", "template": "t"}, "<p>Hello</p>", "SURVEY_NOT_SHOWN"),
        ({"survey": "nps", "template": "x", "reminders": [{"after": "3d", "template": "t"}]}, "<p>Hi</p>",
         "SURVEY_NOT_SHOWN"),
        ({"send": "t"}, HTML, "SURVEY_NOT_SENT"),
        ({"send": "t"}, "{% if survey %}{{ survey.url }}{% endif %}", None),
        ({"send": "t"}, "<p>Hello</p>", None),
    ],
)  # fmt: skip
def test_lint_knows_what_is_shown_and_what_is_sent(
    tmp_path: Path, step: dict[str, Any], html: str, code: str | None
) -> None:
    other = {"kind": "template", "key": "x", "spec": {"subject": "x", "html": "{{ survey.buttons }}"}}
    raws = [{**JOURNEY, "spec": {**JOURNEY["spec"], "steps": [{"key": "ask", **step}]}}, NPS, other]
    template = {"kind": "template", "key": "t", "spec": {"subject": "x", "html": html}}
    kinds = (deliver.TEMPLATE, deliver.BLOCK, deliver.CHANNEL, listen.surveys.KIND, journey.KIND)
    found, problems = catalog_of(
        [(raw, Positions("test.yaml")) for raw in (template, *raws)], kinds, root=tmp_path,
        settings=WorkspaceSettings.model_validate({"sending": {"postal_address": "1 Main Street"}}),
    )  # fmt: skip
    raise_errors(problems)
    assert [one.code for one in deliver.lint(found, "t")] == ([code] if code else [])
