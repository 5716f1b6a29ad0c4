"""The ``block`` document: a part of messages that several templates share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from foretell.condition import horizon_problems, parse, parse_problems, references
from foretell.definitions import Catalog, Document, Kind, Problem
from foretell.deliver.template_checks import Source, text_problems
from foretell.deliver.text_fields import BLOCK_TEXTS, BlockSpec, BlockUse, said
from foretell.errors import UsageError


def spec_of(document: Document) -> BlockSpec:
    """The content of a block document."""
    assert isinstance(document.spec, BlockSpec)
    return document.spec


def block_of(catalog: Catalog, own: dict[str, BlockUse], key: str) -> BlockSpec | None:
    """The block that a template calls ``key``: its own, else the document; None where there is neither."""
    use = own.get(key)
    if use is None or use.use is not None:
        document = catalog.documents.get(("block", key if use is None else str(use.use)))
        shared = spec_of(document) if document else None
        if use is None or shared is None:
            return shared
        told = {name: value for name, value in use.model_dump(exclude_unset=True).items() if name != "use"}
        return shared.model_copy(update=told)
    return use


def condition_problems(
    document: Document, block: BlockSpec, path: tuple[str | int, ...], catalog: Catalog
) -> Iterable[Problem]:
    """What is wrong with the condition of a block that lies at ``path``."""
    if block.when is None:
        return
    at = document.positions.below(*path, "when")
    problems = parse_problems(block.when, at=at, thing=document.name)
    yield from problems or horizon_problems(
        parse(block.when, at=at, thing=document.name), catalog, at=at, thing=document.name
    )


def named_by(block: BlockSpec) -> Iterator[tuple[str, str]]:
    """The documents that a block's condition names."""
    if block.when is None:
        return
    try:
        named = references(parse(block.when))
    except UsageError:
        return  # the check reports it
    for kind in ("segment", "prediction", "table"):
        yield from ((kind, key) for key in getattr(named, f"{kind}s"))


def block_sources(block: BlockSpec, path: tuple[str | int, ...]) -> Iterator[Source]:
    """Every text of a block, with where it stands."""
    for field in BLOCK_TEXTS:
        if (text := said(block, field)) is not None:
            yield Source(field, text, (*path, field))
    for language, texts in block.languages.items():
        for field in BLOCK_TEXTS:
            if (text := said(texts, field)) is not None:
                yield Source(field, text, (*path, "languages", language, field))


def _check(document: Document, catalog: Catalog) -> Iterable[Problem]:
    spec = spec_of(document)
    if not any(said(spec, field) for field in BLOCK_TEXTS):
        yield Problem(
            "EMPTY_BLOCK",
            "the block says nothing",
            document.name,
            document.positions.at(("spec",)),
            "Write html, mjml, text or sms.",
        )
    yield from condition_problems(document, spec, ("spec",), catalog)
    for source in block_sources(spec, ("spec",)):
        yield from text_problems(document, source, None)


def _refers(document: Document) -> Iterator[tuple[str, str]]:
    yield from named_by(spec_of(document))


KIND = Kind("block", "blocks", BlockSpec, _check, _refers)
"""The kind ``block``, in the workspace's folder ``blocks``."""
