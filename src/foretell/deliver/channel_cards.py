"""Every channel with how it stands, for people who set channels up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from foretell.definitions import Catalog
from foretell.deliver import channel_document
from foretell.deliver.channels.base import MEDIA, ChannelKind, Medium
from foretell.deliver.dead_letters import dead_by_channel
from foretell.deliver.standings import ChannelStanding, standings
from foretell.deliver.trying import opened
from foretell.engine import Engine
from foretell.errors import ForetellError

HOOKS = "/hooks/channels/"
State = Literal["development", "ready", "incomplete", "failing"]


@dataclass(frozen=True)
class ChannelCard:
    """A channel and how it stands.

    Args:
        documented: a document chooses its implementation; else it is the development channel of its medium.
        state: ``development``: lands in the inbox; ``incomplete``: a secret or package is missing, or a setting is
            wrong, ``problem`` says which; ``failing``: the last message it was handed did not go; else ``ready``.
        hook_url: where its vendor posts what became of messages; None where it tells nothing.
        rate: so many ``messages`` each so many ``seconds``; None without one.
        dead: messages that were given up or refused.
    """

    key: str
    title: str
    uses: str
    medium: Medium
    documented: bool
    idempotent: bool
    state: State
    problem: str
    next_step: str
    standing: ChannelStanding
    hook_url: str | None
    rate: tuple[int, float] | None
    dead: int


def channel_cards(engine: Engine, catalog: Catalog) -> list[ChannelCard]:
    """All channels: those of documents, and the development channels of media that have none."""
    known, dead = standings(engine), dead_by_channel(engine)
    keys = {document.key for document in catalog.all("channel")}
    keys |= {medium for medium in MEDIA if channel_document.kind_of(catalog, medium) is not None}
    found = []
    for key in sorted(keys, key=lambda key: (not catalog.has("channel", key), key)):
        kind = channel_document.kind_of(catalog, key)
        if kind is not None:
            found.append(_card(engine, catalog, key, kind, known.get(key), dead.get(key, 0)))
    return found


def _card(
    engine: Engine, catalog: Catalog, key: str, kind: ChannelKind, standing: ChannelStanding | None, dead: int
) -> ChannelCard:
    document = catalog.documents.get(("channel", key))
    spec = channel_document.spec_of(document) if document else None
    problem, next_step = _fault(engine, catalog, key)
    rate = spec.rate if spec is not None else None
    hook = f"{catalog.settings.sending.base_url}{HOOKS}{key}" if kind.receive is not None and document else None
    return ChannelCard(
        key,
        (spec.title if spec else None) or key,
        kind.name,
        kind.capabilities.medium,
        document is not None,
        kind.capabilities.idempotent,
        _state(kind, problem, standing),
        problem,
        next_step,
        standing or ChannelStanding(key),
        hook,
        None if rate is None else (rate.messages, rate.length.total_seconds()),
        dead,
    )


def _state(kind: ChannelKind, problem: str, standing: ChannelStanding | None) -> State:
    if problem:
        return "incomplete"
    if kind.development:
        return "development"
    failed = standing.failed_at if standing is not None else None
    accepted = standing.accepted_at if standing is not None else None
    return "failing" if failed is not None and (accepted is None or accepted < failed) else "ready"


def _fault(engine: Engine, catalog: Catalog, key: str) -> tuple[str, str]:
    try:
        with opened(engine, catalog, key):
            return "", ""
    except ForetellError as error:
        return error.what, error.next_step
    except ValueError as error:
        return str(error), "Mend the channel's settings."
