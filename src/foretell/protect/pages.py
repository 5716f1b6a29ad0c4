"""A page of everything about a person: one file, nothing that runs, nothing that is fetched."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

_TITLES = {
    "identifiers": "What we know you by",
    "profiles": "In short",
    "traits": "What was told of you, and from where",
    "consents": "What you agreed to",
    "events": "What happened",
    "orders": "Orders",
    "order_items": "Lines of your orders",
    "sessions": "Visits to our site",
    "interviews": "Interviews we asked you for",
    "interview_notes": "What we noted in interviews",
    "persona_members": "Kinds of customers we counted you among",
    "messages_as_sent": "Messages we sent you",
    "messages": "Messages and what became of them",
    "predictions_explained": "What we expect, and why",
    "predictions": "What we expected before",
    "decisions": "Whether a message was sent, and why not",
    "cases": "What our team had to do for you",
    "restrictions": "Restrictions of processing",
    "requests": "What you asked of us",
}
"""Sections in the order in which they are read; others follow by name."""


def person_page(profile_id: str, told: Mapping[str, Sequence[Mapping[str, Any]]], now: datetime) -> str:
    """The page."""
    order = [*(name for name in _TITLES if name in told), *(name for name in told if name not in _TITLES)]
    links = "".join(f"<li><a href='#{name}'>{_title(name)}</a> ({len(told[name]):,})</li>" for name in order)
    parts = "".join(f"<h2 id='{name}'>{_title(name)}</h2>{_table(told[name])}" for name in order)
    return (
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        f"<title>Your data</title><style>{_STYLE}</style><h1>Your data</h1>"
        f"<p>Everything kept about {html.escape(profile_id)}, as of {now:%Y-%m-%d %H:%M} UTC. "
        f"The same stands in the folder <code>data</code>, for programs.</p><ul>{links}</ul>{parts}</html>"
    )


def _title(name: str) -> str:
    return html.escape(_TITLES.get(name, name.replace("_", " ").capitalize()))


def _table(rows: Sequence[Mapping[str, Any]]) -> str:
    names = list(dict.fromkeys(name for row in rows for name in row if name != "profile_id"))
    shown = [name for name in names if any(row.get(name) not in (None, "", {}, []) for row in rows)]
    head = "".join(f"<th>{html.escape(name.replace('_', ' '))}</th>" for name in shown)
    body = "".join("<tr>" + "".join(f"<td>{_cell(row.get(name))}</td>" for name in shown) + "</tr>" for row in rows)
    return f"<div class=w><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, Mapping):
        return "<br>".join(f"<b>{html.escape(str(name))}</b> {_cell(one)}" for name, one in value.items())
    if isinstance(value, list):
        return "<br>".join(map(_cell, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return html.escape(value if isinstance(value, str) else json.dumps(value))


_STYLE = (
    "body{font:14px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem;color:#1c1917}"
    "h2{font-size:1.1rem;margin-top:2.5rem}.w{overflow-x:auto}table{border-collapse:collapse;min-width:100%}"
    "td,th{text-align:left;vertical-align:top;border-bottom:1px solid #d6d3d1;padding:.3rem .6rem;max-width:32rem;"
    "overflow-wrap:anywhere}th{color:#57534e;font-weight:500}a{color:#0f766e}code{font-size:12px}"
)
