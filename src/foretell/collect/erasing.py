"""Cutting people out of what was spooled and of the quarantine.

Of a frame of lines their lines become empty, so that the others keep their numbers and with them the message ids
that were made of those; of a frame of rows their rows go, each with its whole group; of webhooks their bodies. A body
that tells of others too is kept as the messages that were made of it for the others.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from foretell.collect.envelope import LINE_BYTES, read_envelopes
from foretell.collect.frames import ROWS, read_frame
from foretell.collect.lines import replaced, split_lines
from foretell.collect.naming import naming, telling_words
from foretell.collect.own_tables import TABLE_ROWS
from foretell.collect.requests import SEGMENT_LINES, arrivals_of
from foretell.collect.source_model import SourceSpec
from foretell.collect.webhooks import WEBHOOK, messages_of
from foretell.engine import Engine, Frame, Tx, python_rows, scratch, table_of


@dataclass
class Cut:
    """Cuts frames, and counts what it cut.

    Args:
        messages: ids of the events that go.
        words: columns kind and value: what names the people, for what was never taken in.
        traits: names of traits that go from the messages with the ids in ``told_by``; those stay otherwise.
        refused: MD5 of lines that go and were never taken in, hexadecimal.
        events: how many lines, rows and bodies went so far.
    """

    messages: pa.Array
    words: pa.Table
    events: int = 0
    traits: Sequence[str] = ()
    refused: pa.Array = field(default_factory=lambda: pa.array([], pa.string()))
    told_by: pa.Array = field(default_factory=lambda: pa.array([], pa.string()))
    _telling: pa.Table = field(init=False)

    def __post_init__(self) -> None:
        self._telling = telling_words(self.words)

    def __call__(self, frame: Frame) -> Sequence[Frame] | None:
        """What takes the frame's place; None where nothing of it goes."""
        how: dict[str, Callable[[Frame], Sequence[Frame] | None]] = {
            SEGMENT_LINES: self._lines, ROWS: self._rows, WEBHOOK: self._webhooks, TABLE_ROWS: self._table,
        }  # fmt: skip
        cut = how.get(frame.format)
        return cut(frame) if cut is not None else None

    def _lines(self, frame: Frame) -> Sequence[Frame] | None:
        heads = _heads(frame)
        taken = pc.is_null(heads["code"])
        gone = pc.and_(taken, pc.is_in(heads["message_id"], self.messages))
        places = heads["i"].filter(gone).to_pylist()
        aside = heads.filter(pc.invert(pc.or_(taken, pc.fill_null(pc.equal(heads["code"], "BLANK"), False))))
        places += aside["i"].take(naming(aside["line"], self._telling)).to_pylist()
        if len(self.refused) and aside.num_rows:
            places += scratch(_REFUSED, {"a": aside, "r": pa.table({"hash": self.refused})})["i"].to_pylist()
        told = heads.filter(pc.and_(taken, pc.is_in(heads["message_id"], self.told_by)))
        fewer = _without_traits(told, self.traits) if self.traits and told.num_rows else {}
        if not places and not fewer:
            return None
        self.events += len(places)
        return [replace(frame, body=replaced(frame.body, {**fewer, **dict.fromkeys(places, b"")}))]

    def _rows(self, frame: Frame) -> Sequence[Frame] | None:
        rows = pa.ipc.open_stream(frame.body).read_all()
        decoded, _ = read_frame(frame)
        events = decoded.events.filter(pc.is_in(decoded.events["message_id"], self.messages))
        aside = decoded.problems.filter(pc.is_valid(decoded.problems["body"]))
        named = aside["line"].take(naming(aside["body"], self._telling))
        at = pa.chunked_array([*events["line"].chunks, *named.chunks], pa.int64())
        rejected = frame.meta["rejected"]
        bad = set(naming(pa.array([text for _, _, text in rejected], pa.string()), self._telling).to_pylist())
        if not len(at) and not bad:
            return None
        kept = _without(rows, at, SourceSpec.model_validate(frame.meta["spec"]).group_by)
        self.events += rows.num_rows - kept.num_rows + len(bad)
        meta = {**frame.meta, "rejected": [entry for place, entry in enumerate(rejected) if place not in bad]}
        return [replace(frame, meta=meta, body=_stream(kept))]

    def _table(self, frame: Frame) -> Sequence[Frame] | None:
        rows = pa.ipc.open_stream(frame.body).read_all()
        kept = rows.filter(pc.invert(pc.is_in(rows["message_id"], self.messages)))
        if kept.num_rows == rows.num_rows:
            return None
        self.events += rows.num_rows - kept.num_rows
        return [replace(frame, body=_stream(kept))]

    def _webhooks(self, frame: Frame) -> Sequence[Frame] | None:
        told = messages_of(frame)
        if not told:
            return None
        ids = pa.array([name for one in told for name in one.ids], pa.string())
        gone = set(ids.filter(pc.is_in(ids, self.messages)).to_pylist())
        bodies = pa.array([one.body.decode("utf-8", "replace") for one in told], pa.string())
        named = set(naming(bodies, self._telling).to_pylist())
        parts: list[Frame] = []
        kept: list[int] = []
        changed = False
        for place, one in enumerate(told):
            theirs = gone.intersection(one.ids)
            others = [line for name, line in zip(one.ids, one.lines, strict=True) if name not in gone]
            if not theirs and (one.ids or place not in named):
                kept.append(place)
                continue
            changed = True
            self.events += 1
            if theirs and others:
                parts += _some(frame, kept)
                kept = []
                parts.append(_as_lines(frame, place, others))
        return [*parts, *_some(frame, kept)] if changed else None


def _heads(frame: Frame) -> pa.Table:
    """``i``, ``code``, ``message_id`` and ``line`` of each line."""
    meta = frame.meta
    arrival = meta["arrival"]
    lines = split_lines(frame.body, line_bytes=LINE_BYTES["import" if "again" in meta else arrival])
    nth = np.zeros(len(lines.text), np.int64)
    if meta["repeats"]:
        at, counts = np.array(meta["repeats"], np.int64).T
        nth[at] = counts
    heads = read_envelopes(
        lines.text,
        wrong=lines.wrong,
        nth=nth,
        source=meta["source"],
        received_at=datetime.fromisoformat(meta["received_at"]),
        first_line=meta["first_line"],
        arrival=arrival,
        arrivals=None if arrival == "import" else arrivals_of(meta, len(lines.text)),
    )
    whole = lines.text.take(heads["i"].combine_chunks()).cast(pa.large_string())
    return heads.select(["i", "code", "message_id"]).append_column("line", whole)


def _without_traits(told: pa.Table, traits: Sequence[str]) -> dict[int, bytes]:
    """Place → text of lines without the traits; the id stands in each, so that it stays the same."""
    patch = json.dumps({"traits": dict.fromkeys(traits)})
    within = json.dumps({"context": {"traits": dict.fromkeys(traits)}})
    found = scratch(_FEWER, {"t": told}, {"patch": patch, "within": within})
    return {place: text.encode() for place, text in zip(found["i"].to_pylist(), found["text"].to_pylist(), strict=True)}


_REFUSED = "SELECT a.i FROM a SEMI JOIN r ON r.hash = md5(rtrim(a.line, chr(13) || chr(10)))"
_FEWER = """
SELECT i, CAST(json_merge_patch(CASE WHEN json_exists(line, '/context/traits') THEN json_merge_patch(line, $within)
  ELSE line END, CASE WHEN json_exists(line, '/traits') THEN $patch ELSE '{}' END,
  json_object('messageId', message_id)) AS VARCHAR) AS text
FROM t ORDER BY i"""


def _without(rows: pa.Table, lines: pa.ChunkedArray, group_by: Sequence[str]) -> pa.Table:
    """``rows`` without those in ``lines``, nor others of their groups."""
    gone = pc.is_in(rows["line"], lines.combine_chunks())
    if group_by and pc.any(gone).as_py():
        keys = pa.table({f"k{place}": rows[name] for place, name in enumerate(group_by)})
        keys = keys.append_column("i", pa.array(np.arange(rows.num_rows)))
        same = " AND ".join(f"r.k{place} = g.k{place}" for place in range(len(group_by)))
        found = scratch(f"SELECT DISTINCT r.i FROM r JOIN g ON {same}", {"r": keys, "g": keys.filter(gone)})
        gone = pc.or_(gone, pc.is_in(keys["i"], found["i"].combine_chunks()))
    return rows.filter(pc.invert(gone))


def _stream(rows: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema) as writer:
        writer.write_table(rows)
    body: bytes = sink.getvalue().to_pybytes()
    return body


def _some(frame: Frame, places: Sequence[int]) -> list[Frame]:
    """The frame with these of its bodies alone; none where there are none."""
    if not places:
        return []
    sizes = [size for size, _ in frame.meta["bodies"]]
    starts = np.cumsum([0, *sizes]).tolist()
    meta = {**frame.meta, "bodies": [frame.meta["bodies"][place] for place in places]}
    for each in ("again", "numbers"):
        if each in meta:
            meta[each] = [frame.meta[each][place] for place in places]
    body = b"".join(frame.body[starts[place] : starts[place + 1]] for place in places)
    return [replace(frame, meta=meta, body=body)]


def _as_lines(frame: Frame, place: int, lines: Sequence[str]) -> Frame:
    """What a body told of others, as messages with the ids they have."""
    at = frame.meta["bodies"][place][1]
    body = "".join(f"{line}\n" for line in lines).encode()
    large = max(len(line.encode()) for line in lines) >= LINE_BYTES["api"]
    lag = SourceSpec.model_validate(frame.meta["spec"]).known_after
    meta = {
        "source": frame.meta["source"], "file": "", "received_at": at, "arrival": "import" if large else "api",
        "first_line": None, "repeats": [], "lag_seconds": None if lag is None else lag.total_seconds(),
        "requests": [[len(lines), at, None]],
    }  # fmt: skip
    return Frame(SEGMENT_LINES, meta, body)


_KEPT = {"id": pa.string(), "message_id": pa.string(), "text": pa.string()}


def quarantined_about(engine: Engine, words: pa.Table) -> pa.Table:
    """Rows of the quarantine that name the people of ``words`` (columns kind, value): id, message_id."""
    rows = table_of(
        _KEPT,
        engine.ops.query(
            "SELECT id, message_id, coalesce(body, '') || ' ' || reason || ' ' || coalesce(message_id, '') "
            "FROM quarantine ORDER BY id"
        ),
    )
    return rows.take(naming(rows["text"], telling_words(words))).select(["id", "message_id"])


def forget_quarantined(tx: Tx, ids: pa.Table) -> int:
    """Remove rows (column id) from the quarantine; returns how many there were."""
    tx.put("forgotten_rows", ids.select(["id"]))
    return tx.execute("DELETE FROM quarantine WHERE id IN (SELECT id FROM forgotten_rows)")


def plain_addresses(tx: Tx, products: pa.Array) -> int:
    """Cut query and fragment off the addresses of catalogue entries; returns how many were changed."""
    kinds = {"product_id": pa.string(), "url": pa.string(), "image_url": pa.string()}
    tx.put("told_by_erased", pa.table({"product_id": products}))
    rows = table_of(
        kinds,
        tx.query(
            "SELECT c.product_id, c.url, c.image_url FROM catalogue c JOIN told_by_erased t "
            "ON t.product_id = c.product_id ORDER BY c.product_id"
        ),
    )
    plain = scratch(_PLAIN, {"r": rows})
    return tx.executemany("UPDATE catalogue SET url = ?, image_url = ? WHERE product_id = ?", python_rows(plain))


_PLAIN = """
SELECT regexp_replace(url, '[?#].*$', '') AS url, regexp_replace(image_url, '[?#].*$', '') AS image_url, product_id
FROM r WHERE regexp_matches(coalesce(url, ''), '[?#]') OR regexp_matches(coalesce(image_url, ''), '[?#]')
ORDER BY product_id"""
