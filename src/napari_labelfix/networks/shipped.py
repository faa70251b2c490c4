"""The weights that come with the package, or others that a person has trained in their place."""

from __future__ import annotations

import os
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from napari_labelfix.errors import ModelError

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

WEIGHTS = ("microscopy", "guided", "hover", "detector")
FOLDER = "NAPARI_LABELFIX_WEIGHTS"  # environment variable: where to look for weights instead of in the package


def shipped_weights(name: str) -> bytes:
    """Return a safetensors file by its name, one of `WEIGHTS`.

    Raises
    ------
    ModelError
        If it is not there.
    """
    own = os.environ.get(FOLDER)
    folder: Traversable = Path(own) if own else files("napari_labelfix.networks") / "weights"
    try:
        return (folder / f"{name}.safetensors").read_bytes()
    except OSError as error:
        advice = f"Mend or unset the variable {FOLDER}" if own else "Install the package again"
        reason = f"{type(error).__name__}: {folder / f'{name}.safetensors'}"
        raise ModelError(f"The weights of the package could not be read ({reason}). {advice}.") from None
