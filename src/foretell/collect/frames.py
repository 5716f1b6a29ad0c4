"""What is spooled: lines or rows as they came, and all that is needed to read them again later.

A frame carries the source document it was imported under, so that reading it is a pure function of
the frame: replays and rebuilds give what the first reading gave.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa

from foretell.collect.envelope import LINE_BYTES, Arrival
from foretell.collect.lines import split_lines
from foretell.collect.own_tables import TABLE_ROWS, decode_table
from foretell.collect.problems import problem_rows
from foretell.collect.read_again import read_again
from foretell.collect.requests import SEGMENT_LINES, arrivals_of, joined_requests
from foretell.collect.row_events import decode_rows
from foretell.collect.row_plan import row_plan
from foretell.collect.segment_spec import decode_segment
from foretell.collect.source_model import SourceSpec
from foretell.collect.storable import storable, without_escapes, without_nul
from foretell.collect.tally import Tally
from foretell.collect.told import Origin
from foretell.collect.tracking import CompiledPlan, SourceRules
from foretell.collect.webhooks import WEBHOOK, decode_webhook, joined_webhooks
from foretell.definitions import Catalog
from foretell.engine import Decoded, Frame, with_column

ROWS = "rows"
FRAME_BYTES = 96 * 1024 * 1024
"""Size of a frame of lines; also what bounds the memory of an import."""
FRAME_ROWS = 100_000
"""Size of a frame of rows; a group of rows is never split, so that a frame can be larger."""


def lines_frame(
    body: bytes,
    origin: Origin,
    *,
    arrival: Arrival,
    first_line: int | None,
    repeats: list[tuple[int, int]] | None = None,
    lag: timedelta | None = None,
) -> Frame:
    """A frame of Segment-spec messages, one a line.

    Args:
        first_line: number of the first line in its file; None for what came over the wire.
        repeats: (line of the frame from 0, how many equal ones the file holds before it), where not 0.
        lag: set for history.
    """
    meta = _meta(origin)
    meta |= {"arrival": arrival, "first_line": first_line, "repeats": repeats or []}
    meta["lag_seconds"] = None if lag is None else lag.total_seconds()
    return Frame(SEGMENT_LINES, meta, body)


def rows_frame(
    rows: pa.Table, origin: Origin, spec: SourceSpec, zone: str, rejected: Sequence[tuple[int, str, str]] = ()
) -> Frame:
    """A frame of rows: ``line``, ``nth``, then the columns of the file.

    Args:
        rejected: (row number, reason, text) of rows of the file that do not fit its header.
    """
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema) as writer:
        writer.write_table(rows)
    meta = _meta(origin)
    meta |= {"zone": zone, "spec": spec.model_dump(mode="json", exclude_defaults=True)}
    meta["rejected"] = [list(entry) for entry in rejected]
    return Frame(ROWS, meta, sink.getvalue().to_pybytes())


def _meta(origin: Origin) -> dict[str, object]:
    return {
        "source": origin.source,
        "file": origin.file,
        "received_at": origin.received_at.isoformat(),
    }


def read_frame(frame: Frame, plan: CompiledPlan | None = None) -> tuple[Decoded, Tally]:
    """Read a frame under the tracking plan, and count what became of its rows."""
    decoded, tally = _read(frame, plan)
    return storable(decoded), tally


def _read(frame: Frame, plan: CompiledPlan | None) -> tuple[Decoded, Tally]:
    meta = frame.meta
    rules = None if plan is None else plan.of(meta["source"])
    origin = Origin(meta["source"], meta["file"], datetime.fromisoformat(meta["received_at"]))
    if frame.format == TABLE_ROWS:
        decoded = decode_table(frame)
        return decoded, _counted(decoded)
    if frame.format == ROWS:
        rows = without_nul(pa.ipc.open_stream(frame.body).read_all())
        spec = SourceSpec.model_validate(meta["spec"])
        schema = pa.schema(list(rows.schema)[2:])
        mapping = row_plan(spec, schema, source=origin.source, zone=meta["zone"], where=origin.file)
        decoded, tally = decode_rows(rows, mapping, origin, spec.known_after, rules)
        decoded, tally = _with_rejected(_formed(decoded, ROWS), tally, meta["rejected"], origin)
    elif frame.format == WEBHOOK:
        decoded = _formed(decode_webhook(replace(frame, body=without_escapes(frame.body)), origin, rules), WEBHOOK)
        tally = _counted(decoded)
    else:
        decoded, tally = _read_lines(frame, origin, rules)
        decoded = _formed(decoded, form_of(meta["arrival"], history=meta["lag_seconds"] is not None))
    return read_again(decoded, meta["again"]) if "again" in meta else decoded, tally


def form_of(arrival: str, *, history: bool) -> str:
    """How lines came, as the quarantine notes it."""
    return f"{SEGMENT_LINES}/{arrival}" + ("/history" if history and arrival != "import" else "")


def _formed(decoded: Decoded, form: str) -> Decoded:
    """With the form in which the lines that were not taken in came."""
    problems = decoded.problems
    if not problems.num_rows:
        return decoded
    return replace(decoded, problems=with_column(problems, "form", pa.repeat(form, problems.num_rows)))


def _with_rejected(
    decoded: Decoded, tally: Tally, rejected: Sequence[tuple[int, str, str]], origin: Origin
) -> tuple[Decoded, Tally]:
    if not rejected:
        return decoded, tally
    lines, reasons, texts = zip(*rejected, strict=True)
    found = pa.table({"line": lines, "code": ["BAD_ROW"] * len(lines), "message": reasons, "body": texts})
    rows = problem_rows(found, source=origin.source, file=origin.file, received_at=origin.received_at)
    problems = pa.concat_tables([decoded.problems, rows])
    return replace(decoded, problems=problems), tally.plus(Tally(rows=len(lines), quarantined=len(lines)))


def _read_lines(frame: Frame, origin: Origin, rules: SourceRules | None) -> tuple[Decoded, Tally]:
    meta = frame.meta
    arrival: Arrival = meta["arrival"]
    kept = "again" in meta  # its size was looked at when it came; an id may have been put into it since
    lines = split_lines(without_escapes(frame.body), line_bytes=LINE_BYTES["import" if kept else arrival])
    seconds = meta["lag_seconds"]
    nth = None
    if meta["repeats"]:
        nth = np.zeros(len(lines.text), np.int64)
        at, counts = np.array(meta["repeats"], np.int64).T
        nth[at] = counts
    arrivals = None if arrival == "import" else arrivals_of(meta, len(lines.text))
    decoded = decode_segment(
        lines.text,
        source=origin.source,
        received_at=origin.received_at,
        first_line=meta["first_line"],
        arrival=arrival,
        arrivals=arrivals,
        lag=None if seconds is None else timedelta(seconds=seconds),
        file=origin.file,
        wrong=lines.wrong,
        nth=nth,
        rules=rules,
    )
    return decoded, _counted(decoded)


def _counted(decoded: Decoded) -> Tally:
    refused = sum(severity == "error" for severity in decoded.problems["severity"].to_pylist())
    return Tally(decoded.events.num_rows + refused, decoded.events.num_rows, refused)


class FrameReader:
    """The decoder that ``app`` gives to the engine.

    The import has read a frame already (to count and to show what it holds) when the engine wants it
    read; the last reading is kept for that moment. The result is the same with and without it.

    Args:
        catalog: holds the tracking plans that events are held against; None: no plan.
    """

    def __init__(self, catalog: Catalog | None = None) -> None:
        self._last: tuple[Frame, Decoded] | None = None
        self._plan = CompiledPlan(catalog)

    def use(self, catalog: Catalog) -> None:
        """Hold events against the tracking plans in ``catalog`` from now on."""
        if not self._plan.same_as(catalog):
            self._plan = CompiledPlan(catalog)
            self._last = None

    def __call__(self, frame: Frame) -> Decoded:
        kept, self._last = self._last, None
        if kept is not None and (kept[0] is frame or kept[0] == frame):
            return kept[1]
        return read_frame(frame, self._plan)[0]

    def join(self, frames: Sequence[Frame]) -> list[Frame]:
        """See :func:`joined_requests` and :func:`~foretell.collect.webhooks.joined_webhooks`."""
        return joined_webhooks(joined_requests(frames))

    def read(self, frame: Frame) -> tuple[Decoded, Tally]:
        """Read ``frame``, and keep the result until the engine asks for it."""
        decoded, tally = read_frame(frame, self._plan)
        self._last = (frame, decoded)
        return decoded, tally


def decoders(reader: FrameReader) -> dict[str, Callable[[Frame], Decoded]]:
    """What ``open_engine`` wants: the reader of each format of this room."""
    return {SEGMENT_LINES: reader, ROWS: reader, WEBHOOK: reader, TABLE_ROWS: reader}
