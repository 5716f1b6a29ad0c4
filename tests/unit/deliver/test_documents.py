"""Templates, channels and audiences as documents: what is wrong is told with file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from foretell import deliver
from foretell.definitions import Catalog, Problem, load
from foretell.deliver.links import tracked_html, tracked_text, with_pixel
from foretell.deliver.plain_text import text_of

KINDS = (deliver.TEMPLATE, deliver.CHANNEL, deliver.AUDIENCE)


def read(root: Path, folder: str, text: str, settings: str = "name: a\n") -> tuple[Catalog, list[Problem]]:
    (root / folder).mkdir()
    (root / folder / "one.yaml").write_text(text, encoding="utf-8")
    (root / "foretell.yaml").write_text(settings, encoding="utf-8")
    return load(root, KINDS, environ={})


def template(body: str) -> str:
    return f"kind: template\nkey: t\nspec:\n  subject: Hello\n  html: |\n    <p>Dear,</p>\n    {body}\n"


@pytest.mark.parametrize(
    ("body", "told", "next_step"),
    [
        ("{{ persn.first_name }}", "html: there is no variable called 'persn'", "Did you mean 'person'?"),
        ("{{ offer.cod }}", "html: offer has no 'cod'", "Did you mean 'code'?"),
        ("{{ person.name | upcaze }}", "html: there is no filter called 'upcaze'", None),
        ("{{ person.name", "html: expected '}}', found end of file", None),
        ("{% if offer %}x", "html: expected tag endif", None),
        ("{% nope %}", "html: unexpected tag 'nope'", None),
    ],
)
def test_mistakes_in_texts_have_their_line(tmp_path: Path, body: str, told: str, next_step: str | None) -> None:
    _, (problem,) = read(tmp_path, "templates", template(body))
    assert problem.message.startswith(told)
    assert problem.where == "templates/one.yaml:7"
    assert next_step in (None, problem.next_step)


def test_what_a_template_may_say(tmp_path: Path) -> None:
    good = template("{% if offer %}{{ offer.code }}{% endif %}{{ person.shoe_size }}{{ voucher }}{{ unsubscribe_url }}")
    catalog, problems = read(tmp_path, "templates", good + "  variables: {voucher: A number.}\n")
    assert problems == []
    assert catalog.has("template", "t")


@pytest.mark.parametrize(
    ("spec", "told"),
    [("subject: x", "says nothing"), ("html: <p>x</p>", "needs a subject"), ("sms: x\n  smss: y", "unknown key")],
)
def test_a_template_that_says_too_little(tmp_path: Path, spec: str, told: str) -> None:
    _, problems = read(tmp_path, "templates", f"kind: template\nkey: t\nspec:\n  {spec}\n")
    assert told in problems[0].message


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("key: email\nspec: {uses: smpt}", "there is no channel implementation 'smpt'"),
        ("key: sms\nspec: {uses: inbox_email}", "carries email and not sms"),
        ("key: email\nspec: {uses: smtp}", "host: field required"),
        ("key: email\nspec: {uses: smtp, settings: {host: h, security: none, username: u, password_secret: p}}",
         "settings: a password is never sent without encryption"),
        ("key: email\nspec: {uses: smtp, settings: {host: h, username: u, password_secret: p}}",
         "there is no secret called 'p'"),
    ],
)  # fmt: skip
def test_mistakes_in_channels(tmp_path: Path, text: str, told: str) -> None:
    _, problems = read(tmp_path, "channels", f"kind: channel\n{text}\n")
    assert told in problems[0].message


def test_an_audience_needs_a_channel_for_ads(tmp_path: Path) -> None:
    _, problems = read(tmp_path, "audiences", "kind: audience\nkey: a\nspec: {channel: email}\n")
    assert "carries no audiences" in " ".join(problem.message for problem in problems)


def test_links_are_told_and_others_left_alone() -> None:
    rest = "<a href='mailto:a@b.example'>B</a> <a href=\"#x\">C</a>"
    html = f'<a class="x" href="https://a.example/?b=1&amp;c=2">A</a> {rest}'
    assert tracked_html(html, lambda url, _topic: f"T({url})&") == (
        f'<a class="x" href="T(https://a.example/?b=1&amp;c=2)&amp;">A</a> {rest}'
    )
    assert (
        tracked_text("See https://a.example/b. Or not.", lambda url, _topic: f"<{url}>")
        == "See <https://a.example/b>. Or not."
    )
    assert with_pixel("<body>x</body>", "u").startswith("<body>x<img ")


def test_html_reads_as_text() -> None:
    html = "<style>p{}</style><h1>Hi &amp; hello</h1><p>One<br>two</p><ul><li>a</li></ul><a href='https://a.example'>Go</a>"
    assert text_of(html) == "Hi & hello\n\nOne\ntwo\n\n- a\n\nGo (https://a.example)"
