"""What is doubtful about templates, each with file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from foretell import deliver
from foretell.definitions import load
from foretell.deliver.lint_html import link_fault

KINDS = (deliver.TEMPLATE, deliver.BLOCK)
SETTINGS = "name: a\nsending: {postal_address: 1 Main Street}\n"


def doubts(root: Path, spec: str, settings: str = SETTINGS) -> list[tuple[str, str]]:
    (root / "templates").mkdir()
    (root / "templates" / "t.yaml").write_text(f"kind: template\nkey: t\nspec:\n{spec}", encoding="utf-8")
    (root / "foretell.yaml").write_text(settings, encoding="utf-8")
    catalog, problems = load(root, KINDS, environ={})
    assert problems == []
    found = deliver.lint(catalog)
    assert all(problem.severity == "warning" and problem.next_step for problem in found)
    return [(problem.where.rpartition(":")[2], problem.code) for problem in found]


def html(*lines: str) -> str:
    return "  subject: x\n  html: |\n" + "".join(f"    {line}\n" for line in lines)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("{{ person.first_name }}", "NO_DEFAULT"),
        ("{{ product.name }}", "NO_DEFAULT"),
        ("{{ scores.churn.score | percent }}", "SCORE_SHOWN"),
        ('<a href="/sale">x</a>', "RELATIVE_LINK"),
        ('<a href="#">x</a>', "BROKEN_LINK"),
        ("<a>x</a>", "BROKEN_LINK"),
        ('<a href="ftp://a.example">x</a>', "UNKNOWN_SCHEME"),
        ('<a href="https://shop example/">x</a>', "BROKEN_LINK"),
        ('<img src="https://a.example/a.png">', "IMAGE_WITHOUT_ALT"),
        ('<img alt="" src="a.png">', "RELATIVE_IMAGE"),
        ('<img alt="" src="data:image/png;base64,AA">', "IMAGE_IN_MAIL"),
    ],
)
def test_doubts_have_their_line(tmp_path: Path, line: str, code: str) -> None:
    assert doubts(tmp_path, html("<p>Dear,</p>", line)) == [("7", code)]


def test_what_is_in_order(tmp_path: Path) -> None:
    lines = (
        "{{ person.first_name | default: 'you' }}{% if product %}{{ product.name }}{% endif %}",
        "{% if scores.churn.score > 0.5 %}We care.{% endif %}<!-- <img src=x> -->",
        "<a href=\"{{ product.url | default: 'https://a.example/' }}\">x</a>",
        "<a href='https://a.example/{{ person.id | default: 1 }}'>y</a>",
        '<a href="mailto:a@b.example">m</a> <a name="top"></a> <img alt="" src="{{ product.image_url }}">',
    )
    assert doubts(tmp_path, html(*lines)) == []


def test_mail_that_gmail_cuts_off(tmp_path: Path) -> None:
    assert doubts(tmp_path, html("<p>" + "x" * 103_000 + "</p>")) == [("5", "TOO_HEAVY")]


def test_advertising_names_an_address(tmp_path: Path) -> None:
    assert doubts(tmp_path, html("<p>x</p>"), "name: a\n") == [("1", "NO_POSTAL_ADDRESS")]


def test_a_footer_of_its_own_names_the_address_too(tmp_path: Path) -> None:
    own = "<mj-text><a href='{{ unsubscribe_url }}'>Bye</a></mj-text>"
    spec = f"  subject: x\n  mjml: |\n    <mj-section>\n    <mj-column>{own}</mj-column></mj-section>\n"
    assert doubts(tmp_path, spec) == [("7", "NO_POSTAL_ADDRESS")]


def test_text_messages_that_cost_more(tmp_path: Path) -> None:
    assert doubts(tmp_path, f"  sms: It’s {'a' * 300}\n") == [("4", "SMS_LONG"), ("4", "SMS_UNICODE")]


def test_words_that_lack_a_language(tmp_path: Path) -> None:
    spec = (
        "  language: en\n  sms: '{{ strings.hi }}'\n  languages: {de: {}, fr: {}}\n"
        "  strings:\n    hi: {en: Hi, de: Hallo}\n"
    )
    assert doubts(tmp_path, spec) == [("8", "MISSING_WORDS")]


@pytest.mark.parametrize(
    "target", ["https://a.example/x?y=1#z", "tel:+491", "#part", "{{ url }}/x", "http://127.0.0.1:8080/"]
)
def test_links_that_may_be(target: str) -> None:
    assert link_fault(target) is None
