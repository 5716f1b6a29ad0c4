"""How far long work is: bars on a terminal, nothing elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from foretell.cli.output import log


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
