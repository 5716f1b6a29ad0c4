"""``survey results`` and ``survey link``: what was answered to each question, and addresses to give away."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from foretell import deliver
from foretell.cli.opening import located, opened, optional_instant
from foretell.cli.options import HERE, AsJson, Workspace
from foretell.cli.output import emit_json, number, share
from foretell.cli.tables import cut, heading, right, say, table
from foretell.listen import asking, results, surveys

_TEXTS_SHOWN = 5


def add_to(app: typer.Typer) -> None:
    """Add both commands to those of surveys."""
    app.command("results")(show_results)
    app.command()(link)


def show_results(
    key: Annotated[str, typer.Argument(metavar="KEY", help="Key of the survey.")],
    workspace: Workspace = HERE,
    channel: Annotated[str | None, typer.Option("--channel", help="email, sms, web, link, qr or import.")] = None,
    language: Annotated[str | None, typer.Option("--language", metavar="TAG", help="Answered in it.")] = None,
    days: Annotated[int | None, typer.Option("--days", min=1, max=36_500, help="Of the last so many days.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show who was asked and answered, and what was answered to each question, with 90 % intervals."""
    with opened(workspace) as found:
        spec = surveys.spec_of(found.catalog.get("survey", key))
        since = None if days is None else found.clock.now() - timedelta(days=days)
        meant = results.Narrowed(channel=channel, language=language, since=since)
        standing = results.standing_of(found.engine, key, spec, meant)
        questions = results.results(found.engine, key, spec, meant)
        words = {
            part.slot.path: results.texts(found.engine, key, spec, part.slot.path, meant, limit=_TEXTS_SHOWN)
            for one in questions
            for part in one.parts
            if part.slot.holds == "text" and part.n
        }
    if as_json:
        told = {"answered": standing.answered, "complete": standing.complete, "last_at": standing.last_at}
        asked = None if standing.funnel is None else standing.funnel.counts()
        emit_json({"survey": key, **told, "funnel": asked, "questions": [asdict(one) for one in questions]})
        return
    _standing(standing)
    for one in questions:
        question = spec.question(one.key)
        assert question is not None
        heading(f"{surveys.text_of(question.ask, None, spec.language)} ({number(one.n)})")
        for part in one.parts:
            _part(part, spec, words.get(part.slot.path))


def link(
    key: Annotated[str, typer.Argument(metavar="KEY", help="Key of the survey.")],
    workspace: Workspace = HERE,
    channel: Annotated[
        str, typer.Option("--channel", help=f"How it is spread; answers say so: {', '.join(asking.CHANNELS)}.")
    ] = "link",
    until: Annotated[str | None, typer.Option("--until", metavar="T", help="It is over then; default: never.")] = None,
    qr: Annotated[Path | None, typer.Option("--qr", metavar="FILE", help="Write its QR code there, as SVG.")] = None,
    as_json: AsJson = False,
) -> None:
    """Print the address of a survey's page, to give to anybody."""
    with opened(workspace) as found:
        signer = deliver.signer_of(found.engine, found.settings)
        end = optional_instant(found, until)
        chosen = "qr" if qr is not None and channel == "link" else channel
        shared = asking.share(found.catalog, signer, key, channel=chosen, until=end, now=found.clock.now())
    if qr is not None:
        located(qr).write_text(asking.qr_code(shared.url), encoding="utf-8")
    if as_json:
        emit_json({**asdict(shared), "qr": None if qr is None else str(qr)})
    else:
        typer.echo(shared.url)


def _standing(standing: results.Standing) -> None:
    say(f"{number(standing.answered)} responses, {number(standing.complete)} of them to the end")
    if standing.funnel is not None and standing.funnel.sent:
        stages = [f"{stage} {number(count)}" for stage, count in standing.funnel.counts().items()]
        say(f"of those asked by a message: {', '.join(stages)}")


def _part(part: results.PartResult, spec: surveys.SurveySpec, words: results.TextPage | None) -> None:
    label = surveys.text_of(part.slot.label, None, spec.language)
    if label:
        say(f"{label} ({number(part.n)})", dim=True)
    if part.mean is not None:
        say(f"mean {part.mean.value:.2f} ({part.mean.low:.2f} to {part.mean.high:.2f})")
    if part.counts:
        table(
            [cut("answer"), right("responses"), right("share"), right("90 % interval")],
            [_counted(one, spec) for one in part.counts],
        )
    for row in words.rows if words else ():
        say(f"“{row.text}”", indent=2)
    if words is not None and words.total > len(words.rows):
        say(f"… {words.total - len(words.rows):,} more", indent=2, dim=True)


def _counted(one: results.Counted, spec: surveys.SurveySpec) -> tuple[Any, ...]:
    label = surveys.text_of(one.label, None, spec.language)
    if not one.share.n:
        return label, number(one.count), "–", ""
    return label, number(one.count), share(one.share.value), f"{share(one.share.low)} to {share(one.share.high)}"
