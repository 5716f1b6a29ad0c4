"""Models that a workspace has trained on its own texts: beside its other models, numbers of hashes and a card each."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from foretell.definitions import suggestion
from foretell.engine import Engine
from foretell.errors import UsageError
from foretell.listen.text import linear
from foretell.listen.text.judging import Models, shipped
from foretell.listen.text.linear import LinearModel

_SENTIMENT, _ROUTER = "sentiment_", "router_"


def folder_of(engine: Engine) -> Path:
    """Where they lie; backed up with the other models. No key of a prediction begins so."""
    return engine.data / "models" / "_texts"


def models_of(engine: Engine) -> Models:
    """What judges texts in a workspace: its own models, and for other languages those that come with the package."""
    own = {
        path.stem.removeprefix(_SENTIMENT): _read(path.parent, path.stem, path.stat().st_mtime_ns)
        for path in sorted(folder_of(engine).glob(f"{_SENTIMENT}*.json"))
    }
    return Models({"en": shipped(), **own})


def keep_sentiment(engine: Engine, language: str, model: LinearModel) -> None:
    """Let a model judge a language from the next texts on."""
    linear.write(folder_of(engine), f"{_SENTIMENT}{language}", model)


def keep_router(engine: Engine, key: str, model: LinearModel) -> None:
    """Keep a router by its key."""
    linear.write(folder_of(engine), f"{_ROUTER}{key}", model)


def routers(engine: Engine) -> list[str]:
    """Keys of all routers."""
    return [path.stem.removeprefix(_ROUTER) for path in sorted(folder_of(engine).glob(f"{_ROUTER}*.json"))]


def router(engine: Engine, key: str) -> LinearModel:
    """A router; raises ``UNKNOWN_ROUTER``."""
    known = routers(engine)
    if key not in known:
        next_step = (
            suggestion(key, known, what="routers") if known else "Train one: `foretell text train --router KEY FILE`."
        )
        raise UsageError("UNKNOWN_ROUTER", f"there is no router called {key!r}", next_step=next_step)
    path = folder_of(engine) / f"{_ROUTER}{key}.json"
    return _read(path.parent, path.stem, path.stat().st_mtime_ns)


@lru_cache(maxsize=16)
def _read(folder: Path, name: str, _changed: int) -> LinearModel:
    return linear.read(folder, name)
