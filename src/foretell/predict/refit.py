"""The one fit of a trained prediction, made again: what a benchmark holds against the plain library."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from foretell.condition import Reader
from foretell.definitions import Catalog
from foretell.engine import Engine
from foretell.predict.binary.boosted import PARAMETERS, threads_for
from foretell.predict.binary.rows import Gatherer, Rows
from foretell.predict.binary.scored import AT_ONCE, scored
from foretell.predict.binary.stored import BinaryModel
from foretell.predict.document import spec_of
from foretell.predict.estimators import BOOSTED
from foretell.predict.estimators.base import Setting
from foretell.predict.estimators.boosted import library_values
from foretell.predict.features import Matrix, compute
from foretell.predict.population import Population
from foretell.predict.registry import latest_model
from foretell.predict.scoring import load_model
from foretell.predict.training import models_folder


@dataclass(frozen=True)
class Refit:
    """A boosted prediction of one horizon, and what its fit can be made again from.

    Args:
        origins: the newest instant whose outcomes the training saw: everybody's rows as of it are fitted.
        people: whom to score.
    """

    gatherer: Gatherer
    model: BinaryModel
    origins: tuple[datetime, ...]
    setting: Setting
    rounds: int
    people: Matrix

    @classmethod
    def of(cls, engine: Engine, catalog: Catalog, reader: Reader, key: str, as_of: datetime) -> Refit:
        """The model of ``key`` in use at ``as_of``, its rows and up to 250,000 people read anew."""
        spec = spec_of(catalog, key)
        found = latest_model(engine.ops, key, as_of)
        model: BinaryModel = load_model(models_folder(engine), key, found.model)
        (told,) = found.report["horizons"].values()
        origins = (max(map(datetime.fromisoformat, told["split"]["origins"])),)
        population = Population.of(reader, spec, as_of)
        members = population.population(as_of)
        gatherer = Gatherer(engine.analytics, model.plan, population, 1.0, f"{key}:{spec.seed}")
        chosen = {one.name: one for one in BOOSTED.settings}[told["tuning"]["chosen"]["name"]]
        people = compute(engine.analytics, model.plan, members.slice(0, AT_ONCE), as_of)
        return cls(gatherer, model, origins, chosen, told["rounds"], people)

    def rows(self) -> Rows:
        """What is learnt from, put together from the matrices of the origins."""
        part = self.model.horizons[0]
        return self.gatherer.rows(self.origins, part.horizon, part.names)

    def asked(self) -> npt.NDArray[np.float32]:
        """The features of the people to score, (n, k)."""
        return self.people.select(self.model.horizons[0].names)

    def made(self) -> int:
        """Rows put together, fitted, scored and given reasons; returns how many rows of scores there are."""
        trees = BOOSTED.learnt(self.setting, self.rows(), self.rounds, 0)
        model = replace(self.model, horizons=(replace(self.model.horizons[0], model=trees),))
        return int(scored(model, self.people, exact=False).num_rows)

    def library_parameters(self, rows: int) -> Mapping[str, Any]:
        """What the library is told for so many rows."""
        return {**PARAMETERS, **library_values(self.setting), "seed": 0, "nthread": threads_for(rows)}
