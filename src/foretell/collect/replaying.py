"""Quarantined rows once more: through the spool, under the mapping and the plan of today.

Nothing is marked here. The decoder says of each row whether it can be taken in now, and the batch that takes
it in marks it in the same transaction (:mod:`foretell.collect.read_again`); message ids keep what comes
twice, after a crash or a second call, from counting twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from foretell.clock import from_micros
from foretell.collect.frames import ROWS, form_of, lines_frame, rows_frame
from foretell.collect.quarantine import Chosen
from foretell.collect.row_bodies import rows_of_bodies, whole_groups_of
from foretell.collect.source_model import SourceSpec
from foretell.collect.told import Origin
from foretell.collect.webhooks import WEBHOOK, webhook_frame
from foretell.definitions import Catalog
from foretell.engine import Engine, Frame, scratch, table_of

REPLAYED_AT_ONCE = 10_000
"""Rows of a frame; groups of rows are never split."""
_NOT_WHOLE = ("TOO_LARGE", "BAD_UTF8", "BAD_ROW", "CONSENT_MISSING")
"""Of these the quarantine does not hold the row as it came."""
_KEPT = {
    "id": pa.string(), "source": pa.string(), "file": pa.string(), "line": pa.int64(), "received_at": pa.int64(),
    "body": pa.string(), "message_id": pa.string(), "nth": pa.int64(), "form": pa.string(), "sent_at": pa.string(),
}  # fmt: skip
_NAMED = """
SELECT CASE WHEN message_id IS NULL OR NOT json_valid(body) OR NOT starts_with(ltrim(body), '{') THEN body
            WHEN nullif(json_extract_string(body, '/messageId'), '') IS NOT NULL THEN body
            WHEN json_exists(body, '/messageId') OR starts_with(ltrim(substring(ltrim(body), 2)), '}')
            THEN CAST(json_merge_patch(body, json_object('messageId', message_id)) AS VARCHAR)
            ELSE '{"messageId":' || CAST(to_json(message_id) AS VARCHAR) || ',' || substring(ltrim(body), 2) END AS line
FROM q ORDER BY place
"""


@dataclass(frozen=True)
class ReplayReport:
    """What became of quarantined rows.

    Args:
        rows: rows that were read again.
        replayed: those that have been taken in and left the list.
        events: events that are new because of it.
        still: those that stay, by the code of what is wrong with them now.
        left: rows that cannot be read again, by reason.
    """

    rows: int = 0
    replayed: int = 0
    events: int = 0
    still: dict[str, int] = field(default_factory=dict)
    left: dict[str, int] = field(default_factory=dict)


def replay(engine: Engine, catalog: Catalog, chosen: Chosen | None = None) -> ReplayReport:
    """Read quarantined rows again; they keep the time of their arrival.

    Args:
        catalog: holds the source documents of today; the plan is the one that the engine reads frames by.
        chosen: which rows; those that wait. Other rows of a group are read with them.
    """
    chosen = replace(chosen or Chosen(), state="waiting")
    engine.apply_pending()
    ids: list[str] = []
    left: dict[str, int] = {}
    frames = 0
    for frame in _frames(engine, catalog, chosen, left):
        ids += [name for name, _ in frame.meta["again"]]
        engine.spool_append([frame])
        frames += 1
    done = engine.apply_pending() if frames else None
    still = _still(engine, ids)
    stays = sum(still.values())
    return ReplayReport(len(ids), len(ids) - stays, done.events if done else 0, still, left)


def _still(engine: Engine, ids: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for start in range(0, len(ids), 500):
        where, params = Chosen(ids=tuple(ids[start : start + 500])).where()
        for code, number in engine.ops.query(f"SELECT code, count(*) FROM quarantine {where} GROUP BY code", params):
            found[code] = found.get(code, 0) + number
    return found


def _frames(engine: Engine, catalog: Catalog, chosen: Chosen, left: dict[str, int]) -> Iterator[Frame]:
    """The chosen rows as frames; what cannot be read again is counted in ``left``."""
    where, params = chosen.where()
    marks = ", ".join("?" * len(_NOT_WHOLE))
    for code, number in engine.ops.query(
        f"SELECT code, count(*) FROM quarantine {where} AND severity = 'error' AND code IN ({marks}) GROUP BY code",
        (*params, *_NOT_WHOLE),
    ):
        left[f"{code}: the row is not kept as it came"] = number
    where += f" AND severity = 'error' AND body IS NOT NULL AND code NOT IN ({marks})"
    params = (*params, *_NOT_WHOLE)
    origins = engine.ops.query(
        "SELECT source, form, file, CASE WHEN file = '' THEN NULL ELSE received_at END, count(*) FROM quarantine "
        f"{where} GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4",
        params,
    )
    for source, form, file, received, number in origins:
        spec = _spec(catalog, source)
        here = f"{where} AND source = ? AND file = ? AND coalesce(form, '') = ?", (*params, source, file, form or "")
        form = form or _form_of(file, spec)
        if not _maps(form, spec):
            reason = f"there is no source document {source} that maps {'rows' if form == ROWS else 'webhooks or JSON'}"
            left[reason] = left.get(reason, 0) + number
            continue
        if received is not None:
            here = f"{here[0]} AND received_at = ?", (*here[1], received)
        if form == ROWS:
            assert spec is not None
            yield from _row_frames(engine, catalog, spec, here)
        elif form == WEBHOOK:
            assert spec is not None
            for rows in _pages(engine, *here):
                yield _webhooks_again(rows, spec)
        else:
            for rows in _pages(engine, *here):
                yield _lines_again(rows, form.split("/")[1:], spec)


def _spec(catalog: Catalog, source: str) -> SourceSpec | None:
    found = next((document.spec for document in catalog.all("source") if document.key == source), None)
    return found if isinstance(found, SourceSpec) else None


def _form_of(file: str, spec: SourceSpec | None) -> str:
    """How a row came that was put aside before that was noted."""
    if not file:
        return form_of("api", history=False)
    return ROWS if spec is not None and spec.holds_rows else form_of("import", history=False)


def _maps(form: str, spec: SourceSpec | None) -> bool:
    """Whether the document of today can read rows of a form."""
    if form == ROWS:
        return spec is not None and spec.holds_rows
    return form != WEBHOOK or (spec is not None and spec.holds_bodies)


def _pages(engine: Engine, where: str, params: tuple[object, ...]) -> Iterator[pa.Table]:
    last = ""
    while True:
        rows = engine.ops.query(
            f"SELECT {', '.join(_KEPT)} FROM quarantine {where} AND id > ? ORDER BY id LIMIT ?",
            (*params, last, REPLAYED_AT_ONCE),
        )
        if not rows:
            return
        last = rows[-1][0]
        yield table_of(_KEPT, rows)


def _lines_again(rows: pa.Table, how: Sequence[str], spec: SourceSpec | None) -> Frame:
    arrival: Any = how[0]
    rows = rows.append_column("place", pa.array(np.arange(rows.num_rows)))
    lines = scratch(_NAMED, {"q": rows})["line"].to_pylist()
    instants = [from_micros(micros).isoformat() for micros in rows["received_at"].to_pylist()]
    origin = _origin(rows, max(instants))
    lag = timedelta(0) if "history" in how else None
    if spec is not None and arrival == "import":
        lag = spec.known_after
    frame = lines_frame("\n".join([*lines, ""]).encode(), origin, arrival=arrival, first_line=1, lag=lag)
    meta: dict[str, Any] = {**frame.meta, "again": _again(rows)}
    if arrival != "import":
        meta["requests"] = [[1, at, sent] for at, sent in zip(instants, rows["sent_at"].to_pylist(), strict=True)]
    return replace(frame, meta=meta)


def _webhooks_again(rows: pa.Table, spec: SourceSpec) -> Frame:
    texts = [text.encode() for text in rows["body"].to_pylist()]
    instants = [from_micros(micros) for micros in rows["received_at"].to_pylist()]
    frame = webhook_frame(rows["source"][0].as_py(), spec, b"".join(texts), max(instants))
    bodies = [[len(text), at.isoformat()] for text, at in zip(texts, instants, strict=True)]
    file = rows["file"][0].as_py()
    return replace(frame, meta={**frame.meta, "file": file, "bodies": bodies, "again": _again(rows)})


def _row_frames(
    engine: Engine, catalog: Catalog, spec: SourceSpec, here: tuple[str, tuple[object, ...]]
) -> Iterator[Frame]:
    pages: Iterator[pa.Table] = _pages(engine, *here)
    if spec.group_by:
        picked = list(pages)
        if not picked:
            return
        wanted = pa.concat_tables(picked)
        first = wanted.slice(0, 1).to_pylist()[0]
        others = engine.ops.query(
            f"SELECT {', '.join(_KEPT)} FROM quarantine WHERE state = 'waiting' AND severity = 'error' "
            "AND code <> 'BAD_ROW' AND source = ? AND file = ? AND received_at = ? ORDER BY line",
            (first["source"], first["file"], first["received_at"]),
        )
        pages = whole_groups_of(table_of(_KEPT, others), wanted, spec.group_by, REPLAYED_AT_ONCE)
    for kept in pages:
        kept = kept.sort_by([("line", "ascending")])
        origin = _origin(kept, from_micros(kept["received_at"][0].as_py()).isoformat())
        for rows, kept_part in rows_of_bodies(kept):
            frame = rows_frame(rows, origin, spec, spec.zone or catalog.settings.zone)
            yield replace(frame, meta={**frame.meta, "again": _again(kept_part)})


def _origin(rows: pa.Table, received_at: str) -> Origin:
    return Origin(rows["source"][0].as_py(), rows["file"][0].as_py(), datetime.fromisoformat(received_at))


def _again(rows: pa.Table) -> list[list[Any]]:
    return [list(pair) for pair in zip(rows["id"].to_pylist(), rows["line"].to_pylist(), strict=True)]
