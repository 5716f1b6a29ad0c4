"""``text``: what people write, how it feels and what it is about."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import pyarrow as pa
import pyarrow.compute as pc
import typer

from foretell.cli.opening import located, opened, optional_instant
from foretell.cli.options import HERE, AsJson, Workspace
from foretell.cli.output import emit_json, emit_rows, number, share
from foretell.cli.tables import cut, right, say, table
from foretell.errors import UsageError, explain_os_errors
from foretell.listen import text

app = typer.Typer(help="Texts: what people write, how it feels, what it is about.")
_Texts = Annotated[list[str] | None, typer.Argument(metavar="TEXT...", help="Texts.", show_default=False)]
_File = Annotated[
    Path | None, typer.Option("--file", metavar="CSV", help="Texts from a CSV file instead.", show_default=False)
]
_Column = Annotated[str, typer.Option(help="Its column with the texts.")]
_From = Annotated[str | None, typer.Option("--from", metavar="T", help="Begin; default: 90 days before the end.")]
_To = Annotated[str | None, typer.Option("--to", metavar="T", help="End; default: now.", show_default=False)]
_Survey = Annotated[str | None, typer.Option(help="Only answers to this survey.", show_default=False)]
_Theme = Annotated[str | None, typer.Option(help="Only texts of this theme.", show_default=False)]
_Sentiment = Annotated[str | None, typer.Option(help=f"{', '.join(text.SENTIMENTS)}.", show_default=False)]
_Limit = Annotated[int, typer.Option(min=1, max=200, help="How many at most.")]


@app.callback()
def group() -> None:
    """Texts: what people write, how it feels, what it is about."""


@app.command()
def judge(
    texts: _Texts = None, file: _File = None, column: _Column = "text", workspace: Workspace = HERE,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Judge texts: language, sentiment and its probability; personal data is masked in what is shown."""
    given = _given(texts, file, column)
    with opened(workspace) as found:
        judged = text.judge(given, text.models_of(found.engine))
        shown = text.mask(text.plain(given), region=text.region_of(found.settings))
    rows = judged.append_column("text", shown)
    if as_json:
        emit_rows(rows)
        return
    table(
        ["language", "sentiment", right("probability"), cut("text")],
        [
            (row["language"], row["sentiment"], share(row["probability"]), row["text"])
            for row in rows.slice(0, 1_000).to_pylist()
        ],
    )
    if pc.any(pc.equal(rows["sentiment"], "neutral")).as_py() and text.SHIPPED in rows["model"].to_pylist():
        say(text.ASSUMED)
    if rows.num_rows > 1_000:
        say(f"… {rows.num_rows - 1_000:,} more; --json writes all of them")


@app.command()
def themes(
    since: _From = None, until: _To = None, survey: _Survey = None, sentiment: _Sentiment = None,
    workspace: Workspace = HERE, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Show what people write about: how many, how it feels, and how many there were before."""
    with opened(workspace) as place:
        end = optional_instant(place, until) or place.clock.now()
        asked = text.TextsAsked(end, optional_instant(place, since), survey, sentiment=sentiment)
        found = text.themes(place.engine, asked)
    if as_json:
        emit_json(asdict(found))
        return
    table(
        ["theme", right("texts"), right("before"), right("people"), right("positive"), right("negative"), "named"],
        [
            (line.title or "(no theme)", number(line.texts), number(line.before), number(line.people),
             number(line.sentiments["positive"]), number(line.sentiments["negative"]),
             "by people" if line.named else "")
            for line in found.lines
        ],
    )  # fmt: skip
    say(f"{found.texts:,} texts of {found.people:,} people.")


@app.command()
def quotes(
    since: _From = None, until: _To = None, survey: _Survey = None, theme: _Theme = None,
    sentiment: _Sentiment = None, limit: _Limit = 10, workspace: Workspace = HERE, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Show quotes that stand for many, personal data masked."""
    with opened(workspace) as place:
        now = place.clock.now()
        asked = text.TextsAsked(
            optional_instant(place, until) or now, optional_instant(place, since), survey, sentiment=sentiment,
            theme=theme,
        )  # fmt: skip
        found = text.quotes(place.engine, place.settings, asked, now=now, limit=limit)
    if as_json:
        emit_json([asdict(one) for one in found])
        return
    table(
        ["sentiment", right("alike"), "themes", cut("quote")],
        [(one.sentiment, number(one.alike), ", ".join(one.themes), one.text) for one in found],
    )
    if any(one.assumed for one in found):
        say(text.ASSUMED)


@app.command()
def words(
    since: _From = None, until: _To = None, survey: _Survey = None, theme: _Theme = None,
    sentiment: _Sentiment = None, limit: _Limit = 40, workspace: Workspace = HERE, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Show the words that most texts have."""
    with opened(workspace) as place:
        asked = text.TextsAsked(
            optional_instant(place, until) or place.clock.now(), optional_instant(place, since), survey,
            sentiment=sentiment, theme=theme,
        )  # fmt: skip
        found = text.words(place.engine, asked, limit=limit)
    if as_json:
        emit_json([asdict(one) for one in found])
        return
    table(
        ["word", right("texts"), right("people"), right("positive"), right("negative")],
        [
            (one.word, number(one.texts), number(one.people), number(one.positive), number(one.negative))
            for one in found
        ],
    )


@app.command()
def train(
    file: Annotated[Path | None, typer.Argument(metavar="CSV", help="Of a router: sorted texts.")] = None,
    router: Annotated[
        str | None, typer.Option(metavar="KEY", help="Train a router of texts from CSV, by this key.")
    ] = None,
    column: _Column = "text",
    topic: Annotated[str, typer.Option(help="Its column that says where a text belongs.")] = "topic",
    language: Annotated[str | None, typer.Option(help="Only this language, e.g. de.", show_default=False)] = None,
    workspace: Workspace = HERE,
    as_json: AsJson = False,
) -> None:
    """Learn how texts feel from the scores beside them, or with --router where texts belong; kept only if better."""
    if (file is None) != (router is None):
        raise typer.BadParameter("a router needs its CSV file, and the file a --router KEY", param_hint="--router")
    with opened(workspace, "write") as place:
        if router is not None and file is not None:
            rows = _read(file, (column, topic))
            model, report = text.train_router(
                pa.array(rows[column], pa.string()), rows[topic], key=router, now=place.clock.now()
            )
            text.keep_router(place.engine, router, model)
            _tell_router(report, as_json)
            return
        found = text.train(place.engine, now=place.clock.now(), language=language)
    if as_json:
        emit_json([one.as_dict() for one in found])
        return
    if not found:
        say("No answer has a score and words in a language that can be told.")
        return
    table(
        ["language", right("texts"), "kept", right("log loss"), right("before"), right("accuracy"), right("before"),
         cut("why")],
        [
            (one.language, number(one.texts), "yes" if one.kept else "no", number(one.loss, 3),
             number(one.loss_before, 3), share(one.accuracy), share(one.accuracy_before), one.reason)
            for one in found
        ],
    )  # fmt: skip


@app.command()
def route(
    key: Annotated[str, typer.Argument(metavar="ROUTER", help="Key of the router.")],
    texts: _Texts = None, file: _File = None, column: _Column = "text", workspace: Workspace = HERE,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Say where texts belong, by a router that was trained."""
    given = _given(texts, file, column)
    with opened(workspace) as found:
        rows = text.route(given, text.router(found.engine, key))
    if as_json:
        emit_rows(rows.append_column("text", given))
        return
    table(
        ["topic", right("probability"), "nearest", cut("text")],
        [
            (row["topic"] or "–", share(row["probability"]), row["nearest"], one)
            for row, one in zip(rows.slice(0, 1_000).to_pylist(), given.slice(0, 1_000).to_pylist(), strict=True)
        ],
    )


def _tell_router(report: text.RouterReport, as_json: bool) -> None:
    if as_json:
        emit_json(asdict(report))
        return
    say(
        f"{report.texts:,} texts of {report.topics:,} topics. Of texts not trained on {report.accuracy:.1%} went where "
        f"people had put them; {report.sent:.1%} are likely enough to be sent, {report.accuracy_of_sent:.1%} of them "
        "rightly."
    )


def _given(texts: list[str] | None, file: Path | None, column: str) -> pa.Array:
    if bool(texts) == (file is not None):
        raise typer.BadParameter("give texts, or a file", param_hint="TEXT...")
    return pa.array(texts if file is None else _read(file, (column,))[column], pa.string())


def _read(file: Path, columns: tuple[str, ...]) -> Mapping[str, list[str]]:
    with explain_os_errors(str(file)), located(file).open(encoding="utf-8-sig", newline="", errors="replace") as lines:
        rows: list[dict[str, Any]] = list(csv.DictReader(lines))
    for column in columns:
        if not rows or column not in rows[0]:
            raise UsageError(
                "COLUMN_MISSING", f"the file has no column {column!r}" if rows else "the file has no rows",
                where=str(file), next_step="Name the column with --column or --topic.",
            )  # fmt: skip
    return {column: [row[column] or "" for row in rows] for column in columns}
