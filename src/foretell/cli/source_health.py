"""``source health``: whether everything arrives, in time and as usual."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import typer

from foretell import collect
from foretell.cli.opening import instant, opened
from foretell.cli.options import HERE, AsJson, AsOf, Workspace
from foretell.cli.output import emit_json
from foretell.cli.tables import cut, people, right, say, table
from foretell.collect import SourceHealth


def health(
    key: Annotated[str | None, typer.Argument(metavar="[KEY]", help="This source only.", show_default=False)] = None,
    workspace: Workspace = HERE,
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> None:
    """Show whether sources arrive in time and as usual: what is broken, and the data-quality score with its parts."""
    with opened(workspace) as found:
        now = instant(found, as_of)
        every = collect.source_health(found.engine, found.catalog, now=now)
    rows = [one for one in every if key is None or one.source == key]
    if as_json:
        total = collect.overall(one.score for one in rows)
        emit_json({"as_of": now.isoformat(), "score": _score(total), "sources": [_told(one) for one in rows]})
        return
    if not rows:
        say("Nothing ever came." if key is None else f"Nothing ever came of {key}.")
        return
    names = list(collect.QUALITY_WEIGHTS)
    table(
        ["source", right("score"), *(right(name) for name in names), right("24 hours"), "last event (UTC)"],
        [
            (
                one.source, "learning" if one.score.learning else _whole(one.score.value),
                *(_percent(one.score.parts[name]) for name in names),
                f"{one.days[-1].value:,.0f}", f"{one.last_at:%Y-%m-%d %H:%M}",
            )
            for one in rows
        ],
    )  # fmt: skip
    wrong = [each for one in rows for each in one.monitors if key or each.state in ("broken", "warn", "silent")]
    people.out("")
    if not wrong:
        say("All monitors are well, or still learning what is usual.")
        return
    table(
        ["source", "state", "monitor", cut("what"), cut("next")],
        [(each.source, each.state, each.name, each.sentence, each.next_step) for each in wrong],
    )


def _told(one: SourceHealth) -> dict[str, Any]:
    return {
        "source": one.source,
        "last_at": one.last_at.isoformat(),
        "last_hour": one.last_hour,
        "score": _score(one.score),
        "days": [asdict(day) for day in one.days],
        "monitors": [
            {**asdict(each), "since": each.since.isoformat() if each.since else None} for each in one.monitors
        ],
    }


def _score(score: collect.QualityScore) -> dict[str, Any]:
    weights = dict(collect.QUALITY_WEIGHTS)
    return {"value": score.value, "learning": score.learning, "parts": dict(score.parts), "weights": weights}


def _whole(value: float | None) -> str:
    return "" if value is None else f"{value:.0f}"


def _percent(value: float | None) -> str:
    return "" if value is None else f"{value:.1%}"
