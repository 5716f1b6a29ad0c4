"""House rules on the syntax tree of Python files."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from tools.files import SourceFile
from tools.rule import Finding, Rule, all_python, package_python, package_python_but, test_python

_PRESENT = {
    "datetime": {"now", "utcnow", "today"},
    "date": {"today"},
    "time": {"time", "time_ns", "localtime", "gmtime"},
    "Timestamp": {"now", "today", "utcnow"},
}
_UNSAFE_MODULES = {"pickle", "cPickle", "cloudpickle", "dill", "joblib", "marshal", "shelve"}
_VAGUE = {"manager", "managers", "helper", "helpers", "util", "utils", "utility", "utilities"}
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_SKIPS = {"skip", "skipif", "xfail", "importorskip"}


def no_present(file: SourceFile) -> Iterator[Finding]:
    """Time is passed in (``now``, ``as_of``); only the clock reads the machine's.

    What fetches the present inside cannot be replayed, back-tested or tested with a moved clock.
    Measuring how long work takes (``perf_counter``, ``monotonic``, ``process_time``) is allowed.
    """
    bare = _names_imported(file.tree, "time", {"time", "time_ns", "localtime", "gmtime"})
    for node in ast.walk(file.tree):
        if isinstance(node, ast.Attribute) and node.attr in _PRESENT.get(_last_name(node.value), ()):
            yield node.lineno, f"{_last_name(node.value)}.{node.attr}: take the instant as an argument"
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in bare:
            yield node.lineno, f"{node.func.id}(): take the instant as an argument"


def no_print(file: SourceFile) -> Iterator[Finding]:
    """Only the terminal's door writes to the terminal.

    With ``--json`` stdout is one document; a stray line from a room breaks every program that reads it.
    """
    for node in ast.walk(file.tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print":
            yield node.lineno, "print: return what happened, cli renders it"
        elif isinstance(node, ast.Attribute) and node.attr == "stdout" and _last_name(node.value) == "sys":
            yield node.lineno, "sys.stdout: return what happened, cli renders it"


def no_pickle(file: SourceFile) -> Iterator[Finding]:
    """Nothing is stored in a format that runs code when it is read.

    A workspace travels between people and machines; opening a model file must never run what is in it.
    """
    for node in ast.walk(file.tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            for module in _modules_imported(node):
                if module.split(".")[0] in _UNSAFE_MODULES:
                    yield node.lineno, f"{module}: store JSON, Arrow or the library's own safe format"
        elif isinstance(node, ast.keyword) and node.arg == "allow_pickle" and not _is_false(node.value):
            yield node.lineno, "allow_pickle: store JSON, Arrow or the library's own safe format"


def package_says_what_it_is(file: SourceFile) -> Iterator[Finding]:
    """Every package says at its door what enters, what leaves and who may call.

    A wall is only kept where one can read what it is for. Packages inside a room need a docstring; a
    room's own has the three: the words *enter*, *leave* and *call*.
    """
    path = PurePosixPath(file.path)
    if path.name != "__init__.py":
        return
    said = (ast.get_docstring(file.tree) or "").lower()
    if not said:
        yield 1, "the package has no docstring"
    elif len(path.parts) == 4:
        missing = [word for word in ("enter", "leave", "call") if word not in said]
        if missing:
            yield 1, f"the room's docstring does not say who or what may: {', '.join(missing)}"


def no_vague_names(file: SourceFile) -> Iterator[Finding]:
    """Names are words of the domain, never Manager, Helper or Util.

    Such a name says nothing of what is inside, and so everything ends up there.
    """
    for part in PurePosixPath(file.path).parts:
        if _is_vague(part.removesuffix(".py")):
            yield 1, f"{part}: name it by what it knows"
    for node in ast.walk(file.tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and _is_vague(node.name):
            yield node.lineno, f"{node.name}: name it by what it does"


def no_skipped_tests(file: SourceFile) -> Iterator[Finding]:
    """A test runs, or it is not there.

    A skipped test reads like a kept promise. What a machine lacks is installed by the project.
    """
    for node in ast.walk(file.tree):
        if isinstance(node, ast.Attribute) and node.attr in _SKIPS and _last_name(node.value) in ("mark", "pytest"):
            yield node.lineno, f"{node.attr}: let it run, or take it out"


RULES = (
    Rule("FH101", no_present, package_python_but("clock.py")),
    Rule("FH102", no_print, package_python_but("cli/")),
    Rule("FH103", no_pickle, all_python),
    Rule("FH104", package_says_what_it_is, package_python),
    Rule("FH105", no_vague_names, all_python),
    Rule("FH106", no_skipped_tests, test_python),
)


def _last_name(node: ast.expr) -> str:
    """``c`` of ``a.b.c``; empty for anything that is not a name."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _modules_imported(node: ast.Import | ast.ImportFrom) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [] if node.level else [node.module or ""]


def _names_imported(tree: ast.Module, module: str, wanted: set[str]) -> set[str]:
    """The names under which functions of ``module`` can be called without its name in front."""
    return {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == module
        for alias in node.names
        if alias.name in wanted
    }


def _is_false(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is False


def _is_vague(name: str) -> bool:
    return any(word.lower() in _VAGUE for word in _WORD.findall(name))
