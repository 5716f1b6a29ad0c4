"""Models of how often and for how much customers buy, fitted by maximum likelihood.

What enters: histories (repeats, last, age) made from purchase days by :func:`rfm_summary`, and average
spend. What leaves: fitted models as frozen dataclasses with a JSON text, and numpy arrays with one
number a row. Who may call: predict; other rooms come through its door.
"""

from __future__ import annotations

from foretell.predict.models.bg_nbd import BgNbd
from foretell.predict.models.fitted import Evidence, Fitted, parameter_interval
from foretell.predict.models.gamma_gamma import GammaGamma, frequency_spend_correlation
from foretell.predict.models.histories import Histories
from foretell.predict.models.lifetime_value import Value, lifetime_value
from foretell.predict.models.pareto_nbd import ParetoNbd
from foretell.predict.models.repeat_buying import RepeatBuying
from foretell.predict.models.rfm import histories_from_days, rfm_summary

__all__ = [
    "BgNbd",
    "Evidence",
    "Fitted",
    "GammaGamma",
    "Histories",
    "ParetoNbd",
    "RepeatBuying",
    "Value",
    "frequency_spend_correlation",
    "histories_from_days",
    "lifetime_value",
    "parameter_interval",
    "rfm_summary",
]
