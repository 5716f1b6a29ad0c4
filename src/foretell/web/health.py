"""``/healthz``: the process answers. ``/readyz``: it can do what its role is there for, or what keeps it from that."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from foretell import collect
from foretell.engine import Engine, at_work
from foretell.errors import ForetellError
from foretell.web.errors import Told
from foretell.web.site import Here, Site
from foretell.web.worker import Work

router = APIRouter()
T = TypeVar("T")


class Job(BaseModel):
    """A piece of the worker's work."""

    name: str
    failures: int = Field(description="How often it failed in a row; 0 when all is well.")
    done_at: str | None = Field(description="When it last went well, ISO 8601 in UTC.")
    error: Told | None = Field(description="What it failed with last.")


class Working(BaseModel):
    """What a cluster does for this server now."""

    what: str = Field(description="Its name, as on the cluster's own pages.")
    done: int = Field(description="Tasks that are done.")
    known: int = Field(description="Tasks known so far; more become known as the work goes on.")


class Readiness(BaseModel):
    """Whether the server can do its work."""

    ready: bool
    role: str = Field(description="What this process is there for: all, api or worker.")
    leads: bool = Field(description="This process answers for the views and does what is due.")
    led: bool = Field(description="This process or another that it knows of leads.")
    stores: bool = Field(description="The stores answer.")
    spool: bool = Field(description="Events that arrive can be made durable.")
    worker: bool = Field(description="The worker's thread runs, where this server has one.")
    spool_waiting_bytes: int = Field(description="Durable events that are not in the views yet.")
    data_alerts: int = Field(description="Open alerts about the data of sources; the server can work with them.")
    jobs: list[Job]
    at_work: list[Working] = Field(description="What Spark does for this server now; empty on one machine.")
    problems: list[Told] = Field(description="What keeps it from its work; empty where it is ready.")


@router.get("/healthz", include_in_schema=False)
async def alive() -> JSONResponse:
    """The process answers."""
    return JSONResponse({"alive": True}, headers={"cache-control": "no-store"})


@router.get("/readyz", include_in_schema=False)
def ready(site: Here) -> JSONResponse:
    """200 when it can work, 503 when it cannot."""
    state = readiness(site)
    return JSONResponse(state.model_dump(), 200 if state.ready else 503, headers={"cache-control": "no-store"})


def readiness(site: Site) -> Readiness:
    """How the server stands."""
    engine = site.workspace.engine
    problems: list[Told] = []
    stores = _tried(lambda: bool(engine.ops.look_up("SELECT 1")), False, problems)
    spool = _tried(lambda: _writes(engine), False, problems)
    waiting = _tried(engine.spool_waiting_bytes, 0, problems) if stores else 0
    alerts = _tried(lambda: len(collect.data_alerts(engine)), 0, problems) if stores else 0
    works = site.worker.alive or not site.worker.wanted
    if not works:
        problems.append(_told(_worker_ended()))
    jobs = [_job(state) for state in site.worker.state()]
    problems += [job.error for job in jobs if job.failures and job.error is not None]
    return Readiness(
        ready=not problems,
        role=site.role,
        leads=engine.has_analytics,
        led=engine.has_analytics or site.leader is not None,
        stores=stores,
        spool=spool,
        worker=works,
        spool_waiting_bytes=waiting,
        data_alerts=alerts,
        jobs=jobs,
        at_work=[Working(what=one.what, done=one.done, known=one.known) for one in at_work(engine.analytics)],
        problems=problems,
    )


def _writes(engine: Engine) -> bool:
    """True where the spool can be written; raises with what keeps it from that."""
    engine.spool_trial()
    return True


def _tried(look: Callable[[], T], otherwise: T, problems: list[Told]) -> T:
    """What ``look`` finds; where it cannot, that is a problem."""
    try:
        return look()
    except ForetellError as error:
        problems.append(_told(error))
        return otherwise


def _worker_ended() -> ForetellError:
    return ForetellError("WORKER_ENDED", "the thread that takes in events has ended", next_step="Start it again.")


def _job(state: Work) -> Job:
    done = None if state.done_at is None else state.done_at.isoformat().replace("+00:00", "Z")
    told = None if state.error is None else _told(state.error)
    return Job(name=state.name, failures=state.failures, done_at=done, error=told)


def _told(error: ForetellError) -> Told:
    return Told(code=error.code, what=error.what, thing=error.thing, where=error.where, next_step=error.next_step)
