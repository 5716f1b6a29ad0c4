"""``python -m tests.support.killed_command import FILE``: the command line, killed at a counted point.

``FORETELL_KILL_AT`` and ``FORETELL_CRASH_POINTS`` are those of ``foretell.testing.crashes``. Files are cut
into frames of ``FORETELL_FRAME_BYTES``, so that a small file has several.
"""

from __future__ import annotations

import os
import sys

from foretell.cli import main
from foretell.collect import frames
from foretell.testing import install

if __name__ == "__main__":
    install(os.environ)
    frames.FRAME_BYTES = int(os.environ.get("FORETELL_FRAME_BYTES", frames.FRAME_BYTES))
    sys.argv[0] = "foretell"
    main()
