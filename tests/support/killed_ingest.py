"""The tracking API, its spool, its worker and its socket as a process without the app, that may die at a point.

``python -m tests.support.killed_ingest FOLDER`` tells its address on stderr; the environment says when it dies.
"""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

import uvicorn

from foretell.app import open_workspace
from foretell.testing import install
from foretell.web import Access, Cache, Site, Worker
from foretell.web.backlog import Backlog
from foretell.web.tracking import Tracking


def main(folder: Path) -> None:
    """Serve until killed."""
    install(os.environ)
    with open_workspace(folder) as workspace, socket.create_server(("127.0.0.1", 0)) as listening:
        worker = Worker(workspace)
        last_batch = workspace.engine.analytics.last_batch
        site = Site(workspace, worker, Access(), Cache(last_batch, last_batch), folder)
        worker.start()
        sys.stderr.write(f"at http://127.0.0.1:{listening.getsockname()[1]}\n")
        sys.stderr.flush()
        config = uvicorn.Config(
            Tracking(site, Backlog(workspace)), log_config=None, access_log=False, lifespan="off", ws="none"
        )
        uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
