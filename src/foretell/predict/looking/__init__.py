"""Look before you train: how often an outcome came true, month by month, and what a model could make of that.

Enters: a ``prediction`` document, saved or not. Leaves: a :class:`Look` of counts, power and plain statements.
Nothing is fitted and nothing is stored. For the room ``predict``.
"""

from __future__ import annotations

from foretell.predict.looking.amounts import AmountPoint, Amounts, Bar
from foretell.predict.looking.looking import HorizonLook, Look, look
from foretell.predict.looking.power import Power
from foretell.predict.looking.season import Season
from foretell.predict.looking.statements import Statement
from foretell.predict.looking.windows_counted import WindowCount

__all__ = [
    "AmountPoint",
    "Amounts",
    "Bar",
    "HorizonLook",
    "Look",
    "Power",
    "Season",
    "Statement",
    "WindowCount",
    "look",
]
