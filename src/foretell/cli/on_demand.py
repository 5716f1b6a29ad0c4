"""Commands that are loaded when somebody asks for them: each starts without the libraries of the others."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, ClassVar

import typer
from typer.core import TyperGroup


@dataclass(frozen=True)
class Place:
    """Where a command stands.

    Args:
        file: the file of this package that holds it.
        summary: what the list of commands says of it: the first sentence of the command's own help.
        group: the file's :class:`typer.Typer` where the command is a group of commands; otherwise the
            file's ``add_to`` adds it.
    """

    file: str
    summary: str
    group: str = ""

    def commands(self, name: str) -> Mapping[str, Any]:
        """The commands that come with this one, by name."""
        module = import_module(f"foretell.cli.{self.file}")
        gc.enable()  # foretell.cli.main turned it off
        holder = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
        holder.callback()(_nothing)
        if self.group:
            holder.add_typer(getattr(module, self.group), name=name)
        else:
            module.add_to(holder)
        return typer.main.get_group(holder).commands


def _nothing() -> None:
    """What stands before a command does nothing."""


class Commands(MutableMapping[str, Any]):
    """Name → command; a command's file is imported when the command is asked for."""

    def __init__(self, places: Mapping[str, Place]) -> None:
        self._places = places
        self._loaded: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._loaded:
            self._loaded[name] = self._places[name].commands(name)[name]
        return self._loaded[name]

    def __setitem__(self, name: str, command: Any) -> None:
        self._loaded[name] = command

    def __delitem__(self, name: str) -> None:
        del self._loaded[name]

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys([*self._places, *self._loaded]))

    def __len__(self) -> int:
        return len(list(iter(self)))


class OnDemand(TyperGroup):
    """A group whose commands are loaded when they are asked for; listing them loads none."""

    places: ClassVar[Mapping[str, Place]] = {}

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands = Commands(self.places)

    def list_commands(self, ctx: Any) -> list[str]:
        """The names, in the order of the list."""
        return list(self.commands)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """The names and summaries, for the help."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, place.summary) for name, place in self.places.items()])
