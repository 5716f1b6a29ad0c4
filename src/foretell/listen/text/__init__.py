"""Texts: what do people write, in which language, how do they feel, and what about?

Enters: the words of ``Survey Answered``, ``Ticket Opened``, ``Product Reviewed`` and replies; settings that name
themes; labelled texts. Leaves: judged texts, masked quotes, themes, counted words, the view ``feedback_topics``, the
event ``Text Judged``, which conditions read; routers of texts. Called by ``web``, ``cli`` and ``app``.
"""

from __future__ import annotations

from foretell.listen.text.asked import TextsAsked
from foretell.listen.text.cleaning import plain
from foretell.listen.text.counting_words import CountedWord, words
from foretell.listen.text.judging import JUDGED, SHIPPED, Models, judge
from foretell.listen.text.keeping import keep_router, models_of, router, routers
from foretell.listen.text.masking import MASKS, mask
from foretell.listen.text.parts import PARTS
from foretell.listen.text.quotes import Quote, quotes
from foretell.listen.text.refreshing import JUDGED_EVENT, TextReport, refresh, region_of
from foretell.listen.text.routing import ROUTED, RouterReport, route, train_router
from foretell.listen.text.sentiment import ASSUMED, SENTIMENTS
from foretell.listen.text.sources import ORIGINS
from foretell.listen.text.themes import ThemeLine, Themes, themes
from foretell.listen.text.theming import keep_themes
from foretell.listen.text.training import Trained, train

__all__ = [
    "ASSUMED",
    "JUDGED",
    "JUDGED_EVENT",
    "MASKS",
    "ORIGINS",
    "PARTS",
    "ROUTED",
    "SENTIMENTS",
    "SHIPPED",
    "CountedWord",
    "Models",
    "Quote",
    "RouterReport",
    "TextReport",
    "TextsAsked",
    "ThemeLine",
    "Themes",
    "Trained",
    "judge",
    "keep_router",
    "keep_themes",
    "mask",
    "models_of",
    "plain",
    "quotes",
    "refresh",
    "region_of",
    "route",
    "router",
    "routers",
    "themes",
    "train",
    "train_router",
    "words",
]
