"""``journey backtest``: a journey on history, before it goes live."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from foretell.cli.opening import opened
from foretell.cli.options import HERE, AsJson, Workspace
from foretell.cli.output import emit_json, number
from foretell.cli.tables import heading, right, say, table
from foretell.clock import Duration, parse_instant
from foretell.errors import UsageError
from foretell.journey import backtest as bt
from foretell.money import minor_to_major


def run(
    key: Annotated[str, typer.Argument(help="Key of the journey.")],
    begin: Annotated[str, typer.Option("--from", help="First instant: a date, or a date and time.")],
    end: Annotated[str, typer.Option("--to", help="Last instant.")],
    draws: Annotated[int, typer.Option(help="How often replies are drawn, where something hangs on them.")] = 20,
    rescore: Annotated[
        str, typer.Option(help="never: stored scores; weekly: models trained for each week on what was complete then.")
    ] = "never",
    every: Annotated[str, typer.Option(help="From one tick to the next; people enter at ticks.")] = "1d",
    workspace: Workspace = HERE,
    as_json: AsJson = False,
) -> None:
    """Play a journey on history: who would have entered, what would have been sent; nothing is sent."""
    with opened(workspace) as found:
        zone = found.catalog.settings.zone_info
        question = bt.Question(
            parse_instant(begin, zone), parse_instant(end, zone), _length(every), draws, _rescore(rescore)
        )
        told = bt.backtest(found.engine, found.catalog, found.reader, key, question)
    if as_json:
        emit_json(told.as_dict())
        return
    _show(told)


def _length(text: str) -> timedelta:
    exact = Duration.parse(text).exact
    if exact is None:
        raise UsageError("BAD_DURATION", f"{text!r} is no steady length", next_step="Write hours or days: 6h, 1d.")
    return exact


def _rescore(text: str) -> bt.Rescore:
    if text == "weekly":
        return "weekly"
    if text == "never":
        return "never"
    raise UsageError("BAD_VALUE", f"--rescore {text!r}", next_step="Write never or weekly.")


def _show(told: bt.Backtest) -> None:
    begin, end = (one.astimezone(ZoneInfo(told.zone)) for one in (told.begin, told.end))
    heading(f"{told.title}, {begin:%Y-%m-%d} to {end:%Y-%m-%d}: what would have been")
    say(
        f"{_said(told.runs)} entries of {number(told.people)} people: {_said(told.treated)} treated, "
        f"{_said(told.held_out)} held out"
        + (f"; the cap on entries let {_said(told.kept_waiting)} wait." if told.kept_waiting.high else ".")
    )
    stopped = ", ".join(f"{_said(one)} {reason}" for reason, one in sorted(told.refused.items()))
    later = ", ".join(f"{_said(one)} {reason}" for reason, one in sorted(told.deferred.items()))
    say(
        f"{_said(told.sent)} messages" + (f"; not sent: {stopped}" if stopped else "")
        + (f"; put off: {later}." if later else ".")
    )  # fmt: skip
    if told.goal:
        treated, held_out = (_said(told.goal[arm]) for arm in ("treated", "held_out"))
        say(f"Goal by history: {treated} of the treated, {held_out} of the held out.")
    say("")
    _steps(told)
    _channels(told)
    _conflicts(told)
    _scores(told)
    for words in (*told.unforeseen, *told.limits):
        say(words, hang=2)


def _steps(told: bt.Backtest) -> None:
    table(
        ["step", "kind", right("came"), right("here"), "what happened"],
        [
            (one.key, one.kind, _said(one.arrived), _said(one.here),
             ", ".join(f"{_said(count)} {outcome}" for outcome, count in one.outcomes.items()))
            for one in told.steps
        ],
    )  # fmt: skip


def _channels(told: bt.Backtest) -> None:
    if not told.channels:
        return
    say("")
    table(
        ["channel", right("messages"), right("opened (assumed)"), right("clicked (assumed)"), right("cost")],
        [
            (one.channel, _said(one.sent), *(_replied(told, one.channel, kind) for kind in ("opened", "clicked")),
             "no price" if one.price is None else _money(one.cost, told.currency))
            for one in told.channels
        ],
    )  # fmt: skip
    if any(one.price is not None for one in told.channels):
        say(f"Cost: {_money(told.cost, told.currency)}" + _unpriced(told))
    say("")


def _unpriced(told: bt.Backtest) -> str:
    return f", without {', '.join(told.unpriced)}: their documents name no price." if told.unpriced else "."


def _replied(told: bt.Backtest, channel: str, kind: str) -> str:
    counts = [one for step in told.steps if step.channel == channel and (one := getattr(step, kind)) is not None]
    return ", ".join(_said(one) for one in counts)


def _conflicts(told: bt.Backtest) -> None:
    if told.conflicts:
        table(
            ["other journey", "state", right("people in both"), right("stopped ours"), right("stopped by ours")],
            [(one.journey, one.state, number(one.people), _said(one.before_ours), _said(one.after_ours))
             for one in told.conflicts],
        )  # fmt: skip
        say("")


def _scores(told: bt.Backtest) -> None:
    if not told.scores:
        return
    rows = []
    for one in told.scores:
        first = "none" if one.first is None else f"{one.first:%Y-%m-%d}"
        made, age = ("made for this", "to the next") if one.rescored else ("stored", one.max_age or "any")
        rows.append((one.prediction, one.horizon, made, number(one.scorings), first, age))
    table(["prediction", "horizon", "scores", right("scorings"), "first", "max age"], rows)
    say("")


def _said(guess: bt.Guess) -> str:
    """A number, with its interval where there is one."""
    if guess.low == guess.high:
        return number(guess.value)
    return f"{number(guess.value)} ({number(guess.low)} to {number(guess.high)})"


def _money(guess: bt.Guess, currency: str) -> str:
    low, value, high = (f"{minor_to_major(one, currency):,}" for one in (guess.low, guess.value, guess.high))
    return f"{value} {currency}" if low == high else f"{value} {currency} ({low} to {high})"
