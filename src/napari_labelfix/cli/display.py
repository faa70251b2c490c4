"""Whether a window can be opened."""

from __future__ import annotations

import os
import sys


def has_display() -> bool:
    """Return whether a window can be opened here; on Linux that takes an X or Wayland server."""
    return sys.platform in ("win32", "darwin") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
