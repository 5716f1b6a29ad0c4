"""``/healthz``: the process answers. ``/readyz``: the stores are open, the worker works, nothing piles up."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from foretell import collect
from foretell.web.errors import Told
from foretell.web.site import Here, Site
from foretell.web.worker import Work

router = APIRouter()


class Job(BaseModel):
    """A piece of the worker's work."""

    name: str
    failures: int = Field(description="How often it failed in a row; 0 when all is well.")
    done_at: str | None = Field(description="When it last went well, ISO 8601 in UTC.")
    error: Told | None = Field(description="What it failed with last.")


class Readiness(BaseModel):
    """Whether the server can do its work."""

    ready: bool
    stores: bool = Field(description="The stores answer.")
    worker: bool = Field(description="The worker's thread runs, where this server has one.")
    spool_waiting_bytes: int = Field(description="Durable events that are not in the views yet.")
    data_alerts: int = Field(description="Open alerts about the data of sources; the server can work with them.")
    jobs: list[Job]


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
    stores = bool(engine.ops.query("SELECT 1"))
    jobs = [_job(state) for state in site.worker.state()]
    works = site.worker.alive or not site.worker.wanted
    return Readiness(
        ready=stores and works and not any(job.failures for job in jobs),
        stores=stores,
        worker=works,
        spool_waiting_bytes=engine.spool_waiting_bytes(),
        data_alerts=len(collect.data_alerts(engine)),
        jobs=jobs,
    )


def _job(state: Work) -> Job:
    error = state.error
    told = None if error is None else Told(
        code=error.code, what=error.what, thing=error.thing, where=error.where, next_step=error.next_step
    )  # fmt: skip
    done = None if state.done_at is None else state.done_at.isoformat().replace("+00:00", "Z")
    return Job(name=state.name, failures=state.failures, done_at=done, error=told)
