"""``bench cltv``: repeat-buying models of a million simulated customers, beside lifetimes, the reference in Python.

Customers buy as BG/NBD says, with the parameters of the CDNOW sample, and were first seen 27 to 39 weeks ago, to the
day. Our side begins with a row for each customer, as a training does, and groups them itself. The rival is handed the
grouped histories with their counts (its ``weights``), which spares it nine tenths of its work. Both must come to the
same log-likelihood.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from time import process_time

import numpy as np
from threadpoolctl import threadpool_limits

from foretell.bench.registry import Result
from foretell.errors import ForetellError
from foretell.predict import BgNbd, Histories, ParetoNbd, RepeatBuying

LIMITS = {"fit_cpu_s": "<= 10", "vs_lifetimes": "<= 1"}
CUSTOMERS, QUICK = 1_000_000, 100_000
TRUTH = (0.2426, 4.4135, 0.7929, 2.4258)
"""r, alpha (weeks), a, b of the CDNOW sample."""
_WEEKS = (27, 39)
_AGREE = 1e-6
"""Log-likelihoods this near to each other, as a share, are the same: both searches stop about there."""
_RIVALS: Mapping[type[RepeatBuying], str] = {BgNbd: "BetaGeoFitter", ParetoNbd: "ParetoNBDFitter"}


@dataclass(frozen=True)
class Fit:
    """One side's fit: CPU seconds, and the log-likelihood at its parameters by our own arithmetic."""

    cpu_s: float
    log_likelihood: float


def run(*, quick: bool, report: Callable[[str], None]) -> Result:
    """Fit both models on both sides; ``quick`` takes a tenth of the customers."""
    customers = QUICK if quick else CUSTOMERS
    report(f"simulating {customers:,} customers")
    rows = simulated(customers, seed=8)
    grouped = rows.grouped()
    figures = {"customers": float(customers), "histories": float(len(grouped))}
    ratios, ours_s = [], []
    for model, rival in _RIVALS.items():
        report(f"{model.kind}: ours, then lifetimes")
        with threadpool_limits(limits=1):
            ours, made = fitted(model, rows)
            theirs = rivals(rival, made, grouped)
        if ours.log_likelihood < theirs.log_likelihood - _AGREE * abs(theirs.log_likelihood):
            raise ForetellError(
                "BENCHMARK_DISAGREES",
                f"{model.kind}: our log-likelihood is {ours.log_likelihood:.3f}, theirs {theirs.log_likelihood:.3f}",
                next_step="Both are to come to the same: look at the fit of the lower one.",
            )
        ratios.append(ours.cpu_s / theirs.cpu_s)
        ours_s.append(ours.cpu_s)
        figures |= {
            f"{model.kind}_cpu_s": round(ours.cpu_s, 2),
            f"{model.kind}_lifetimes_cpu_s": round(theirs.cpu_s, 2),
            f"{model.kind}_log_likelihood": round(ours.log_likelihood, 3),
            f"{model.kind}_lifetimes_log_likelihood": round(theirs.log_likelihood, 3),
        }
    return Result("cltv", {"fit_cpu_s": round(max(ours_s), 2), "vs_lifetimes": round(max(ratios), 3)}, figures, LIMITS)


def simulated(customers: int, seed: int) -> Histories:
    """Histories of so many customers in weeks, a row each; times to the day."""
    random = np.random.default_rng(seed)
    r, alpha, a, b = TRUTH
    rate, leaving = random.gamma(r, 1 / alpha, customers), random.beta(a, b, customers)
    age = random.integers(_WEEKS[0] * 7, _WEEKS[1] * 7, customers) / 7
    repeats, last, now = np.zeros(customers), np.zeros(customers), np.zeros(customers)
    here = np.arange(customers)
    while here.size:
        now[here] += random.exponential(1.0, here.size) / np.maximum(rate[here], 1e-300)
        here = here[now[here] <= age[here]]
        repeats[here] += 1
        last[here] = np.minimum(np.ceil(now[here] * 7) / 7, age[here])
        here = here[random.random(here.size) >= leaving[here]]
    return Histories.of(repeats, last, age)


def fitted(model: type[RepeatBuying], rows: Histories) -> tuple[Fit, RepeatBuying]:
    """Our fit, from a row a customer."""
    began = process_time()
    found = model.fit(rows, "1w")
    return Fit(process_time() - began, found.evidence.log_likelihood), found


def rivals(name: str, ours: RepeatBuying, grouped: Histories) -> Fit:
    """The fit of the class ``name`` of lifetimes, from grouped histories; its parameters are judged as ``ours`` are."""
    rival = getattr(_lifetimes(), name)()
    began = process_time()
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        rival.fit(grouped.repeats, grouped.last, grouped.age, weights=grouped.people)
    seconds = process_time() - began
    values = tuple(float(rival.params_[part]) for part in ours.names)
    return Fit(seconds, replace(ours, values=values).log_likelihood(grouped))


def _lifetimes() -> object:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return import_module("lifetimes")
    except ImportError as error:
        raise ForetellError(
            "RIVAL_MISSING",
            "lifetimes, which the models are held against, is not installed",
            next_step="Install foretell[dev].",
        ) from error
