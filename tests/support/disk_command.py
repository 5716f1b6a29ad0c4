"""``foretell`` in a script on a disk of its own: asks the test's process, which has it loaded, to run it right here.

``python -I -S disk_command.py SOCKET WORD …``; loads nothing of ours, since that is what takes long.
"""

from __future__ import annotations

import json
import os
import socket
import sys

HEAD = 4


def main(place: str, words: list[str]) -> int:
    """Hand over the words, the folder, the environment, the files and this process, whose disks it is to see."""
    asked = json.dumps({"words": words, "cwd": os.getcwd(), "env": dict(os.environ)}).encode()
    with socket.socket(socket.AF_UNIX) as channel:
        channel.connect(place)
        socket.send_fds(channel, [len(asked).to_bytes(HEAD, "big")], [0, 1, 2, os.pidfd_open(os.getpid())])
        channel.sendall(asked)
        return int.from_bytes(channel.recv(HEAD, socket.MSG_WAITALL), "big", signed=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
