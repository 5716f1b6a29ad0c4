"""Sources of events that nobody sent: what they tell is nobody's doing."""

from __future__ import annotations

from collections.abc import Mapping

OWN_SOURCE = "foretell"
"""``source`` of every event that Foretell wrote itself."""
TABLES_SOURCE = "tables"
"""``source`` of the events that tell rows of own tables."""
ERASED_SOURCE = "erased"
"""``source`` of what is kept, without a name, of the events of people who were erased."""
UNSENT_SOURCES: Mapping[str, str] = {
    OWN_SOURCE: "what Foretell itself writes",
    TABLES_SOURCE: "the rows of own tables",
    ERASED_SOURCE: "what is left of people who were erased",
}
"""Source → of what it is."""
UNSENT = ", ".join(f"'{source}'" for source in UNSENT_SOURCES)
"""SQL text: the same as a list, for ``source NOT IN (…)``."""
