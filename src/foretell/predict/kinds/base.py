"""What a kind of prediction has to be able to do, and what it is handed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import pyarrow as pa

from foretell.condition import Reader
from foretell.definitions import Catalog, Document
from foretell.engine import Engine
from foretell.predict.document import PredictionSpec
from foretell.predict.files import StoredModel
from foretell.predict.population import Population
from foretell.predict.training_report import TrainingReport


@dataclass(frozen=True)
class Lesson:
    """What is to be learnt from.

    Args:
        population: read as of any past instant; those who may not be learnt from are left out.
        first: when the history begins.
        as_of: the training instant; outcomes complete by then, known by then.
        sample_rows: people × instants that this process learns from.
    """

    engine: Engine
    catalog: Catalog
    reader: Reader
    document: Document
    spec: PredictionSpec
    population: Population
    first: datetime
    as_of: datetime
    seed: int
    sample_rows: int

    @property
    def thing(self) -> str:
        """What is trained, for errors."""
        return self.document.name

    @property
    def zone(self) -> ZoneInfo:
        """The workspace's time zone."""
        return self.catalog.settings.zone_info


@dataclass(frozen=True)
class Made:
    """What training made.

    Args:
        kind: name of the kind whose card it is; it loads the model and scores with it.
        digest: hash of everything that was learnt from; a part of the model's id.
        content: of the model's card.
        files: model id → file name → content.
        report: model id → report, without whom was left out.
        found: what was learnt, as its kind keeps it (a ``Trained``, a ``TrainedValue`` …), for what is done after
            training.
    """

    kind: str
    digest: str
    content: Mapping[str, Any]
    files: Callable[[str], Mapping[str, bytes]]
    report: Callable[[str], TrainingReport]
    found: Any


@dataclass(frozen=True)
class Plan:
    """A training that is fixed and not begun.

    Args:
        record: what is fixed before anything is fitted (splits, settings); it is stored with the run first.
        make: learns.
    """

    record: Mapping[str, Any]
    make: Callable[[], Made]


@dataclass(frozen=True)
class Asked:
    """What is to be scored.

    Args:
        key: of the prediction.
        people: column profile_key: the population as of ``as_of``; somebody is in it.
        exact_up_to: people up to which reasons come from exact TreeSHAP.
        spread_from: people from whom on a cluster scores where the rows lie.
    """

    engine: Engine
    catalog: Catalog
    key: str
    spec: PredictionSpec
    thing: str
    people: pa.Table
    as_of: datetime
    exact_up_to: int
    spread_from: int

    @property
    def exact(self) -> bool:
        """Whether reasons are to be exact."""
        return len(self.people) <= self.exact_up_to


@dataclass(frozen=True)
class Answer:
    """What a model says.

    Args:
        scores: :data:`~foretell.predict.binary.scored.SCORES`, one row for each person and horizon.
        further: other tables of the room, by name, with a column node_key and without prediction, as_of and model.
    """

    scores: pa.Table
    further: Mapping[str, pa.Table] = field(default_factory=dict)


class PredictionKind(Protocol):
    """One file of this folder each (``KIND``)."""

    @property
    def name(self) -> str:
        """As on the model's card."""
        ...

    def handles(self, spec: PredictionSpec) -> bool:
        """Whether it trains such documents; exactly one kind does."""
        ...

    def plan(self, lesson: Lesson) -> Plan:
        """Fix what is learnt from what; nothing is fitted yet. Raises where nothing can be learnt."""
        ...

    def load(self, stored: StoredModel) -> Any:
        """The model of checked files; raises ``MODEL_OTHER`` for a file of another model."""
        ...

    def score(self, asked: Asked, model: Any) -> Answer:
        """What the model says of the people."""
        ...
