"""The data sets that ship with Foretell."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from foretell.errors import UsageError, explain_os_errors


@dataclass(frozen=True)
class WorldPlan:
    """A world that is simulated.

    Args:
        people: how many live in it, unless told otherwise.
        begin: when it begins, UTC.
        history: how long it lives before the product comes.
    """

    people: int
    seed: int
    begin: datetime
    history: timedelta


@dataclass(frozen=True)
class Dataset:
    """A data set.

    Args:
        folder: name of its folder in this package.
        imports: (file below ``data/``, source document) in the order of importing.
        predictions: what is trained, in this order.
        acting: what the journey acts on, trained as of the beginning of what is played.
        journeys: what is started.
        lived: how long the journey is played; every: from tick to tick.
        credit: attribution that its licence asks for.
        person: somebody to look at in the next commands; without one, somebody whom the journey wrote to.
        world: set where people are simulated.
    """

    key: str
    folder: str
    imports: tuple[tuple[str, str], ...]
    predictions: tuple[str, ...]
    acting: tuple[str, ...]
    journeys: tuple[str, ...]
    lived: timedelta
    every: timedelta
    credit: str
    person: str = ""
    world: WorldPlan | None = None

    @property
    def root(self) -> Path:
        """The folder."""
        return Path(__file__).parent / self.folder

    def write(self, directory: Path) -> None:
        """Put the workspace's definitions into ``directory``; one made before is kept.

        Raises:
            UsageError: ``WORKSPACE_NOT_EMPTY`` where something else lies there.
        """
        with explain_os_errors("demo"):
            if (directory / "foretell.yaml").exists():
                mine = (self.root / "workspace" / "foretell.yaml").read_bytes()
                if (directory / "foretell.yaml").read_bytes() == mine:
                    return
                raise self._foreign(directory)
            if directory.exists() and any(directory.iterdir()):
                raise self._foreign(directory)
            shutil.copytree(self.root / "workspace", directory, dirs_exist_ok=True)

    def _foreign(self, directory: Path) -> UsageError:
        return UsageError(
            "WORKSPACE_NOT_EMPTY",
            "something else lies in this folder",
            where=str(directory),
            next_step="Choose another one with --dir; nothing was changed.",
        )


DATASETS = {
    "shop": Dataset(
        key="shop",
        folder="shop",
        imports=(),
        predictions=("churn", "clv"),
        acting=(),
        journeys=("churn_rescue", "parcel_survey", "ticket_survey", "promoter_review"),
        lived=timedelta(days=49),
        every=timedelta(hours=12),
        credit="Data: simulated; see docs/reference/shop.md.",
        world=WorldPlan(2_500, 7, datetime(2024, 6, 3, tzinfo=UTC), timedelta(days=730)),
    ),
    "online-retail": Dataset(
        key="online-retail",
        folder="online_retail",
        imports=(("online_retail.parquet", "invoices"),),
        predictions=("churn", "clv"),
        acting=("churn",),
        journeys=("churn_rescue",),
        lived=timedelta(days=60),
        every=timedelta(days=1),
        credit="Data: Online Retail, Daqing Chen (2015), UCI Machine Learning Repository, CC BY 4.0.",
        person="17850",
    ),
}
"""By key."""
