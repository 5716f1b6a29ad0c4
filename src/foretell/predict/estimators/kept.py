"""Somebody's own estimator as a file, without pickle: a line of JSON, then the object in its own words or in skops'."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from foretell.errors import ForetellError

Refusal = Callable[..., ForetellError]
_BYTES, _SKOPS = "bytes", "skops"
_HARMLESS = ("numpy.dtype",)
"""Types that run nothing and that scikit-learn's own estimators hold, but skops does not know."""
_THEN = (1980, 1, 1, 0, 0, 0)


def pack(made: Any, head: Mapping[str, Any], trusted: Sequence[str], refusal: Refusal) -> bytes:
    """The object as bytes; the same object gives the same bytes.

    Raises:
        ForetellError: ``ESTIMATOR_UNTRUSTED`` for types that nobody vouches for; ``ESTIMATOR_STORAGE``.
    """
    if callable(getattr(made, "to_bytes", None)):
        kind, body = _BYTES, made.to_bytes()
        if not isinstance(body, bytes) or not callable(getattr(type(made), "from_bytes", None)):
            raise refusal("UNFIT", "to_bytes() has to give bytes, and from_bytes(data) has to take them")
    else:
        kind, body = _SKOPS, _by_skops(made, trusted, refusal)
    usual = [None if one != one else one for one in head["usual"]]
    line = json.dumps({**head, "usual": usual, "kept_by": kind}, sort_keys=True, allow_nan=False)
    return line.encode() + b"\n" + body


def unpack(
    data: bytes, make: Any, trusted: Sequence[str], source: str, refusal: Refusal
) -> tuple[Mapping[str, Any], Any]:
    """Head and object of what :func:`pack` wrote; raises ``ESTIMATOR_CHANGED``, ``ESTIMATOR_STORAGE``."""
    line, _, body = data.partition(b"\n")
    head: Mapping[str, Any] = json.loads(line)
    if head["source"] != source:
        raise refusal(
            "CHANGED", "the estimator's code is not the one that the model was learnt by", "Train the prediction again."
        )
    try:
        if head["kept_by"] == _BYTES:
            return head, make.from_bytes(body)
        skops = _skops(refusal)
        return head, skops.loads(body, trusted=_allowed(skops, body, trusted, refusal))
    except ForetellError:
        raise
    except Exception as error:
        raise refusal("STORAGE", f"the stored object cannot be read: {type(error).__name__}: {error}") from error


def _by_skops(made: Any, trusted: Sequence[str], refusal: Refusal) -> bytes:
    skops = _skops(refusal)
    try:
        body = _in_order(skops.dumps(made))
    except Exception as error:
        raise refusal(
            "STORAGE", f"skops cannot store it: {type(error).__name__}: {error}", "Give it to_bytes() and from_bytes()."
        ) from error
    _allowed(skops, body, trusted, refusal)
    return body


def _allowed(skops: Any, body: bytes, trusted: Sequence[str], refusal: Refusal) -> list[str]:
    """The types beyond skops' own that the object holds, all of which are trusted."""
    held = sorted(skops.get_untrusted_types(data=body))
    strange = [name for name in held if name not in (*trusted, *_HARMLESS)]
    if strange:
        raise refusal(
            "UNTRUSTED",
            f"it holds types that its TRUSTED does not name: {', '.join(strange)}",
            f"Add TRUSTED = [{', '.join(map(repr, strange))}] where you trust them.",
        )
    return held


def _skops(refusal: Refusal) -> Any:
    try:
        import skops.io  # an extra of its own, and it loads slowly
    except ImportError as error:
        raise refusal(
            "STORAGE",
            "skops, which stores estimators without pickle, is not installed",
            "Install foretell[models], or give the class to_bytes() and from_bytes().",
        ) from error
    return skops.io


def _in_order(body: bytes) -> bytes:
    """The archive without addresses of memory and times of day, so that equal objects are equal files."""
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    schema = json.loads(files.pop("schema.json"))
    numbers: dict[Any, int] = {}
    names: dict[str, str] = {}
    ordered = _renumbered(schema, numbers, names)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files, key=lambda name: names.get(name, name)):
            archive.writestr(zipfile.ZipInfo(names.get(name, name), _THEN), files[name])
        archive.writestr(zipfile.ZipInfo("schema.json", _THEN), json.dumps(ordered))
    return made.getvalue()


def _renumbered(part: Any, numbers: dict[Any, int], names: dict[str, str]) -> Any:
    if isinstance(part, list):
        return [_renumbered(one, numbers, names) for one in part]
    if not isinstance(part, dict):
        return part
    found = {}
    for key, value in part.items():
        if key == "__id__":
            value = numbers.setdefault(value, len(numbers))
        elif key == "file" and isinstance(value, str):
            value = names.setdefault(value, f"{len(names)}.{value.rpartition('.')[2]}")
        found[key] = _renumbered(value, numbers, names)
    return found
