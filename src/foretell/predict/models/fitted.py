"""What every model fitted by maximum likelihood has: parameters, evidence, draws and a model file."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np

from foretell.errors import ForetellError
from foretell.predict.models.likelihood import Optimum
from foretell.stats import LEVEL, Floats, normal_quantile

FORMAT = "foretell.model"
VERSION = 1


@dataclass(frozen=True)
class Evidence:
    """How the parameters were found. ``covariance`` (k, k) is of the log parameters, NaN if not converged."""

    people: int
    log_likelihood: float
    covariance: tuple[tuple[float, ...], ...]
    converged: bool
    reason: str
    starts: int
    agreeing: int
    evaluations: int

    @classmethod
    def of(cls, optimum: Optimum, people: int) -> Evidence:
        """The evidence of a search over ``people`` customers."""
        return cls(
            people,
            optimum.log_likelihood,
            tuple(tuple(row) for row in optimum.covariance.tolist()),
            optimum.converged,
            optimum.reason,
            optimum.starts,
            optimum.agreeing,
            optimum.evaluations,
        )


@dataclass(frozen=True)
class Fitted:
    """Positive parameters in the order of ``names``, in ``unit``, with their evidence."""

    values: tuple[float, ...]
    unit: str
    evidence: Evidence

    kind: ClassVar[str] = ""
    names: ClassVar[tuple[str, ...]] = ()

    @property
    def parameters(self) -> dict[str, float]:
        """Name → value."""
        return dict(zip(self.names, self.values, strict=True))

    def standard_errors(self) -> dict[str, float]:
        """Name → standard error in the parameter's own unit (delta method); NaN if not converged."""
        variances = [row[i] for i, row in enumerate(self.evidence.covariance)]
        pairs = zip(self.values, variances, strict=True)
        errors = [value * math.sqrt(variance) for value, variance in pairs]
        return dict(zip(self.names, errors, strict=True))

    def draws(self, count: int, seed: int) -> list[Self]:
        """``count`` models with parameters drawn from their sampling distribution, equal for equal seeds.

        Log parameters are normal around the estimate. Without convergence there are none.
        """
        if not self.evidence.converged:
            return []
        theta, covariance = np.log(self.values), np.array(self.evidence.covariance)
        normal = np.random.default_rng(seed).standard_normal((count, theta.size))
        drawn = np.exp(theta + normal @ np.linalg.cholesky(covariance).T)
        return [replace(self, values=tuple(row)) for row in drawn.tolist()]

    def to_json(self) -> str:
        """The model file's text."""
        evidence = {name: getattr(self.evidence, name) for name in Evidence.__dataclass_fields__}
        if not self.evidence.converged:
            evidence["covariance"] = None
        document = {"format": FORMAT, "version": VERSION, "model": self.kind, "unit": self.unit}
        document |= {"parameters": self.parameters, "evidence": evidence}
        return json.dumps(document, indent=1, allow_nan=False) + "\n"

    @classmethod
    def from_json(cls, text: str, where: str = "") -> Self:
        """The model in ``text``, which :meth:`to_json` of the same model wrote.

        Raises :class:`ForetellError`: ``MODEL_UNREADABLE``, ``MODEL_VERSION``, ``MODEL_OTHER``.
        """
        document = _document(text, cls.kind, where)
        try:
            values = tuple(float(document["parameters"][name]) for name in cls.names)
            evidence = _evidence(document["evidence"], len(cls.names))
            unit = str(document["unit"])
        except (KeyError, TypeError, ValueError) as error:
            raise _unreadable(f"the model file lacks or garbles {error}", where) from error
        if not all(value > 0 and math.isfinite(value) for value in values):
            raise _unreadable("a parameter is not a positive number", where)
        return cls(values, unit, evidence)


def parameter_interval(estimate: Floats, evaluations: Iterable[Floats], level: float = LEVEL) -> tuple[Floats, Floats]:
    """Bounds (rows,) of a positive ``estimate`` (rows,) from the uncertainty of the parameters alone.

    Args:
        evaluations: the same quantity (rows,) under each of a model's :meth:`Fitted.draws`.
    The quantity is taken as log-normal, so memory does not grow with the draws. Fewer than two
    draws give NaN. The bounds say how well the *expectation* is known, not what one person will do.
    """
    count, mean, squares = 0, np.zeros_like(estimate), np.zeros_like(estimate)
    for values in evaluations:
        logs = np.log(np.maximum(values, 1e-300))
        count += 1
        step = logs - mean
        mean = mean + step / count
        squares = squares + step * (logs - mean)
    if count < 2:
        nothing = np.full_like(estimate, np.nan)
        return nothing, nothing
    factor = np.exp(normal_quantile(level) * np.sqrt(squares / (count - 1)))
    return estimate / factor, estimate * factor


def _document(text: str, kind: str, where: str) -> Mapping[str, Any]:
    """The parsed model file of ``kind`` in this version."""
    try:
        document = json.loads(text)
    except ValueError as error:
        raise _unreadable("the model file is no JSON", where) from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise _unreadable("the file is no model file", where)
    if document.get("version") != VERSION:
        raise ForetellError(
            "MODEL_VERSION",
            f"the model file has version {document.get('version')}, this program reads {VERSION}",
            where=where,
            next_step="Train the model again with this program.",
        )
    if document.get("model") != kind:
        raise ForetellError(
            "MODEL_OTHER",
            f"the model file holds {document.get('model')!r}, not {kind!r}",
            where=where,
            next_step="Give the file of the model that was asked for.",
        )
    return document


def _evidence(stored: Mapping[str, Any], k: int) -> Evidence:
    """Evidence back from a model file."""
    rows = stored["covariance"] or [[math.nan] * k] * k
    covariance = tuple(tuple(float(cell) for cell in row) for row in rows)
    if len(covariance) != k or any(len(row) != k for row in covariance):
        raise ValueError("covariance")
    return Evidence(
        int(stored["people"]),
        float(stored["log_likelihood"]),
        covariance,
        bool(stored["converged"]),
        str(stored["reason"]),
        int(stored["starts"]),
        int(stored["agreeing"]),
        int(stored["evaluations"]),
    )


def _unreadable(what: str, where: str) -> ForetellError:
    return ForetellError("MODEL_UNREADABLE", what, where=where, next_step="Train the model again.")
