"""Health of data: is everything arriving, in time and as usual?

Every source is held against its own history of eight weeks, as of any instant: how long it has been silent, how
many events came in a day, how often properties are empty or of another type, and how much came late, lies in
quarantine or breaches a tracking plan. What is broken opens a data alert once; it closes when it is well again.
"""

from __future__ import annotations

from foretell.collect.health.alerts import HEALTH_DDL, DataAlert, HealthReport, data_alerts, watch
from foretell.collect.health.checking import SourceHealth, source_health
from foretell.collect.health.monitors import Monitor
from foretell.collect.health.rolling import ARRIVAL_ROWS, PRESENCE_ROWS, REPEAT_ROWS, ROLLED_DDL, repeat_rows
from foretell.collect.health.score import QUALITY_WEIGHTS, QualityScore, overall

__all__ = [
    "ARRIVAL_ROWS",
    "HEALTH_DDL",
    "PRESENCE_ROWS",
    "QUALITY_WEIGHTS",
    "REPEAT_ROWS",
    "ROLLED_DDL",
    "DataAlert",
    "HealthReport",
    "Monitor",
    "QualityScore",
    "SourceHealth",
    "data_alerts",
    "overall",
    "repeat_rows",
    "source_health",
    "watch",
]
