"""The Liquid of texts: with limits, strict about names. Loaded when the first text is read, since it takes its time."""

from __future__ import annotations

from functools import lru_cache

from liquid import BoundTemplate, Environment, FalsyStrictUndefined

from foretell.deliver.liquid_filters import OWN

_LOOPS_MOST, _OUTPUT_MOST = 10_000, 1_000_000


class _Limited(Environment):
    """Texts of people: no endless loops, no endless output."""

    loop_iteration_limit = _LOOPS_MOST
    output_stream_limit = _OUTPUT_MOST

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:
        """Liquid's own, and ours."""
        super().setup_tags_and_filters(extra=extra)
        self.filters.update(OWN)


_PLAIN = _Limited(undefined=FalsyStrictUndefined)
_HTML = _Limited(undefined=FalsyStrictUndefined, autoescape=True)
FILTERS = frozenset(_PLAIN.filters)


@lru_cache(maxsize=2_048)
def parsed(text: str, html: bool) -> BoundTemplate:
    """``text``, ready to be rendered; raises ``LiquidError``."""
    return (_HTML if html else _PLAIN).from_string(text)
