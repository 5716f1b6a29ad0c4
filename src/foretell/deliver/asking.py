"""What somebody of the team asks for by a button of a message, and what they are answered."""

from __future__ import annotations

from foretell.definitions import Catalog
from foretell.deliver import channel_document
from foretell.deliver.channels.base import Asked, ChannelPlace, HookRequest
from foretell.engine import Engine


def asked(engine: Engine, catalog: Catalog, channel_key: str, request: HookRequest) -> list[Asked]:
    """What the request to ``/hooks/channels/KEY`` asks for; nothing where the channel has no buttons.

    Raises:
        UsageError: ``BAD_SIGNATURE``, ``BAD_JSON``, ``SECRET_MISSING``.
    """
    kind = channel_document.kind_of(catalog, channel_key)
    document = catalog.documents.get(("channel", channel_key))
    if kind is None or document is None or kind.asked is None:
        return []
    settings = kind.settings.model_validate(channel_document.spec_of(document).settings)
    return list(kind.asked(settings, ChannelPlace(catalog.settings, engine.ops), request))


def answer_asked(catalog: Catalog, channel_key: str, one: Asked, text: str) -> bool:
    """Say below the message what came of it; False where the vendor did not take that, which harms nothing."""
    kind = channel_document.kind_of(catalog, channel_key)
    document = catalog.documents.get(("channel", channel_key))
    if kind is None or document is None or kind.answers is None or not one.reply_to:
        return False
    settings = kind.settings.model_validate(channel_document.spec_of(document).settings)
    return kind.answers(settings, one, text)
