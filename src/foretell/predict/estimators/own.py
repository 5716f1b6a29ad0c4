"""Bring your own: a class in the style of scikit-learn, from ``models/NAME.py`` of the workspace or an entry point.

The file has a class (or function) ``Estimator`` that is called without arguments, or with ``random_state`` where it
takes one, and gives something with ``fit(x, y)`` and ``predict_proba(x)``: x are float32 rows (n, k) in which NaN is
unknown, y is 0.0 or 1.0. It may say how it explains itself, ``contributions(x)`` (n, k) on the scale of the logit, and
how it is stored, ``to_bytes()`` and the class method ``from_bytes(data)``; otherwise skops stores it, and ``TRUSTED``
in the file names the types beyond skops' own that it may hold.
"""

from __future__ import annotations

import hashlib
import importlib.util
import inspect
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from foretell.errors import ForetellError
from foretell.predict.binary.rows import Floats, Rows, finite
from foretell.predict.estimators.base import Marks, Setting, Single, Tried
from foretell.predict.estimators.kept import pack, unpack
from foretell.stats import floats, logit

ENTRY_POINTS = "foretell.estimators"
FOLDER = "models"
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_AT_ONCE = 20_000
_NEARLY = 1e-6
"""Probabilities of exactly 0 and 1 are drawn in so far, that they have a logit."""


@dataclass(frozen=True)
class OwnModel:
    """An object that has learnt.

    Args:
        usual: medians (k,) of what it learnt from, NaN where nothing was known.
        owner: for errors and for what is stored.
    """

    made: Any
    usual: Single
    owner: OwnEstimator

    def probability(self, x: Single) -> Floats:
        """What ``predict_proba`` says, checked; raises ``ESTIMATOR_ANSWERS``."""
        answer = self.owner.called("predict_proba", self.made.predict_proba, finite(x))
        p = np.asarray(answer, dtype=np.float64)
        p = p[:, 1] if p.ndim == 2 and p.shape[1] == 2 else p
        if p.shape != (len(x),):
            raise self.owner.refusal("ANSWERS", f"predict_proba gave an array of {p.shape} for {len(x)} rows")
        unknown = int((~np.isfinite(p)).sum())
        if unknown:
            raise self.owner.refusal("ANSWERS", f"predict_proba gave NaN for {unknown} of {len(x)} rows")
        if p.size and (p.min() < 0 or p.max() > 1):
            wrong = p.min() if p.min() < 0 else p.max()
            raise self.owner.refusal("ANSWERS", f"predict_proba gave {wrong:g}, which is no probability")
        return p

    def logits(self, x: Single) -> Floats:
        """Log-odds (n,)."""
        return logit(np.clip(self.probability(x), _NEARLY, 1 - _NEARLY))

    def contributions(self, x: Single, *, exact: bool) -> Single:
        """The object's own, else by how much the logit falls where a feature takes its usual value instead."""
        if callable(getattr(self.made, "contributions", None)):
            found = np.asarray(self.owner.called("contributions", self.made.contributions, x), dtype=np.float32)
            if found.shape != x.shape:
                raise self.owner.refusal("ANSWERS", f"contributions gave an array of {found.shape} for rows {x.shape}")
            return found
        parts = [self._without(x[at : at + _AT_ONCE]) for at in range(0, len(x), _AT_ONCE)]
        return np.concatenate(parts) if parts else np.zeros(x.shape, np.float32)

    def _without(self, x: Single) -> Single:
        whole = self.logits(x)
        found = np.empty(x.shape, np.float32)
        for place in range(x.shape[1]):
            other = x.copy()
            other[:, place] = self.usual[place]
            found[:, place] = whole - self.logits(other)
        return found

    def to_bytes(self, marks: Marks) -> bytes:
        """What the object says of itself, or what skops does."""
        head = {**marks, "source": self.owner.source, "usual": [float(one) for one in self.usual.tolist()]}
        return pack(self.made, head, self.owner.trusted, self.owner.refusal)


@dataclass(frozen=True)
class OwnEstimator:
    """An estimator that is not Foretell's.

    Args:
        make: the class or function ``Estimator``.
        source: hash of the file, or name and version of the package.
        where: the file or entry point, for errors.
        trusted: types that a stored object may hold.
    """

    name: str
    make: Callable[..., Any]
    source: str
    where: str
    thing: str
    trusted: tuple[str, ...] = ()
    suffix: str = ".own"
    grows_together: bool = False
    settings: tuple[Setting, ...] = field(default=(Setting("as it is"),))

    def tried(self, setting: Setting, learn: Rows, watch: Rows, seed: int) -> Tried:
        """Learnt from ``learn``; whether it stops early is its own affair."""
        return Tried((0,), self.learnt(setting, learn, 0, seed).probability(watch.x)[np.newaxis])

    def learnt(self, setting: Setting, rows: Rows, rounds: int, seed: int) -> OwnModel:
        """A fresh object after ``fit``; raises ``ESTIMATOR_UNFIT``, ``ESTIMATOR_BROKEN``."""
        seeded = "random_state" in _parameters(self.make)
        made = self.called("Estimator()", self.make, **({"random_state": seed % (1 << 31)} if seeded else {}))
        missing = [name for name in ("fit", "predict_proba") if not callable(getattr(made, name, None))]
        if missing:
            raise self.refusal("UNFIT", f"what Estimator() gives has no {' and no '.join(missing)}")
        self.called("fit", made.fit, finite(rows.x), rows.y)
        usual = np.full(rows.x.shape[1], np.nan, np.float32)
        known = np.isfinite(rows.x).any(axis=0)
        usual[known] = np.nanmedian(rows.x[:, known], axis=0)
        return OwnModel(made, usual, self)

    def load(self, data: bytes) -> tuple[OwnModel, Marks]:
        """The object and its marks; raises ``ESTIMATOR_CHANGED`` where the code is not the one that learnt."""
        head, made = unpack(data, self.make, self.trusted, self.source, self.refusal)
        usual = floats([np.nan if one is None else one for one in head["usual"]]).astype(np.float32)
        return OwnModel(made, usual, self), {name: text for name, text in head.items() if isinstance(text, str)}

    def called(self, what: str, function: Callable[..., Any], *values: Any, **named: Any) -> Any:
        """What ``function`` gives; anything it raises is said as a ``ESTIMATOR_BROKEN`` of the file."""
        try:
            return function(*values, **named)
        except ForetellError:
            raise
        except Exception as error:
            raise self.refusal("BROKEN", f"{what} raised {type(error).__name__}: {error}") from error

    def refusal(self, code: str, what: str, next_step: str | None = None) -> ForetellError:
        """An error that names the file."""
        step = next_step or f"Change {self.where}; docs/rooms/predict.md says what an estimator has to be able to do."
        return ForetellError(f"ESTIMATOR_{code}", what, thing=self.thing, where=self.where, next_step=step)


def own_estimator(name: str, workspace: Path | None, thing: str, known: tuple[str, ...]) -> OwnEstimator:
    """The estimator that ``models/NAME.py`` or an entry point brings."""
    path = None if workspace is None else workspace / FOLDER / f"{name}.py"
    if _NAME.fullmatch(name) and path is not None and path.is_file():
        where = f"{FOLDER}/{name}.py"
        source = path.read_bytes()
        digest = hashlib.blake2b(source, digest_size=16).hexdigest()
        module = _module(path, f"foretell_own_{name}_{digest}", where, thing)
        make: Any = getattr(module, "Estimator", None)
        trusted = (*getattr(module, "TRUSTED", ()), f"{module.__name__}.Estimator")
    else:
        point = next((one for one in entry_points(group=ENTRY_POINTS) if one.name == name), None)
        if point is None:
            raise ForetellError(
                "ESTIMATOR_MISSING",
                f"there is no estimator called {name!r}",
                thing=thing,
                next_step=f"Take one of {', '.join(known)}, or write {FOLDER}/{name}.py with a class Estimator.",
            )
        where, make = f"entry point {ENTRY_POINTS}:{name}", point.load()
        digest = "" if point.dist is None else f"{point.dist.name} {point.dist.version}"
        trusted = tuple(getattr(make, "TRUSTED", ()))
    found = OwnEstimator(name, make, digest, where, thing, trusted)
    if not callable(make):
        raise found.refusal("UNFIT", f"{where} has no class called Estimator")
    return found


def _module(path: Path, name: str, where: str, thing: str) -> ModuleType:
    """The file as a module, run once for each state of it."""
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException as error:
        del sys.modules[name]
        if not isinstance(error, Exception):
            raise
        what = f"{where} cannot be run: {type(error).__name__}: {error}"
        raise ForetellError(
            "ESTIMATOR_BROKEN", what, thing=thing, where=where, next_step="Run the file with Python and see."
        ) from error
    return module


def _parameters(make: Callable[..., Any]) -> frozenset[str]:
    try:
        return frozenset(inspect.signature(make).parameters)
    except (TypeError, ValueError):
        return frozenset()
