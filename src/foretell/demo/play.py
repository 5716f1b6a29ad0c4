"""Playing a data set through: fill the workspace, learn, let the journey live, count."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from foretell import app, collect, definitions, journey, predict, segment
from foretell.app import Workspace
from foretell.clock import SteppedClock, utc
from foretell.demo import listening, living, reviews, team, wishes
from foretell.demo.datasets import Dataset
from foretell.demo.shop import ShopSettings, ShopWorld
from foretell.demo.summary import Steps, Summary, count, measured, more, told_journeys
from foretell.engine import UNSENT


@dataclass(frozen=True)
class Options:
    """What can be chosen.

    Args:
        seed: of everything random; None: the data set's own.
        people: how many live in the simulated world; None: as many as it says itself.
        days: how long the journey is played; None: as long as the data set says.
    """

    seed: int | None = None
    people: int | None = None
    days: int | None = None


def play(workspace: Workspace, clock: SteppedClock, dataset: Dataset, options: Options, steps: Steps) -> Summary:
    """Do the main job on ``dataset`` in an opened workspace that holds its definitions.

    Args:
        clock: the workspace's; it is moved through the last weeks of the data, and stands at their end.

    The instant of everything counted is the midnight after the last event, in the workspace's zone.
    """
    if options.days is not None:
        dataset = replace(dataset, lived=timedelta(days=options.days))
    if dataset.world is not None:
        # Lists are as old as the shop, so that its past can be asked about them; documents as the product's use there.
        lists = workspace.catalog.lists
        definitions.apply_lists(workspace.engine, workspace.root, lists, now=dataset.world.begin)
        clock.instant = dataset.world.begin + dataset.world.history
    app.apply(workspace)
    summary = Summary(dataset.key, str(workspace.root), workspace.settings.currency, clock.now())
    if dataset.world is None:
        _play_history(workspace, clock, dataset, options, summary, steps)
    else:
        _play_world(workspace, clock, dataset, options, summary, steps)
    _find_personas(workspace, summary, steps)
    count(workspace, summary)
    told_journeys(workspace, summary)
    measured(workspace, summary, steps)
    if dataset.world is not None:
        wishes.speak(workspace, summary.as_of)
        reviews.note(workspace, summary.as_of)
        team.improve(workspace, summary.as_of)
    return summary


def _play_history(
    workspace: Workspace, clock: SteppedClock, dataset: Dataset, options: Options, summary: Summary, steps: Steps
) -> None:
    """Real purchases: everything is known; the journey is played over the last weeks as they were."""
    summary.lines = _import(workspace, dataset, steps)
    summary.as_of = _after_the_end(workspace)
    begin = summary.as_of - dataset.lived
    _learn(workspace, clock, dataset.acting, begin, options.seed, steps, None)
    _start(workspace, dataset)
    steps.begin("Playing the journey", 1)
    while clock.instant < summary.as_of:
        clock.instant = min(clock.instant + dataset.every, summary.as_of)
        app.advance(workspace, clock.instant)
        steps.done((clock.instant - begin) / dataset.lived, 1)
    _learn(workspace, clock, dataset.predictions, summary.as_of, options.seed, steps, summary)


def _play_world(
    workspace: Workspace, clock: SteppedClock, dataset: Dataset, options: Options, summary: Summary, steps: Steps
) -> None:
    """A simulated world: it lives its history alone, then with the product beside it."""
    world = world_of(dataset, options, workspace.settings.zone)
    play_past(workspace, clock, dataset, world, options, steps, summary)
    play_journeys(workspace, clock, dataset, world, steps)
    summary.as_of = clock.instant
    predict.score(workspace.engine, workspace.catalog, workspace.reader, "clv", as_of=summary.as_of, now=summary.as_of)
    summary.lines = {"total": living.lines_told(workspace)}
    summary.listening = listening.heard(workspace, world)


def world_of(dataset: Dataset, options: Options, zone: str) -> ShopWorld:
    """The world of a data set that has one, at its beginning."""
    plan = dataset.world
    assert plan is not None
    seed = plan.seed if options.seed is None else options.seed
    own_survey_days = plan.history.days  # from then on it is Foretell that asks
    return ShopWorld(ShopSettings(options.people or plan.people, seed, plan.begin, zone, own_survey_days))


def play_past(
    workspace: Workspace,
    clock: SteppedClock,
    dataset: Dataset,
    world: ShopWorld,
    options: Options,
    steps: Steps,
    summary: Summary | None = None,
) -> None:
    """Let ``world`` live its history alone, take it in, and learn from it; the clock stands at its end.

    Args:
        summary: where the reports of what was learnt go.
    """
    assert dataset.world is not None
    clock.instant = dataset.world.begin + dataset.world.history
    steps.begin("Two years in the shop", 1)
    living.tell_history(workspace, world, clock.instant, steps)
    _learn(workspace, clock, dataset.predictions, clock.instant, options.seed, steps, summary)


def play_journeys(workspace: Workspace, clock: SteppedClock, dataset: Dataset, world: ShopWorld, steps: Steps) -> None:
    """Start the journeys, and let ``world`` and the product go on together from the world's present."""
    _start(workspace, dataset)
    steps.begin(f"{dataset.lived.days} days with the journey", 1)
    living.live(workspace, world, clock, world.now + dataset.lived, steps)


def _learn(
    workspace: Workspace,
    clock: SteppedClock,
    keys: tuple[str, ...],
    as_of: datetime,
    seed: int | None,
    steps: Steps,
    summary: Summary | None,
) -> None:
    """Train and score ``keys`` as of an instant; their reports go to the summary."""
    clock.instant = as_of
    rooms = (workspace.engine, workspace.catalog, workspace.reader)
    for key in keys:
        steps.begin(f"Training {key}")
        report = predict.train(*rooms, key, as_of=as_of, now=as_of, seed=seed)
        steps.begin(f"Scoring {key}")
        predict.score(*rooms, key, as_of=as_of, now=as_of)
        if summary is not None:
            told = report.as_dict()
            summary.predictions[key] = {**told["metrics"], **more(told)}
            summary.verdicts[key] = report.verdict


def _find_personas(workspace: Workspace, summary: Summary, steps: Steps) -> None:
    """Look for personas as of the end, where the workspace has a document of them."""
    if not workspace.catalog.all("persona"):
        return
    steps.begin("Looking for personas")
    rooms, at = (workspace.engine, workspace.catalog, workspace.reader), summary.as_of
    made = segment.personas.build(*rooms, as_of=at, now=at, by="demo")
    summary.personas_say = made.says
    summary.personas = {one.title: one.card["people"] for one in segment.personas.personas(workspace.engine.ops)}


def _start(workspace: Workspace, dataset: Dataset) -> None:
    for key in dataset.journeys:
        journey.start(workspace.engine, workspace.catalog, key, now=workspace.clock.now())


def _import(workspace: Workspace, dataset: Dataset, steps: Steps) -> dict[str, int]:
    lines: dict[str, int] = {}
    for file, source in dataset.imports:
        path = dataset.root / "data" / file
        steps.begin(f"Importing {file}", 1)
        (report,) = collect.import_files(
            workspace.engine,
            workspace.catalog,
            [path],
            source,
            now=workspace.clock.now(),
            progress=lambda _, read, size: steps.done(read, size),
            reader=workspace.frames,
        )
        for part in (report.mappings, report.skipped, {"quarantined": report.quarantined}):
            for name, number in part.items():
                lines[name] = lines.get(name, 0) + number
        lines["total"] = lines.get("total", 0) + report.rows
    return lines


def _after_the_end(workspace: Workspace) -> datetime:
    last = workspace.engine.analytics.query(f"SELECT max(ts) AS last FROM event_log WHERE source NOT IN ({UNSENT})")
    local = utc(last["last"][0].as_py()).astimezone(workspace.settings.zone_info) + timedelta(days=1)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight.astimezone(utc(last["last"][0].as_py()).tzinfo)
