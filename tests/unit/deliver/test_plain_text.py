"""HTML read as plain text: as somebody would have written it."""

from __future__ import annotations

import pytest

from foretell.deliver.plain_text import text_of, text_with_liquid, tidied


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ('<p>See <a href="https://a.example/b">our shop</a>.</p>', "See our shop (https://a.example/b)."),
        ('<p><a href="https://a.example">https://a.example</a></p>', "https://a.example"),
        ('<a class="button" href="https://a.example">Buy now</a>', "Buy now:\nhttps://a.example"),
        ('<a href="mailto:a@b.example">a@b.example</a> <a href="#top">up</a>', "a@b.example up"),
        ("<ol><li>One</li><li>Two<ul><li>in</li></ul></li></ol><p>x</p>", "1. One\n2. Two\n  - in\n\nx"),
        ("<h2>Title</h2><p>a<br>b</p><hr><p>c</p>", "Title\n\na\nb\n\n--------------------\n\nc"),
        ("<table><tr><th>Item</th><th>Price</th></tr><tr><td>Cup</td><td>5</td></tr></table>", "Item | Price\nCup | 5"),
        ('<table role="presentation"><tr><td><p>a</p></td><td>b</td></tr></table>', "a\n\nb"),
        ('<div style="display: none">hidden<br>too</div><p>seen</p>', "seen"),
        ('<style>p{}</style><p>a</p><img src="x" alt="A cup"><img src="y" alt="">', "a\n\nA cup"),
        ("<!--[if mso]><p>Outlook</p><![endif]--><p>x &amp; y&nbsp;z</p>", "x & y z"),
    ],
)
def test_html_reads_as_text(html: str, text: str) -> None:
    assert text_of(html) == text


def test_liquid_stays_and_is_not_escaped_twice() -> None:
    link = "<a href=\"{{ c.url | default: 'https://x.example/' }}\">{{ d }}</a>"
    html = f"<p>{{{{ a | escape }}}}</p>{{% if b %}}<p>{link}</p>{{% endif %}}"
    assert text_with_liquid(html) == (
        "{{ a }}\n\n{% if b %}\n\n{{ d }} ({{ c.url | default: 'https://x.example/' }})\n\n{% endif %}"
    )


def test_empty_lines_are_one() -> None:
    assert tidied("a\n \n\n\n b  \n") == "a\n\n b"
