"""Which responses are meant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from foretell.clock import naive_utc
from foretell.listen.results.places import Places


@dataclass(frozen=True)
class Narrowed:
    """What a response has to be like; None leaves it open.

    Args:
        since: answered at or after that instant.
        path, answer: what its last word is on a part of a question, as :class:`~foretell.listen.surveys.Slot` and
            :class:`~foretell.listen.surveys.Choice` name it; both or none.
    """

    channel: str | None = None
    language: str | None = None
    complete: bool | None = None
    since: datetime | None = None
    path: str | None = None
    answer: str | None = None

    @property
    def by_answers_alone(self) -> bool:
        """Asks for what is known of answers alone, so that nothing can be told of who was asked and kept silent."""
        return self.language is not None or self.complete is not None or self.path is not None

    def told(self) -> dict[str, object]:
        """Values of the parameters that :meth:`where` names."""
        since = None if self.since is None else naive_utc(self.since)
        every: Mapping[str, object | None] = {
            "channel": self.channel, "language": self.language, "complete": self.complete, "since": since,
            "answer": self.answer,
        }  # fmt: skip
        return {name: value for name, value in every.items() if value is not None}

    def where(self, alias: str, places: Places, main: str | None = None) -> str:
        """SQL over a row of the view ``survey_responses``; ``true`` where all are meant.

        Args:
            main: path of the main question, whose answer is the row's score.
        """
        tests = {
            "channel": f"{alias}.channel = $channel",
            "language": f"{alias}.language = $language",
            "complete": f"{alias}.complete = $complete",
            "since": f"{alias}.answered_at >= $since",
        }
        found = [tests[name] for name in self.told() if name in tests]
        if self.path is not None and self.path == main:
            found.append(f"CAST(CAST({alias}.score AS BIGINT) AS VARCHAR) = $answer")
        elif self.path is not None:
            said = places.said(self.path)
            within = f"SELECT w.response_id FROM ({said}) w WHERE w.value = $answer"
            found.append("$answer IS NULL" if said is None else f"{alias}.response_id IN ({within})")
        return " AND ".join(found) or "true"
