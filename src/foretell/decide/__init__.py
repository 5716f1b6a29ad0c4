"""Decide: what is best for this person now?

Enters: people at the door of an experiment, and runs that ask for an offer's code. Leaves: arms
(drawn from a hash, kept for good) and codes, the views ``experiment_exposures``, ``offers`` and
``offer_codes``, the events ``Held Out``, ``Offer Issued`` and ``Offer Redeemed``. This room alone
writes ``assignments`` and ``offer_codes``. May be called by ``journey``, ``measure``, ``web``, ``cli``.
"""

from __future__ import annotations

from foretell.decide.assigning import HELD_OUT, arms, assign, contaminated
from foretell.decide.codes import Code, codes_of, issue_codes
from foretell.decide.offer_document import KIND as OFFER
from foretell.decide.offer_document import OfferSpec
from foretell.decide.parts import PARTS
from foretell.decide.stage import DecideStage

__all__ = [
    "HELD_OUT",
    "OFFER",
    "PARTS",
    "Code",
    "DecideStage",
    "OfferSpec",
    "arms",
    "assign",
    "codes_of",
    "contaminated",
    "issue_codes",
]
