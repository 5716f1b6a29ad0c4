"""The data sets that ship with Foretell."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from foretell.errors import UsageError, explain_os_errors


@dataclass(frozen=True)
class Dataset:
    """A data set.

    Args:
        folder: name of its folder in this package.
        imports: (file below ``data/``, source document) in the order of importing.
        predictions: what is trained, in this order.
        credit: attribution that its licence asks for.
        person: somebody to look at in the next commands.
    """

    key: str
    folder: str
    imports: tuple[tuple[str, str], ...]
    predictions: tuple[str, ...]
    credit: str
    person: str

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
    "online-retail": Dataset(
        key="online-retail",
        folder="online_retail",
        imports=(("online_retail.parquet", "invoices"),),
        predictions=("churn", "clv"),
        credit="Data: Online Retail, Daqing Chen (2015), UCI Machine Learning Repository, CC BY 4.0.",
        person="17850",
    ),
}
"""By key."""
