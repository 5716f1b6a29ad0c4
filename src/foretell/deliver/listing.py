"""All templates at a glance: what each is for, who sends it, when it went out last."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from foretell.clock import utc
from foretell.definitions import Catalog, Problem
from foretell.deliver.lint import lint
from foretell.deliver.senders import senders
from foretell.deliver.template_document import spec_of
from foretell.engine import Engine

_SENT = (
    "SELECT m.template, count(*) AS sent, max(m.sent_at) AS last_sent_at FROM messages m "
    "WHERE m.sent_at IS NOT NULL AND m.medium <> 'ads' GROUP BY m.template"
)


@dataclass(frozen=True)
class TemplateUse:
    """A document that sends a template, e.g. ``journey welcome``, and for which purpose."""

    name: str
    purpose: str


@dataclass(frozen=True)
class TemplateLook:
    """A template in the list.

    Args:
        languages: of its texts, its own first where it says which.
        doubts: what :func:`~foretell.deliver.lint` says of it.
        sent: messages that ever went out by it.
    """

    key: str
    title: str | None
    description: str | None
    media: tuple[str, ...]
    languages: tuple[str, ...]
    blocks: tuple[str, ...]
    used_by: tuple[TemplateUse, ...]
    doubts: tuple[Problem, ...]
    sent: int
    last_sent_at: datetime | None


def templates(engine: Engine, catalog: Catalog) -> list[TemplateLook]:
    """All templates that are valid, by key."""
    rows = engine.analytics.query(_SENT).to_pylist()
    sent = {row["template"]: row for row in rows}
    looks = []
    for document in catalog.all("template"):
        spec, row = spec_of(document), sent.get(document.key)
        uses = Counter((sender.name, sender.purpose) for sender in senders(catalog, document.key))
        looks.append(
            TemplateLook(
                document.key,
                spec.title,
                spec.description,
                spec.media,
                (*([spec.language] if spec.language else []), *spec.languages),
                tuple(spec.blocks),
                tuple(TemplateUse(*use) for use in uses),
                tuple(lint(catalog, document.key)),
                row["sent"] if row else 0,
                utc(row["last_sent_at"]) if row else None,
            )
        )
    return looks
