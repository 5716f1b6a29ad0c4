"""People at each step of a journey, and the ways they went."""

from __future__ import annotations

import numpy as np

from foretell.journey.backtest.asking import Asking, needs
from foretell.journey.backtest.counting import Guess, by_words, joined
from foretell.journey.backtest.replies import Replies
from foretell.journey.backtest.report import ForeseenStep
from foretell.journey.backtest.told import Record
from foretell.journey.graph import StepNode, graph
from foretell.journey.published import Published
from foretell.journey.steps import kind_of


def assumes(published: Published) -> bool:
    """Whether what happens hangs on replies to messages."""
    named = [needs(published.tree(name)) for name in ("goal", "leave") if getattr(published.spec, name) is not None]
    for step in published.spec.steps:
        for name in kind_of(step).conditions:
            if getattr(step, name, None) is not None:
                named.append(needs(published.tree(name, step.key)))
    return any(named)


def steps(published: Published, asking: Asking, record: Record, replies: Replies) -> tuple[ForeseenStep, ...]:
    """The steps in the order of the document."""
    return tuple(_step(node, asking, record, replies) for node in graph(published.spec))


def _step(node: StepNode, asking: Asking, record: Record, replies: Replies) -> ForeseenStep:
    moved = [one for one in record.moved if one.step == node.key]
    fresh = joined([one.draws[one.fresh] for one in moved], np.uint64)
    here = joined([one.draws for one in record.rested if one.step == node.key and one.state == "active"], np.uint64)
    draws = joined([one.draws for one in moved], np.uint64)
    left = [one.to != record.words.code(node.key) for one in moved]
    ways = joined([one.to[which] for one, which in zip(moved, left, strict=True)], np.int64)
    gone = joined([one.draws[which] for one, which in zip(moved, left, strict=True)], np.uint64)
    opened = clicked = None
    if node.key in replies.senders:
        opened, clicked = (_replied(node.key, kind, asking, record, replies) for kind in ("opened", "clicked"))
    return ForeseenStep(
        node.key,
        node.kind,
        node.title,
        replies.senders[node.key].channel if node.key in replies.senders else "",
        Guess.of(record.spread(fresh)),
        Guess.of(record.spread(here)),
        by_words(joined([one.outcome for one in moved], np.int64), draws, record.draws, record.words),
        by_words(ways, gone, record.draws, record.words),
        opened,
        clicked,
    )


def _replied(step: str, kind: str, asking: Asking, record: Record, replies: Replies) -> Guess:
    """How many messages of a step are assumed to have been opened or clicked."""
    counts = np.zeros(record.draws, np.int64)
    numbers = np.arange(record.draws, dtype=np.uint64)
    for one in record.asked:
        if one.step != step:
            continue
        sent = one.decision == record.words.code("send")
        came = replies.counted(step, kind, asking.numbers[one.run[sent]], one.at[sent], record.draws)
        own = (one.draws[sent][:, None] >> numbers[None, :]) & np.uint64(1) == 1
        counts += (came & own).sum(axis=0)
    return Guess.of(counts)
