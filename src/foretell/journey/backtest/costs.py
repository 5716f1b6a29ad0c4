"""What the messages of a back-test would have cost, by the prices of the channels' documents."""

from __future__ import annotations

import numpy as np

from foretell.definitions import Catalog
from foretell.journey.backtest.counting import Guess, by_words, joined
from foretell.journey.backtest.report import ChannelCount
from foretell.journey.backtest.spans import Draws
from foretell.journey.backtest.told import Record
from foretell.money import micro_to_minor, to_micro


def channels(catalog: Catalog, record: Record) -> tuple[ChannelCount, ...]:
    """Every channel that was asked for messages, by key."""
    return tuple(_channel(catalog, record, key) for key in _keys(record))


def total_cost(catalog: Catalog, record: Record) -> Guess:
    """Of all messages, minor units; a channel's cost is rounded once."""
    costs = np.zeros(record.draws, np.int64)
    for key in _keys(record):
        costs += _costs(catalog, key, record.spread(_draws(record, key, "send")))
    return Guess.of(costs)


def price_of(catalog: Catalog, channel: str) -> int | None:
    """What a message over a channel costs, in micro units; None where its document does not say."""
    document = catalog.documents.get(("channel", channel))
    price = None if document is None else getattr(document.spec, "price", None)
    return None if price is None else to_micro(price)


def _keys(record: Record) -> list[str]:
    return sorted({one.channel for one in record.asked if len(one.run)} - {"ads"})


def _channel(catalog: Catalog, record: Record, key: str) -> ChannelCount:
    spread = record.spread(_draws(record, key, "send"))
    medium = next(record.words.known[one.medium[0]] for one in record.asked if one.channel == key and len(one.run))
    return ChannelCount(
        key,
        medium,
        Guess.of(spread),
        _reasons(record, key, "refuse"),
        _reasons(record, key, "defer"),
        price_of(catalog, key),
        Guess.of(_costs(catalog, key, spread)),
    )


def _costs(catalog: Catalog, key: str, sent: np.ndarray[tuple[int], np.dtype[np.int64]]) -> list[int]:
    price = price_of(catalog, key) or 0
    return [micro_to_minor(price * int(one), catalog.settings.currency) for one in sent]


def _draws(record: Record, key: str, decision: str) -> Draws:
    said = record.words.code(decision)
    return joined([one.draws[one.decision == said] for one in record.asked if one.channel == key], np.uint64)


def _reasons(record: Record, key: str, decision: str) -> dict[str, Guess]:
    said = record.words.code(decision)
    codes = joined([one.reason[one.decision == said] for one in record.asked if one.channel == key], np.int64)
    return by_words(codes, _draws(record, key, decision), record.draws, record.words)
