"""What a model cannot know, and on whose data it rests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def parts_of(report: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """What a report says by horizon; kinds of one horizon may keep other things there."""
    parts = report["horizons"].items()
    return {horizon: part for horizon, part in parts if isinstance(part, Mapping) and "split" in part}


def limits(report: Mapping[str, Any]) -> Iterator[str]:
    """Sentences, those that follow from this report first."""
    splits = [part["split"] for part in parts_of(report).values()]
    if any(split.get("folds") for split in splits):
        yield "All people are known at one instant, so nothing is known about other times."
    elif any(split.get("by") == "people" for split in splits):
        yield "The history was too short to test on a later time, so nothing is known about other seasons."
    if any(len(split.get("origins") or []) < 12 for split in splits):
        yield "It has seen less than a year of instants, or few of them: what comes once a year is new to it."
    if report["left_out"]:
        yield "People who object are neither learnt from nor scored; if they differ from others, it does not know."
    yield "It knows what was told by the instant of scoring; events that arrive later change no score that was made."
    yield "It says what will probably happen when all goes on as before, not what an offer or a message would change."
    yield "For people unlike those it learnt from, and after a change of prices, range or measuring, it may be wrong."


def sources(about: Mapping[str, Any]) -> Iterator[str]:
    """Data from outside that the features use; their licence is the site's to keep."""
    outside = (about.get("document") or {}).get("external") or {}
    for name, part in outside.items():
        told = part.get("list") if isinstance(part, Mapping) else part
        licence = part.get("licence") if isinstance(part, Mapping) else None
        said = f" under {licence}" if licence else "; its licence is not named in the document"
        yield f"External data: {name} from the list {told}{said}."
