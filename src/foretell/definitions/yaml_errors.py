"""The YAML parser's complaints in plain words."""

from __future__ import annotations

import re

from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.reader import ReaderError

from foretell.definitions.nodes import Tree, YamlMistake
from foretell.definitions.problem import Problem

_QUOTES = "Put text that holds special characters in quotes."
_WORDS = (
    (r"character '\\t'", "a tab stands where only spaces may", "Indent with spaces."),
    (
        r"mapping values are not allowed",
        "a ': ' stands where no entry can begin",
        "Check the indentation, and put text that holds ': ' in quotes.",
    ),
    (
        r"expected ',' or '\]'",
        "a list that begins here with '[' is not closed",
        "Add the missing ']'.",
    ),
    (r"expected ',' or '\}'", "a mapping that begins here with '{' is not closed", "Add the missing '}'."),
    (
        r"expected <block end>|could not find expected ':'",
        "this line does not fit the lines above it",
        "Align the entries of one mapping or list in the same column, each as 'key: value' or '- item'.",
    ),
)
_CONTEXT = "a quoted text begins here and never ends"
_CUT_OFF = re.compile("node content, but found '<(document|stream)")
_UNCLOSED = "a list or mapping that begins here is not closed"


def explain_yaml_error(error: YAMLError | YamlMistake, text: str, tree: Tree) -> tuple[int, Problem]:
    """A parser's error as a problem.

    Args:
        text: what was parsed; it began at 0-based line ``tree.offset`` of the file.
        tree: what had been built of the document so far.

    Returns:
        The 0-based line of the file at which parsing stopped, and the problem.
    """
    file, offset = tree.file, tree.offset
    if isinstance(error, YamlMistake):
        line = offset + error.line
        return line, Problem(error.code, error.message, where=f"{file}:{line + 1}", next_step=error.next_step)
    if isinstance(error, ReaderError):
        line = offset + text.count("\n", 0, error.position)
        message = f"the character U+{ord(text[error.position]):04X} may not stand in a text file"
        return line, Problem("BROKEN_YAML", message, where=f"{file}:{line + 1}", next_step="Delete the character.")
    return _explain_marked(error, tree)


def _explain_marked(error: YAMLError, tree: Tree) -> tuple[int, Problem]:
    said, begun, stopped = str(error), None, 0
    if isinstance(error, MarkedYAMLError):
        said = str(error.problem)
        begun = error.context_mark.line if error.context_mark else None
        stopped = error.problem_mark.line if error.problem_mark else begun or 0
    stopped += tree.offset
    begun = None if begun is None else begun + tree.offset
    if _CUT_OFF.search(said):
        shown = stopped if tree.opened_at is None else tree.opened_at
        message, next_step = _UNCLOSED, "Add the missing ']' or '}'."
    else:
        shown, message, next_step = _in_words(said, str(getattr(error, "context", "")), begun, stopped)
    where = f"{tree.file}:{shown + 1}"
    return stopped, Problem("BROKEN_YAML", message, where=where, next_step=next_step)


def _in_words(said: str, context: str, begun: int | None, stopped: int) -> tuple[int, str, str]:
    """The line to point at, what to say, what to do."""
    if "quoted scalar" in context and begun is not None:
        return begun, _CONTEXT, "Add the closing quote."
    for pattern, message, next_step in _WORDS:
        if re.search(pattern, said):
            opens = begun is not None and "begins here" in message
            return (begun if opens and begun is not None else stopped), message, next_step
    if found := re.search(r"character '(.+)' that cannot start any token", said):
        return stopped, f"a value cannot begin with {found[1]}", _QUOTES
    return stopped, f"the YAML is broken: {said}", _QUOTES
