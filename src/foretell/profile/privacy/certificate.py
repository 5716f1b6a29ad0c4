"""The certificate of an erasure: what was removed where, when, by whom and on which request. It names nobody."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

_SPOOL = {
    "events": "events, cut out of the arrivals as they came",
    "bodies": "lines, rows and bodies that they and what was refused stood in",
    "quarantine": "rows of the quarantine",
    "catalogue_addresses": "addresses of products, cut to what names nobody",
}
_KEPT = "kept without a person: day, event, product, quantity and money under a random key"


def certificate(
    erasure: str,
    counts: Mapping[str, Any],
    *,
    requests: Sequence[str],
    made_by: str,
    begun_at: datetime,
    done_at: datetime,
) -> dict[str, Any]:
    """The certificate as plain JSON values.

    Args:
        counts: what the steps did, as they noted it.
    """
    places = [*_of_spool(counts.get("spool", {})), *_of_analytics(counts.get("analytics", {}))]
    places += _of_operational(counts.get("forgotten", {}))
    for door, told in counts.get("files", {}).items():
        places += [{"where": door, "what": what, "removed": number} for what, number in told["removed"].items()]
    left = [line for told in counts.get("files", {}).values() for line in told.get("left", [])]
    return {
        "certificate": erasure,
        "requests": list(requests),
        "made_by": made_by,
        "begun_at": begun_at.isoformat(timespec="seconds"),
        "done_at": done_at.isoformat(timespec="seconds"),
        "people": counts.get("people", 0),
        "subjects": counts.get("hashes", []),
        "subjects_are": "HMAC-SHA256 of kind, unit separator and value of each identifier, under the workspace's key",
        "places": [place for place in places if place["removed"] or place.get("anonymous")],
        "looked_at": {door: told["looked_at"] for door, told in counts.get("files", {}).items()},
        "left": left,
        "stores": "The operational and the analytics store were written anew; neither holds free pages or a log.",
    }


def certificate_html(made: Mapping[str, Any]) -> str:
    """The certificate as a page to be printed."""
    rows = "".join(
        f"<tr><td>{html.escape(place['where'])}</td><td>{html.escape(place['what'])}</td>"
        f"<td class=n>{place.get('removed', 0):,}</td><td class=n>{place.get('anonymous', 0):,}</td></tr>"
        for place in made["places"]
    )
    looked = "; ".join(f"{door}: {number:,} looked at" for door, number in made["looked_at"].items())
    left = "".join(f"<li>{html.escape(line)}</li>" for line in made["left"])
    facts = {
        "Certificate": made["certificate"],
        "Requests": ", ".join(made["requests"]) or "none was noted",
        "Erased by": made["made_by"],
        "Begun": made["begun_at"],
        "Done": made["done_at"],
        "People": f"{made['people']:,}",
    }
    told = "".join(f"<dt>{name}</dt><dd>{html.escape(str(value))}</dd>" for name, value in facts.items())
    subjects = "".join(f"<li><code>{html.escape(one)}</code></li>" for one in made["subjects"])
    return (
        "<!doctype html><html lang=en><meta charset=utf-8><title>Certificate of erasure</title>"
        f"<style>{_STYLE}</style><h1>Certificate of erasure</h1><dl>{told}</dl>"
        "<table><thead><tr><th>Where</th><th>What</th><th class=n>Removed</th><th class=n>Kept without a person</th>"
        f"</tr></thead><tbody>{rows}</tbody></table><p>{html.escape(made['stores'])} {html.escape(looked)}.</p>"
        + (f"<h2>Left, to be done by hand</h2><ul>{left}</ul>" if left else "")
        + f"<h2>Identifiers, as keyed hashes</h2><p>{html.escape(made['subjects_are'])}</p><ul>{subjects}</ul></html>"
    )


def certificate_text(made: Mapping[str, Any]) -> str:
    """The certificate as plain text."""
    lines = [
        f"Certificate of erasure {made['certificate']}",
        f"people {made['people']:,}, erased by {made['made_by']}, {made['begun_at']} to {made['done_at']}",
        f"requests: {', '.join(made['requests']) or 'none was noted'}",
        "",
    ]
    for place in made["places"]:
        kept = f", {place['anonymous']:,} kept without a person" if place.get("anonymous") else ""
        lines.append(f"{place['where']}: {place['what']}: {place.get('removed', 0):,} removed{kept}")
    lines += [f"{door}: {number:,} looked at" for door, number in made["looked_at"].items()]
    lines += ["", made["stores"], *(f"left: {line}" for line in made["left"])]
    return "\n".join(lines)


def _of_spool(told: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = [
        {"where": "arrivals" if name in ("events", "bodies") else "quarantine" if name == "quarantine" else "catalogue",
         "what": words, "removed": told.get(name, 0)}
        for name, words in _SPOOL.items()
    ]  # fmt: skip
    rests = told.get("rests", [])
    return [*found, {"where": "data folder", "what": "rests of crashes and rebuilds", "removed": len(rests)}]


def _of_analytics(told: Mapping[str, int]) -> list[dict[str, Any]]:
    found = []
    for name, rows in sorted(told.items()):
        how, _, table = name.partition(":")
        if how == "removed":
            found.append({"where": "analytics store", "what": f"rows of {table}", "removed": rows})
        else:
            what = f"rows of {table}, {_KEPT}"
            found.append({"where": "analytics store", "what": what, "removed": 0, "anonymous": rows})
    return found


def _of_operational(told: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {"where": "operational store", "what": f"rows of {table}", "removed": rows}
        for table, rows in sorted(told.items())
        if table != "suppressed_identifiers"
    ]


_STYLE = (
    "body{font:14px/1.5 system-ui,sans-serif;max-width:56rem;margin:3rem auto;padding:0 1rem;color:#1c1917}"
    "h1{font-size:1.5rem}h2{font-size:1.1rem;margin-top:2rem}dl{display:grid;grid-template-columns:8rem 1fr}"
    "dt{color:#57534e}dd{margin:0}table{width:100%;border-collapse:collapse}"
    "td,th{text-align:left;border-bottom:1px solid #d6d3d1;padding:.3rem .5rem}.n{text-align:right}"
    "code{font-size:12px;word-break:break-all}"
)
"""One sheet for the pages that privacy makes: they are files, and lie beside nothing."""
