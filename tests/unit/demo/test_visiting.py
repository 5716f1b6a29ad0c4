"""Browsers of the demo's people: what they find on a page, and what they send."""

from __future__ import annotations

import httpx

from foretell.demo.visiting import Form, form_of

PAGE = """
<form method="get" action="/search"><input name="q"></form>
<form method="post" action="/s/a/token?x=1&amp;y=2">
<input type="hidden" name="response" value="r&amp;1"><input type="hidden" name="who" value="">
<p class="trap"><input name="website"></p>
<input type="radio" name="score" value="9"><input type="radio" name="score" value="10" checked>
<input type="radio" name="help" value="9"><input type="checkbox" name="liked" value="price">
<textarea name="why"></textarea><button>Send</button></form>
<input name="outside" value="1">
"""


def page(text: str, status: int = 200) -> httpx.Response:
    return httpx.Response(status, text=text)


def test_a_form_that_is_posted_is_found_with_what_is_filled_in() -> None:
    found = form_of(page(PAGE), None)
    assert found == Form(
        "/s/a/token?x=1&y=2",
        {"response": "r&1", "who": "", "score": "10"},
        {"score": ["9", "10"], "help": ["9"]},
        ["why"],
    )


def test_a_score_is_chosen_where_the_first_question_has_it_and_nothing_is_chosen() -> None:
    plain = PAGE.replace(" checked", "")
    assert form_of(page(plain), "9").filled["score"] == "9"  # type: ignore[union-attr]
    assert form_of(page(PAGE), "9").filled["score"] == "10"  # type: ignore[union-attr]
    assert "help" not in form_of(page(plain), "9").filled  # type: ignore[union-attr]


def test_pages_without_a_form_and_errors_end_the_visit() -> None:
    assert form_of(page("<p>Thank you.</p>"), None) is None
    assert form_of(page(PAGE, 410), None) is None
