"""``refresh``: texts that are new are judged once, masked, cut into words, and told; themes are kept up to date.

Each step is one recorded batch with how far it is, so that it may be done again after a crash, and by several
processes. Themes are words, not rows of texts: one that is named or found today holds for all texts ever judged.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from foretell.clock import naive_utc
from foretell.definitions import Catalog, WorkspaceSettings
from foretell.engine import TIMESTAMP, Batch, Engine, Tx, scratch, with_column
from foretell.ids import stable_id
from foretell.listen.text.cleaning import plain
from foretell.listen.text.judging import judge
from foretell.listen.text.keeping import models_of
from foretell.listen.text.masking import mask
from foretell.listen.text.parts import ROOM, TEXT_ROWS
from foretell.listen.text.progress import Progress, advance, read_progress
from foretell.listen.text.repeats import sort_out
from foretell.listen.text.sentiment import UNKNOWN
from foretell.listen.text.sources import new_texts
from foretell.listen.text.terms import terms
from foretell.listen.text.theming import keep_themes

JUDGED_EVENT = "Text Judged"
TOLD = ("origin", "survey", "response_id", "sentiment", "probability", "language")
"""Properties of the event."""
TEXTS_TOGETHER = 20_000
QUOTE_CHARACTERS = 400
NAME_TRAITS = ("name", "first_name", "last_name", "full_name", "firstName", "lastName", "nickname")
_NAMES = """
SELECT DISTINCT r.node_key, v.s AS name FROM r LEFT JOIN merged m ON m.node_key = r.node_key
JOIN log_traits v ON v.profile_key = coalesce(m.profile_key, r.node_key)
JOIN wanted w ON w.trait = v.trait WHERE v.s IS NOT NULL"""
_PLACED = "SELECT r.place, n.name FROM r JOIN n ON n.node_key = r.node_key ORDER BY r.place, n.name"


@dataclass(frozen=True)
class TextReport:
    """What was done: texts that were judged, those whose sentiment nobody can say, themes that were found."""

    judged: int = 0
    unknown: int = 0
    themes: int = 0


def refresh(engine: Engine, catalog: Catalog, *, now: datetime) -> TextReport:
    """Judge what is new, and look for themes where enough is; doing it again does nothing."""
    judged = unknown = 0
    while True:
        progress = read_progress(engine.ops)
        last = engine.readable_seq()
        if progress.seq >= last:
            break
        found = new_texts(engine, since=progress.seq, until=last, most=TEXTS_TOGETHER)
        until = last if found.num_rows < TEXTS_TOGETHER else pc.max(found["seq"]).as_py()
        made = _made(engine, catalog.settings, found)
        if _written(engine, made, progress, progress.until(until), now):
            judged += made.judged.num_rows
            unknown += pc.sum(pc.equal(made.judged["sentiment"], UNKNOWN)).as_py() or 0
    return TextReport(judged, unknown, keep_themes(engine, catalog, now=now))


def names_of(engine: Engine, nodes: pa.ChunkedArray | pa.Array) -> pa.Table:
    """``place`` and ``name``: what the people of ``nodes`` (int64, one a row) are called, by all that is known now."""
    wanted = pa.table({"trait": pa.array(NAME_TRAITS)})
    asked = pa.table({"node_key": pc.unique(nodes)})
    found = engine.analytics.query(_NAMES, tables={"r": asked, "wanted": wanted})
    placed = pa.table({"node_key": nodes, "place": pa.array(range(len(nodes)), pa.int64())})
    return scratch(_PLACED, {"r": placed, "n": found})


def region_of(settings: WorkspaceSettings) -> str | None:
    """Where telephone numbers are from that name no country."""
    territory = next((part for part in settings.locale.split("-")[1:] if len(part) == 2), None)
    return settings.country or territory


@dataclass(frozen=True)
class _Made:
    """Rows of ``text_rows``: those that were judged, and those that only changed; words of the judged."""

    judged: pa.Table
    changed: pa.Table
    words: pa.Table


def _made(engine: Engine, settings: WorkspaceSettings, found: pa.Table) -> _Made:
    apart = sort_out(engine, with_column(found, "item", pc.coalesce(found["response_id"], found["message_id"])))
    found = apart.fresh
    judged = judge(found["text"], models_of(engine), told=found["told"])
    clean = plain(found["text"])
    masked = mask(clean, names_of(engine, found["node_key"]), region=region_of(settings))
    rows = found
    for name in ("language", "sentiment", "probability", "model"):
        rows = with_column(rows, name, judged[name])
    rows = with_column(rows, "quote", pc.utf8_slice_codeunits(masked, 0, QUOTE_CHARACTERS))
    rows = with_column(rows, "characters", pc.utf8_length(clean).cast(pa.int64()))
    words = terms(masked)
    words = scratch(
        "SELECT r.seq, r.node_key, w.word FROM w JOIN r ON r.place = w.place ORDER BY w.word, r.seq",
        {"w": words, "r": _placed(found.select(["seq", "node_key"]))},
    )
    rows = rows.select(list(TEXT_ROWS))
    return _Made(rows, apart.standing.cast(rows.schema), words)


def _placed(rows: pa.Table) -> pa.Table:
    return with_column(rows, "place", pa.array(range(rows.num_rows), pa.int64()))


def _written(engine: Engine, made: _Made, progress: Progress, then: Progress, now: datetime) -> bool:
    """Write rows and how far it is; False where somebody else wrote in between."""
    rows = pa.concat_tables([made.changed, made.judged])
    if not rows.num_rows:
        with engine.ops.write() as tx:
            return advance(tx, progress, then)
    done = []

    def work(tx: Tx, batch: Batch) -> None:
        if advance(tx, progress, then):
            batch.emit("text_rows", rows)
            batch.emit("text_words", made.words)
            batch.tell(_told(made.judged, now))
            done.append(True)

    engine.act(ROOM, work, now=now)
    return bool(done)


def _told(rows: pa.Table, now: datetime) -> pa.Table:
    """``Text Judged``: at the instant of the text, known since it was judged; conditions and journeys read it. That of
    an anonymous answer is nobody's."""
    said = rows.filter(pc.not_equal(rows["sentiment"], UNKNOWN))
    ids = [stable_id("t", one) for one in said["message_id"].to_pylist()]
    count = said.num_rows
    return pa.table(
        {
            "message_id": pa.array(ids, pa.string()),
            "event": pa.array([JUDGED_EVENT] * count, pa.string()),
            "ts": said["ts"],
            "known_at": pc.max_element_wise(said["known_at"], pa.scalar(naive_utc(now), TIMESTAMP)),
            "node_key": pc.if_else(said["anonymous"], 0, said["node_key"]),
            **{name: said[name] for name in TOLD},
        }
    )
