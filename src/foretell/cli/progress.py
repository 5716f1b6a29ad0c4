"""How far long work is: bars on a terminal, nothing elsewhere."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from foretell.cli.output import log
from foretell.engine import Analytics, Spreading, at_work

_LOOK_SECONDS = 0.5


@dataclass
class Steps:
    """Progress of long work; silent without bars."""

    progress: Progress | None
    task: TaskID | None = None

    def begin(self, title: str, total: float | None = None) -> None:
        """Start the next piece of work; the one before is done."""
        if self.progress is None:
            return
        if self.task is not None:
            whole = self.progress.tasks[self.task].total or 1
            self.progress.update(self.task, completed=whole, total=whole)
        self.task = self.progress.add_task(title, total=total)

    def advance(self, by: float) -> None:
        """Some of the present piece is done."""
        if self.progress is not None and self.task is not None:
            self.progress.advance(self.task, by)

    def done(self, completed: float, total: float) -> None:
        """The present piece stands at ``completed`` of ``total``."""
        if self.progress is not None and self.task is not None:
            self.progress.update(self.task, completed=completed, total=total)


@contextmanager
def following(progress: Steps, analytics: Analytics) -> Iterator[None]:
    """While the block runs, the present piece stands where the cluster has got to; without one it is left alone."""
    ended = threading.Event()

    def follow() -> None:
        while not ended.wait(_LOOK_SECONDS):
            known = [work for work in at_work(analytics) if work.known]
            if known:
                progress.done(sum(work.done for work in known), sum(work.known for work in known))

    if progress.progress is None or not isinstance(analytics, Spreading):
        yield
        return
    follower = threading.Thread(target=follow, name="progress", daemon=True)
    follower.start()
    try:
        yield
    finally:
        ended.set()
        follower.join()


@contextmanager
def steps() -> Iterator[Steps]:
    """Progress bars while a block runs; silent where standard error is no terminal."""
    if not log.is_terminal:
        yield Steps(None)
        return
    with Progress(
        TextColumn("{task.description:<34}", markup=False), BarColumn(bar_width=32), TimeElapsedColumn(),
        TimeRemainingColumn(), console=log.console, transient=True,
    ) as progress:  # fmt: skip
        yield Steps(progress)
