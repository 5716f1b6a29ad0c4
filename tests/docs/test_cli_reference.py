"""The command reference says what the program says."""

from __future__ import annotations

from tools import cli_reference


def test_the_page_is_up_to_date() -> None:
    written = cli_reference.PAGE.read_text(encoding="utf-8")
    hint = "run: .venv/bin/python -m tools.cli_reference --write"
    assert written == cli_reference.page(cli_reference.the_program()), hint


def test_every_command_and_option_says_what_it_does() -> None:
    silent = []
    for path, command in cli_reference.commands(cli_reference.the_program()):
        if not (command.help or "").strip():
            silent.append(path)
        silent += [f"{path} {param.name}" for param in command.params if not (param.help or "").strip()]
    assert silent == []
