"""Listen: what do they say?

Enters: ``survey`` documents, what people answer by a page, a click, an import or a demo, and what their tickets and
reviews say. Leaves: ``Survey Answered`` events, the views ``survey_responses`` and ``feedback_topics``, scores with
their intervals, what texts are about, and what came of acting on them. Called by ``journey``, ``measure``, ``web``,
``cli``, ``demo`` and ``app``.

Each sub-package is a door of its own: ``listen.surveys`` holds documents, question types and answering. Tables that
begin with ``survey_`` are written there alone.
"""

from __future__ import annotations

from foretell.listen import asking, loop, results, scores, surveys, text

__all__ = ["asking", "loop", "results", "scores", "surveys", "text"]
