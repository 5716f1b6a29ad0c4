"""MJML becomes a mail once; Liquid, HTML within texts and topics come through untouched."""

from __future__ import annotations

import pytest

from foretell.deliver.links import links_in
from foretell.deliver.mjml_text import mail_of, mjml_fault
from foretell.deliver.plain_text import text_with_liquid
from foretell.errors import ForetellError


def column(content: str) -> str:
    return f"<mj-section><mj-column>{content}</mj-column></mj-section>"


def test_liquid_and_html_come_through_as_written() -> None:
    html = mail_of(
        column('<mj-text>{{ a | default: "<b>" }} & 1 < 2 <br> {% if x %}<i>y</i>{% endif %}</mj-text>'), "", ""
    )
    assert '{{ a | default: "<b>" }} & 1 < 2 <br> {% if x %}<i>y</i>{% endif %}' in html
    assert html.startswith("<!doctype html>")
    assert "color-scheme" in html
    assert "width:600px" in html


def test_a_condition_may_stand_around_sections_and_columns() -> None:
    two = "<mj-column><mj-text>a</mj-text></mj-column>"
    source = f"{{% if a %}}<mj-section>{two}{{% if b %}}{two}{{% endif %}}</mj-section>{{% endif %}}"
    html = mail_of(source, "", "")
    begins, ends = html.index("{% if a %}"), html.rindex("{% endif %}")
    assert html.count("max-width:600px") == 1
    assert begins < html.index("max-width:600px") < ends
    assert "mj-column-per-50" in html, "columns share the width, and a condition is none"


def test_topics_go_with_the_target_of_any_link() -> None:
    source = column(
        '<mj-button data-topic="sale" href="https://a.example/?b=1&c={{ d }}">Go</mj-button>'
        '<mj-image src="https://a.example/i.png" alt="" href="https://a.example/i" data-topic="pictures"/>'
        '<mj-text><a data-topic="club" href="https://a.example/club">x</a></mj-text>'
    )
    found = {link.target: link.topic for link in links_in(mail_of(source, "", ""))}
    assert found == {
        "https://a.example/?b=1&c={{ d }}": "sale",
        "https://a.example/i": "pictures",
        "https://a.example/club": "club",
    }


def test_footer_and_preheader_are_added_where_they_are_missing() -> None:
    html = mail_of(column("<mj-text>x</mj-text>"), "Look &amp; see", '<a href="{{ unsubscribe_url }}">Leave</a>')
    assert html.count("{{ unsubscribe_url }}") == 1
    assert "Look &amp; see" in html.partition("<body")[2]
    own = column('<mj-text><a href="{{ unsubscribe_url }}">Bye</a></mj-text>')
    whole = f"<mjml><mj-head><mj-preview>Mine</mj-preview></mj-head><mj-body>{own}</mj-body></mjml>"
    html = mail_of(whole, "Other", '<a href="{{ unsubscribe_url }}">Leave</a>')
    assert html.count("{{ unsubscribe_url }}") == 1
    assert "Other" not in html


@pytest.mark.parametrize(
    ("source", "line", "told"),
    [
        ("<mj-section>\n<mj-column>\n<mj-txt>x</mj-txt>\n</mj-column></mj-section>", 3, "did you mean <mj-text>?"),
        ("<mj-section>\n<mj-text>x</mj-text></mj-section>", 2, "<mj-text> belongs into <mj-attributes> or <mj-column>"),
        ("<mj-section>\n\n<mj-column>", 3, "<mj-column> is not closed"),
        ("<mj-section></mj-column>", 1, "<mj-section> is not closed"),
        ("{{ a }}\n<mj-section>\nhello</mj-section>", 2, "'hello' stands outside"),
        ("<mj-section><mj-column>\n<mj-text>x</mj-column></mj-section>", 2, "<mj-text> is not closed"),
        ("<mj-section><mj-column>\n<p>x</p></mj-column></mj-section>", 2, "there is no element <p>"),
        ("<mjml><mj-body></mj-body>\n</mjml></mjml>", 2, "</mjml> closes nothing"),
    ],
)
def test_what_is_wrong_has_its_line(source: str, line: int, told: str) -> None:
    fault = mjml_fault(source)
    assert fault is not None
    assert told in fault.message
    assert source.count("\n", 0, fault.offset) + 1 == line
    with pytest.raises(ForetellError, match=f"line {line}: "):
        mail_of(source, "", "")


def test_the_plain_text_of_a_mail_is_read_from_what_it_became() -> None:
    source = column(
        "<mj-text><h1>Hi {{ a }}</h1><ul><li>One</li><li>Two</li></ul></mj-text>"
        '<mj-button href="https://a.example">Take a look</mj-button>'
    )
    told = text_with_liquid(mail_of(source, "Hidden", ""))
    assert told == "Hi {{ a }}\n\n- One\n- Two\n\nTake a look:\nhttps://a.example"
