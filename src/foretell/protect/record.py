"""The record of processing activities, made from what the workspace really does.

Regulation (EU) 2016/679, Article 30: purposes and legal grounds from the consent document, categories of data from the
tracking plans and own tables, recipients from channels, audiences, exports and sources, retention and measures from the
settings.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from foretell.collect import planned_fields
from foretell.definitions import Catalog
from foretell.deliver import exports
from foretell.profile import purposes_of
from foretell.protect.erasing import Opened

_OWN_MEASURES = (
    "Every way out asks one door whether the purpose is allowed for a person; a contract test walks them all.",
    "Erasure rewrites stores, arrivals, exports, model files and back-ups, and leaves a certificate.",
    "Identifiers of people who were erased or suppressed are kept as HMAC-SHA256 under a key of the workspace alone.",
    "Links in messages are signed with a key of the workspace (HMAC-SHA256).",
    "Secrets are read from the environment and never written to definitions.",
)
_ASKS = {
    "consent": "consent, Article 6(1)(a)",
    "contract": "contract, Article 6(1)(b)",
    "legal_obligation": "legal obligation, Article 6(1)(c)",
    "legitimate_interest": "legitimate interest with objection, Article 6(1)(f)",
}


def processing_record(place: Opened) -> dict[str, Any]:
    """The record as plain JSON values."""
    catalog = place.catalog
    settings = catalog.settings
    purposes = purposes_of(catalog)
    named = sorted({*purposes.listed, *purposes.plain})
    return {
        "workspace": settings.name,
        "controller": settings.privacy.controller,
        "officer": settings.privacy.officer,
        "purposes": [
            {
                "name": name,
                "title": purposes.of(name).called("en") or name,
                "basis": _ASKS.get(purposes.of(name).basis, purposes.of(name).basis),
                "minors": purposes.of(name).minors,
            }
            for name in named
        ],
        "processing": [
            {"what": document.kind, "key": document.key, "title": _title(document)}
            for kind in ("prediction", "segment", "journey", "campaign", "survey")
            for document in catalog.all(kind)
        ],
        "data": _categories(catalog),
        "subjects": ["customers and prospects of the controller", "visitors of its sites and apps"],
        "sources": [
            {"key": document.key, "format": str(getattr(document.spec, "format", ""))}
            for document in catalog.all("source")
        ],
        "recipients": _recipients(catalog),
        "retention": [
            {"what": rule.event or f"trait {rule.trait}", "keep": rule.keep} for rule in settings.privacy.retention
        ],
        "kept_without_rule": "Everything else until the person asks for erasure.",
        "age_of_consent": settings.privacy.age_of_consent,
        "measures": [*_OWN_MEASURES, *settings.privacy.measures],
    }


def record_markdown(told: Mapping[str, Any]) -> str:
    """The record as Markdown."""
    lines = [f"# Record of processing: {told['workspace']}", ""]
    lines += [f"Controller: {told['controller'] or 'not named (privacy.controller in foretell.yaml)'}  "]
    lines += [f"Data protection officer: {told['officer'] or 'not named (privacy.officer in foretell.yaml)'}", ""]
    lines += ["## Purposes and legal grounds", ""]
    lines += _table(
        ("purpose", "title", "ground", "minors"),
        ((p["name"], p["title"], p["basis"], "yes" if p["minors"] else "no") for p in told["purposes"]),
    )
    lines += ["", "## What is done", ""]
    lines += _table(("what", "key", "title"), ((p["what"], p["key"], p["title"]) for p in told["processing"]))
    lines += ["", "## Whose data", "", *(f"- {one}" for one in told["subjects"])]
    lines += ["", "## Categories of data", ""]
    lines += _table(("category", "fields"), ((c["category"], ", ".join(c["fields"])) for c in told["data"]))
    lines += ["", "## Where it comes from", ""]
    lines += _table(("source", "format"), ((s["key"], s["format"]) for s in told["sources"]))
    lines += ["", "## Recipients", ""]
    lines += _table(("kind", "key", "who"), ((r["kind"], r["key"], r["who"]) for r in told["recipients"]))
    lines += ["", "## Retention", ""]
    lines += _table(("what", "kept for"), ((r["what"], r["keep"]) for r in told["retention"]))
    lines += ["", told["kept_without_rule"], "", f"Age of consent: {told['age_of_consent']} years.", ""]
    lines += ["## Security measures", "", *(f"- {one}" for one in told["measures"]), ""]
    return "\n".join(lines)


def _categories(catalog: Catalog) -> list[dict[str, Any]]:
    """Class of personal data → the fields that tracking plans and own tables put into it."""
    found: dict[str, set[str]] = {}
    for document in catalog.all("tracking"):
        for field in planned_fields(document):
            if field.pii is not None:
                name = f"{field.event}: {field.field}" if field.event else field.field
                found.setdefault(str(field.pii), set()).add(name)
    for document in catalog.all("table"):
        columns = getattr(document.spec, "columns", {})
        for name, column in columns.items():
            if getattr(column, "pii", None) is not None:
                found.setdefault(str(column.pii), set()).add(f"{document.key}.{name}")
    return [{"category": name, "fields": sorted(fields)} for name, fields in sorted(found.items())]


def _recipients(catalog: Catalog) -> list[dict[str, str]]:
    channels = [
        {"kind": "channel", "key": document.key, "who": str(getattr(document.spec, "uses", ""))}
        for document in catalog.all("channel")
    ]
    audiences = [
        {"kind": "audience", "key": document.key, "who": str(getattr(document.spec, "platform", None) or "platform")}
        for document in catalog.all("audience")
    ]
    exporting = [
        {"kind": "export", "key": document.key, "who": exports.target_of(document)}
        for document in catalog.all(exports.KIND.name)
    ]
    return [*channels, *audiences, *exporting]


def _title(document: Any) -> str:
    return str(getattr(document.spec, "title", None) or document.key)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    listed = [" | ".join(cell.replace("|", "\\|") for cell in row) for row in rows]
    if not listed:
        return ["None."]
    return [f"| {' | '.join(head)} |", "|" + "---|" * len(head), *(f"| {row} |" for row in listed)]
