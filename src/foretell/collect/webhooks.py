"""Bodies of webhooks, and records of JSON files: kept as they came, and read as messages of the Segment specification.

A frame carries the source document that it came under, and so reads the same every time. Bodies that follow each
other are read together.
"""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from foretell.clock import naive_utc
from foretell.collect.envelope import LINE_BYTES, Arrivals
from foretell.collect.problems import MESSAGES, problem_rows
from foretell.collect.segment_spec import decode_segment
from foretell.collect.source_model import SourceSpec
from foretell.collect.told import Origin
from foretell.collect.tracking import SourceRules
from foretell.collect.values import joined
from foretell.collect.webhook_expressions import reader_of
from foretell.collect.webhook_model import EventMapping
from foretell.engine import TIMESTAMP, Decoded, Frame, integers, with_column
from foretell.ids import stable_id

WEBHOOK = "webhook"
MOST_ITEMS = 2_500
"""That one mapping reads in a body: as many as a batch has events."""
MOST_BYTES = 8 * 1024 * 1024
"""Of all messages of a body: a mapping that repeats the body in each of its items grows with the square."""
BYTES_FORM = "base64:"
"""What stands before the bytes of a body that is no text."""
BAD_BYTES = "BAD_UTF8"
_SAID = {**MESSAGES, BAD_BYTES: "the body is no valid UTF-8; its bytes are kept in base64"}
_MILLIS_FROM = 1e11
"""A number from here on counts milliseconds: as seconds it would be the year 5138."""
_SEGMENT_IDS = {"user_id": "userId", "anonymous_id": "anonymousId"}
_TRAIT_IDS = ("email", "phone")


@dataclass(frozen=True)
class _Line:
    """A message that was made of the body numbered ``body``."""

    body: int
    text: str


@dataclass(frozen=True)
class _Wrong:
    body: int
    code: str
    message_id: str | None = None


class _Refused(Exception):
    """A body of which nothing is taken in."""


def _nothing(_: object) -> None:
    """What stands for a value that JSON has no form for: a JMESPath expression that is no value."""


_encode = msgspec.json.Encoder(enc_hook=_nothing).encode
_sorted = msgspec.json.Encoder(enc_hook=_nothing, order="sorted").encode
"""Numbers that are none (``to_number('nan')``) become null."""


def webhook_frame(
    source: str, spec: SourceSpec, body: bytes, received_at: datetime, *, trace: str | None = None
) -> Frame:
    """The frame of a body as it came.

    Args:
        spec: of the source, ``format: webhook``.
        trace: the span that took it in, see :func:`foretell.telemetry.traceparent`.
    """
    at = received_at.isoformat()
    meta = {"source": source, "file": "", "received_at": at, "spec": mapped_by(spec), "bodies": [[len(body), at]]}
    if trace is not None:
        meta["traces"] = [trace]
    return Frame(WEBHOOK, meta, body)


def mapped_by(spec: SourceSpec) -> dict[str, Any]:
    """What a frame keeps of its source document."""
    return spec.model_dump(mode="json", exclude_defaults=True, by_alias=True)


def joined_webhooks(frames: Sequence[Frame]) -> list[Frame]:
    """Frames of one source and document that follow each other as one frame; others stay as they are."""
    result: list[Frame] = []
    for kind, group in itertools.groupby(frames, _joinable):
        run = list(group)
        if kind is None or len(run) == 1:
            result += run
            continue
        bodies = [entry for frame in run for entry in frame.meta["bodies"]]
        result.append(Frame(WEBHOOK, {**run[-1].meta, "bodies": bodies}, b"".join(frame.body for frame in run)))
    return result


def _joinable(frame: Frame) -> str | None:
    if frame.format != WEBHOOK or "again" in frame.meta or frame.meta["file"]:
        return None
    return json.dumps([frame.meta["source"], frame.meta["spec"]], sort_keys=True)


def decode_webhook(frame: Frame, origin: Origin, rules: SourceRules | None) -> Decoded:
    """Read the bodies of a frame.

    What came over the wire has no line; of a file it is the number of the record, and in a frame that is read again
    that of the body.
    """
    spec = SourceSpec.model_validate(frame.meta["spec"])
    bodies, at = _bodies(frame)
    numbers = _numbers_of(frame, len(bodies))
    lines: list[_Line] = []
    wrong: list[_Wrong] = []
    for number, body in enumerate(bodies):
        _read(number, body, spec, origin.source, lines, wrong)
    received = pa.array([naive_utc(instant) for instant in at], TIMESTAMP)
    of_line = pa.array([line.body for line in lines], pa.int64())
    arrivals = Arrivals(
        received.take(of_line), pa.array(range(len(lines)), pa.int64()), pa.nulls(len(lines), pa.string())
    )
    too_large = [len(line.text.encode()) > LINE_BYTES["import"] for line in lines]
    decoded = decode_segment(
        pa.array([line.text for line in lines], pa.large_string()),
        source=origin.source,
        received_at=origin.received_at,
        first_line=0,
        arrival="import" if origin.file else "api",
        arrivals=None if origin.file else arrivals,
        lag=spec.known_after,
        file=origin.file,
        wrong=pa.array(["TOO_LARGE" if large else None for large in too_large], pa.string()),
        rules=rules,
    )
    return _as_bodies(decoded, of_line, bodies, received, wrong, origin, numbers)


def _numbers_of(frame: Frame, count: int) -> pa.Array:
    """What the line of each body is, or null."""
    if "again" in frame.meta:
        return pa.array(range(1, count + 1), pa.int64())
    return pa.array(frame.meta.get("numbers", [None] * count), pa.int64())


@dataclass(frozen=True)
class BodyMessages:
    """What one body of a frame tells: its messages as lines, and their ids."""

    body: bytes
    lines: tuple[str, ...]
    ids: tuple[str, ...]


def messages_of(frame: Frame) -> list[BodyMessages]:
    """The messages of each body of a frame of webhooks."""
    spec = SourceSpec.model_validate(frame.meta["spec"])
    told = []
    for number, body in enumerate(_bodies(frame)[0]):
        lines: list[_Line] = []
        _read(number, body, spec, frame.meta["source"], lines, [])
        texts = tuple(line.text for line in lines)
        told.append(BodyMessages(body, texts, tuple(msgspec.json.decode(text)["messageId"] for text in texts)))
    return told


def _bodies(frame: Frame) -> tuple[list[bytes], list[datetime]]:
    ends = list(itertools.accumulate(size for size, _ in frame.meta["bodies"]))
    bodies = [frame.body[start:end] for start, end in zip([0, *ends], ends, strict=False)]
    return bodies, [datetime.fromisoformat(text) for _, text in frame.meta["bodies"]]


def _as_bodies(
    decoded: Decoded,
    of_line: pa.Array,
    bodies: Sequence[bytes],
    received: pa.Array,
    wrong: Sequence[_Wrong],
    origin: Origin,
    numbers: pa.Array,
) -> Decoded:
    """With bodies in place of the messages that were made of them: what is put aside is what came."""
    texts = pa.array([_text(body) for body in bodies], pa.string())
    problems = _once(decoded.problems, of_line)
    body_of = pc.take(of_line, joined(problems["line"]))
    refused = pc.and_(pc.equal(problems["severity"], "error"), pc.is_valid(body_of))
    shown = pc.if_else(refused, pc.take(texts, body_of), joined(problems["body"]).cast(pa.string()))
    problems = with_column(problems, "body", shown)
    problems = with_column(problems, "line", numbers.take(body_of))
    at = pa.array([one.body for one in wrong], pa.int64())
    found = pa.table(
        {
            "line": numbers.take(at),
            "code": pa.array([one.code for one in wrong], pa.string()),
            "message": pa.array([_SAID[one.code] for one in wrong], pa.string()),
            "body": texts.take(at),
            "received_at": received.take(at),
            "message_id": pa.array([one.message_id for one in wrong], pa.string()),
        }
    )
    rows = problem_rows(found, source=origin.source, file=origin.file, received_at=origin.received_at)
    events = decoded.events
    events = with_column(events, "line", numbers.take(of_line.take(pa.array(integers(events["line"])))))
    return replace(decoded, events=events, problems=pa.concat_tables([problems, rows]))


def _text(body: bytes) -> str:
    """A body as it came; of one that is no text, its bytes in base64, and that it is so."""
    try:
        return body.decode()
    except UnicodeDecodeError:
        return BYTES_FORM + base64.b64encode(body).decode()


def _once(problems: pa.Table, of_line: pa.Array) -> pa.Table:
    """With one row for what is wrong with several messages of a body: each would hold the body."""
    errors = zip(problems["severity"].to_pylist(), problems["line"].to_pylist(), problems["code"].to_pylist(),
                 strict=True)  # fmt: skip
    bodies = of_line.to_pylist()
    seen: set[tuple[int, str]] = set()
    kept = []
    for severity, line, code in errors:
        key = None if severity != "error" or line is None else (bodies[line], code)
        kept.append(key is None or key not in seen)
        if key is not None:
            seen.add(key)
    return problems.filter(pa.array(kept, pa.bool_()))


def _read(number: int, body: bytes, spec: SourceSpec, source: str, lines: list[_Line], wrong: list[_Wrong]) -> None:
    """Read one body into ``lines``, and what cannot be read into ``wrong``."""
    try:
        body.decode()
    except UnicodeDecodeError:
        wrong.append(_Wrong(number, BAD_BYTES))
        return
    try:
        told = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        wrong.append(_Wrong(number, "BAD_JSON"))
        return
    made: list[_Line] = []
    unnamed: list[_Wrong] = []
    try:
        _map(number, told, body, spec, source, made, unnamed)
    except _Refused as refused:
        wrong.append(_Wrong(number, str(refused)))
        return
    except (RecursionError, UnicodeEncodeError):
        wrong.append(_Wrong(number, "BAD_JSON"))
        return
    lines += made
    wrong += unnamed[:1]
    if not made and not unnamed:
        wrong.append(_Wrong(number, "NO_MATCH", stable_id("m", source, body.decode())))


def _map(
    number: int, told: Any, body: bytes, spec: SourceSpec, source: str, made: list[_Line], unnamed: list[_Wrong]
) -> None:
    """The messages of one body, and those that have no name.

    Raises:
        _Refused: ``TOO_MANY`` items, or messages that are ``TOO_LARGE`` together.
    """
    read = reader_of(told)
    whole = hashlib.blake2b(body if not isinstance(told, dict | list) else _sorted(told), digest_size=16).hexdigest()
    seen: Counter[str] = Counter()
    size = 0
    for mapping in spec.events:
        items = _items(mapping, told, read)
        if len(items) > MOST_ITEMS:
            raise _Refused("TOO_MANY")
        for item in items:
            if mapping.when is not None and _is_false(read(mapping.when, item)):
                continue
            message = _message(mapping, item, read)
            message_id = _id_of(mapping, item, read, (source, whole), seen)
            if message is None:
                unnamed.append(_Wrong(number, "NO_NAME", message_id))
                continue
            text = _encode({"messageId": message_id, **message})
            size += len(text)
            if size > MOST_BYTES:
                raise _Refused("TOO_LARGE")
            made.append(_Line(number, text.decode()))


def _items(mapping: EventMapping, told: Any, read: Callable[[str, Any], Any]) -> list[Any]:
    if mapping.each is None:
        return [told]
    found = read(mapping.each, told)
    if found is None:
        return []
    return found if isinstance(found, list) else [found]


def _is_false(value: Any) -> bool:
    """False, null, and what is empty; 0 is a value (JMESPath's rule)."""
    return value is None or value is False or value in ("", [], {})


def _message(mapping: EventMapping, item: Any, read: Callable[[str, Any], Any]) -> dict[str, Any] | None:
    """One message; None where the event has no name."""
    name = mapping.track if isinstance(mapping.track, str) or mapping.track is None else read(mapping.track.path, item)
    if mapping.track is not None and not (isinstance(name, str) and name.strip()):
        return None
    made: dict[str, Any] = {"type": "track", "event": name} if mapping.track is not None else {"type": "identify"}
    stamp = None if mapping.timestamp is None else _instant(read(mapping.timestamp, item))
    if stamp is not None:
        made["timestamp"] = stamp
    properties = _filled(mapping.properties, item, read)
    made["properties"] = properties if properties is not None else {}
    traits = _filled(mapping.traits, item, read)
    return {**made, **_who(mapping, item, read, traits)}


def _who(
    mapping: EventMapping, item: Any, read: Callable[[str, Any], Any], traits: Mapping[str, Any]
) -> dict[str, Any]:
    """Identifiers and traits in their places of a message."""
    found: dict[str, Any] = {}
    context: dict[str, Any] = {}
    mentioned: dict[str, Any] = {}
    others: list[dict[str, Any]] = []
    for kind, path in mapping.identifiers.items():
        value = _filled(path, item, read)
        if value is None or value == "" or isinstance(value, bool | dict | list):
            continue
        if kind in _SEGMENT_IDS:
            found[_SEGMENT_IDS[kind]] = value
        elif kind in _TRAIT_IDS:
            mentioned[kind] = value
        else:
            others.append({"id": str(value), "type": kind, "collection": "users", "encoding": "none"})
    if mapping.identify:
        found["traits"] = {**mentioned, **traits}
    elif mentioned:
        context["traits"] = mentioned
    if others:
        context["externalIds"] = others
    return {**found, "context": context} if context else found


def _filled(value: Any, item: Any, read: Callable[[str, Any], Any]) -> Any:
    """What a mapping's expressions give, in the mapping's form; members without a value are left out."""
    if isinstance(value, Mapping):
        given = {name: _filled(inner, item, read) for name, inner in value.items()}
        return {name: one for name, one in given.items() if one is not None}
    return read(value, item) if isinstance(value, str) else value


def _instant(value: Any) -> str | None:
    """A time as a message writes it."""
    if isinstance(value, bool) or value is None or value == "":
        return None
    if isinstance(value, str) and not value.strip().replace(".", "", 1).isdigit():
        return value
    try:
        number = float(value)
        seconds = number / 1_000 if number >= _MILLIS_FROM else number
        return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")
    except (TypeError, ValueError, OverflowError):
        return str(value)  # no time: the message says so when it is read


def _id_of(
    mapping: EventMapping, item: Any, read: Callable[[str, Any], Any], body: tuple[str, str], seen: Counter[str]
) -> str:
    """The message id that the body gives; else one of its content, so that a body that comes twice is one.

    Equal items of two bodies are two events: what tells them apart may stand around them.

    Args:
        body: source, and a hash of the whole body.
        seen: how many equal items the body has had.
    """
    source, whole = body
    what = "identify" if mapping.track is None else str(mapping.track)
    given = None if mapping.message_id is None else read(mapping.message_id, item)
    if isinstance(given, str | int | float) and not isinstance(given, bool) and given != "":
        return stable_id("m", source, what, str(given), length=32)
    content = hashlib.blake2b(_sorted(item), digest_size=16).hexdigest()
    seen[what + content] += 1
    return stable_id("m", source, what, whole, content, str(seen[what + content]), length=32)
