"""Improvements: who does what about which root causes, and since when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from foretell.clock import from_micros, micros
from foretell.engine import Engine, Tx
from foretell.errors import ForetellError, UsageError
from foretell.ids import stable_id
from foretell.listen.loop.model import Improvement

MOST_CAUSES, MOST_TITLE, MOST_TEXT, MOST_NAME = 50, 300, 10_000, 200
_COLUMNS = (
    "improvement_id", "title", "owner", "measure", "touchpoint", "started_at", "dropped_at", "created_at", "created_by",
    "changed_at", "changed_by", "version",
)  # fmt: skip
_INSTANTS = ("started_at", "dropped_at", "created_at", "changed_at")
Clearable = Literal["owner", "touchpoint", "started_at", "dropped_at"]


@dataclass(frozen=True)
class ImprovementChange:
    """What changes of an improvement; what is None stays.

    Args:
        clear: what is taken away: ``owner``, ``touchpoint``, ``started_at`` (it is planned again), ``dropped_at``.
        version: the version the change was made on; None overrides whatever is there.
    """

    title: str | None = None
    owner: str | None = None
    measure: str | None = None
    touchpoint: str | None = None
    root_causes: Sequence[str] | None = None
    started_at: datetime | None = None
    dropped_at: datetime | None = None
    clear: Sequence[Clearable] = ()
    version: int | None = None


def improve(engine: Engine, asked: ImprovementChange, *, by: str, now: datetime) -> Improvement:
    """Write down an improvement; asked the same at the same instant, it is one.

    Raises:
        UsageError: ``IMPROVEMENT_UNTITLED``, ``NO_ROOT_CAUSE``, ``TOO_LONG``, ``TOO_MANY_CAUSES``, ``BAD_START``.
    """
    told = _checked(asked, now)
    if not told.get("title"):
        raise UsageError("IMPROVEMENT_UNTITLED", "an improvement needs a title", next_step="Say what gets better.")
    causes = _causes(asked.root_causes or ())
    if not causes:
        raise UsageError("NO_ROOT_CAUSE", "an improvement is about at least one root cause", next_step="Name it.")
    key = stable_id("better", str(told["title"]), by, now.isoformat())
    row = {
        "owner": None, "measure": "", "touchpoint": None, "started_at": None, "dropped_at": None, **told,
        "improvement_id": key, "created_at": micros(now), "created_by": by, "changed_at": micros(now), "changed_by": by,
        "version": 1,
    }  # fmt: skip
    with engine.ops.write() as tx:
        tx.execute(
            f"INSERT INTO improvements ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))}) "
            "ON CONFLICT (improvement_id) DO NOTHING",
            [row[name] for name in _COLUMNS],
        )
        _keep_causes(tx, key, causes)
    return improvement(engine, key)


def change_improvement(
    engine: Engine, improvement_id: str, asked: ImprovementChange, *, by: str, now: datetime
) -> Improvement:
    """Change an improvement.

    Raises:
        UsageError: as :func:`improve`, ``UNKNOWN_IMPROVEMENT``.
        ForetellError: ``IMPROVEMENT_CHANGED`` where somebody else was faster.
    """
    told: dict[str, Any] = _checked(asked, now) | dict.fromkeys(asked.clear)
    if asked.title is not None and not told["title"]:
        raise UsageError("IMPROVEMENT_UNTITLED", "an improvement needs a title", next_step="Say what gets better.")
    causes = None if asked.root_causes is None else _causes(asked.root_causes)
    if causes is not None and not causes:
        raise UsageError("NO_ROOT_CAUSE", "an improvement is about at least one root cause", next_step="Name it.")
    before = improvement(engine, improvement_id)
    version = before.version if asked.version is None else asked.version
    told |= {"changed_at": micros(now), "changed_by": by}
    with engine.ops.write() as tx:
        names = ", ".join(f"{name} = ?" for name in told)
        if not tx.execute(
            f"UPDATE improvements SET {names}, version = version + 1 WHERE improvement_id = ? AND version = ?",
            [*told.values(), improvement_id, version],
        ):
            raise ForetellError(
                "IMPROVEMENT_CHANGED", "somebody else has changed this improvement meanwhile",
                thing=f"improvement {improvement_id}", next_step="Look at it again, then repeat the change.",
                transient=True,
            )  # fmt: skip
        if causes is not None:
            tx.execute("DELETE FROM improvement_causes WHERE improvement_id = ?", (improvement_id,))
            _keep_causes(tx, improvement_id, causes)
    return improvement(engine, improvement_id)


def remove_improvement(engine: Engine, improvement_id: str) -> None:
    """Take an improvement away; cases and their root causes stay. Raises ``UNKNOWN_IMPROVEMENT``."""
    improvement(engine, improvement_id)
    with engine.ops.write() as tx:
        tx.execute("DELETE FROM improvement_causes WHERE improvement_id = ?", (improvement_id,))
        tx.execute("DELETE FROM improvements WHERE improvement_id = ?", (improvement_id,))


def improvement(engine: Engine, improvement_id: str) -> Improvement:
    """One of them; raises ``UNKNOWN_IMPROVEMENT``."""
    found = _read(engine, "WHERE i.improvement_id = ?", (improvement_id,))
    if not found:
        next_step = "See `foretell improvement list`."
        raise UsageError("UNKNOWN_IMPROVEMENT", f"there is no improvement {improvement_id!r}", next_step=next_step)
    return found[0]


def improvements(engine: Engine) -> list[Improvement]:
    """All of them: those that hold the latest first, then the planned, then those that were given up."""
    return _read(engine, "", ())


def _read(engine: Engine, where: str, params: tuple[object, ...]) -> list[Improvement]:
    columns = ", ".join(f"i.{name}" for name in _COLUMNS)
    rows = engine.ops.query(
        f"SELECT {columns} FROM improvements i {where} ORDER BY CASE WHEN i.dropped_at IS NOT NULL THEN 2 "
        "WHEN i.started_at IS NULL THEN 1 ELSE 0 END, i.started_at DESC, i.created_at DESC, i.improvement_id",
        params,
    )
    causes: dict[str, list[str]] = {}
    for key, cause in engine.ops.query(
        "SELECT improvement_id, root_cause FROM improvement_causes ORDER BY improvement_id, root_cause"
    ):
        causes.setdefault(key, []).append(cause)
    found = []
    for row in rows:
        told = dict(zip(_COLUMNS, row, strict=True))
        told |= {name: None if told[name] is None else from_micros(told[name]) for name in _INSTANTS}
        told["root_causes"] = tuple(causes.get(told["improvement_id"], ()))
        found.append(Improvement(**told))
    return found


def _checked(asked: ImprovementChange, now: datetime) -> dict[str, Any]:
    """The columns that are told."""
    told: dict[str, Any] = {}
    for name, most in (("title", MOST_TITLE), ("owner", MOST_NAME), ("measure", MOST_TEXT), ("touchpoint", MOST_NAME)):
        value = getattr(asked, name)
        if value is None:
            continue
        if len(value) > most:
            raise UsageError("TOO_LONG", f"the {name} has {len(value):,} characters", next_step=f"At most {most:,}.")
        told[name] = value.strip()
    for name in ("started_at", "dropped_at"):
        value = getattr(asked, name)
        if value is None:
            continue
        if value > now:
            raise UsageError(
                "BAD_START", f"{value:%Y-%m-%d %H:%M} UTC is yet to come", thing="improvement",
                next_step="Leave it planned, and say since when it holds once it does.",
            )  # fmt: skip
        told[name] = micros(value)
    return told


def _causes(told: Sequence[str]) -> list[str]:
    causes = list(dict.fromkeys(one.strip() for one in told if one.strip()))
    if len(causes) > MOST_CAUSES:
        raise UsageError("TOO_MANY_CAUSES", f"{len(causes)} root causes", next_step=f"At most {MOST_CAUSES}.")
    for one in causes:
        if len(one) > MOST_NAME:
            raise UsageError("TOO_LONG", f"a root cause has {len(one)} characters", next_step=f"At most {MOST_NAME}.")
    return causes


def _keep_causes(tx: Tx, key: str, causes: Sequence[str]) -> None:
    tx.executemany(
        "INSERT INTO improvement_causes VALUES (?, ?) ON CONFLICT (improvement_id, root_cause) DO NOTHING",
        [(key, cause) for cause in causes],
    )
