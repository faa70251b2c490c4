"""Who works on a project, and with what."""

from __future__ import annotations

import getpass
from importlib.metadata import version

from napari_labelfix.project.records import now


def account() -> str:
    """Return the name of the person's account, as the history has it."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # an account without a name, as in a container
        return ""


def facts() -> dict[str, str]:
    """Return what is noted of a project when it begins: when that was, and with which versions."""
    return {"created": now(), "version": version("napari-labelfix"), "napari": version("napari")}
