"""An `ssh` that leads to this computer: tests need no network and no server."""

import os
import sys
from pathlib import Path

SCRIPT = """#!/bin/sh
while [ "$1" != -- ]; do shift; done
if [ "$2" = nowhere ]; then echo "ssh: connect to host nowhere port 22: Connection refused" >&2; exit 255; fi
if [ "$2" = closed ]; then echo "closed: Permission denied (publickey)." >&2; exit 255; fi
echo "Welcome to $2!"
shift 2
cd "$HOME" && exec sh -c "$*"
"""


def install_stand_in(folder: Path, monkeypatch) -> None:
    """Put it before the real one; its home folder has the Python that runs the tests, as `venv/python`."""
    home = folder / "home of another"
    (home / "venv").mkdir(parents=True)
    (home / "venv" / "python").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    (folder / "ssh").write_text(SCRIPT)
    for file in (folder / "ssh", home / "venv" / "python"):
        file.chmod(0o755)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
