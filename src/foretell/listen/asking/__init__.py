"""Asking people by surveys: under which terms, what a message tells of the survey it carries, links for everybody.

Enters: ``survey`` documents, what a journey knows of a run. Leaves: the terms and variables of an invitation, links and
QR codes to share. Called by ``journey``, ``web`` and ``cli``; ``deliver`` shows surveys by what is said here.
"""

from __future__ import annotations

from foretell import deliver
from foretell.listen.asking.links import CHANNELS, SharedLink, qr_code, share
from foretell.listen.asking.responding import respond
from foretell.listen.asking.shown import shown
from foretell.listen.asking.terms import LEFT_OUT, Terms, about, carried, in_sample, length_of, terms_of

deliver.read_surveys_with(shown)

__all__ = [
    "CHANNELS",
    "LEFT_OUT",
    "SharedLink",
    "Terms",
    "about",
    "carried",
    "in_sample",
    "length_of",
    "qr_code",
    "respond",
    "share",
    "shown",
    "terms_of",
]
