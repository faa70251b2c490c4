"""A trained model as plain data: weights, and all that is needed to use or repeat it. No torch here."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_labelfix.errors import ModelError
from napari_labelfix.params import folder_said

if TYPE_CHECKING:
    from collections.abc import Mapping

FORMAT = 1
FILES = DESCRIPTION, WEIGHTS = "model.json", "model.safetensors"
_KEYS = {"method": str, "params": dict, "network": dict, "versions": dict}  # beside "format"
_brought_along: dict[Path, TrainedModel] = {}  # by the folder that it was read from, on another computer
_PACKAGES = ("napari-labelfix", "torch", "segmentation-models-pytorch", "numpy")


def installed_versions() -> dict[str, str]:
    """Return the versions of the packages that a result depends on."""
    return {package: version(package) for package in _PACKAGES}


@dataclass(frozen=True, eq=False)
class TrainedModel:
    """A method's network after training.

    Parameters
    ----------
    method
        Name of the method in the table.
    params
        The parameters of the run, as `Params.to_dict` gives them.
    network
        What it takes to build the network again and to use it: encoder, channels, classes, and what else a method must
        know, such as the size of cells.
    weights
        A safetensors file as bytes.
    versions
        Of the packages that trained it.
    """

    method: str
    params: Mapping[str, Any]
    network: Mapping[str, Any]
    weights: bytes
    versions: Mapping[str, str] = field(default_factory=installed_versions)

    def save(self, folder: Path) -> Path:
        """Write `model.json` and `model.safetensors` into `folder`, which is made if need be."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / WEIGHTS).write_bytes(self.weights)
        description = {
            "format": FORMAT,
            "method": self.method,
            "params": dict(self.params),
            "network": dict(self.network),
            "versions": dict(self.versions),
        }
        (folder / DESCRIPTION).write_text(json.dumps(description, indent=2) + "\n", encoding="utf-8")
        return folder

    @classmethod
    def load(cls, folder: Path) -> TrainedModel:
        """Read a model that `save` wrote. The weights are data (safetensors): nothing in them is executed.

        Parameters
        ----------
        folder
            The model's, or that of a run's results, in which it is called `model`; or a file of it.

        Raises
        ------
        ModelError
            If a file is missing, damaged, or written by a newer version.
        """
        if folder in _brought_along:
            return _brought_along[folder]
        if (folder / "model" / DESCRIPTION).is_file():
            folder = folder / "model"
        if folder.name in FILES and folder.is_file():
            folder = folder.parent
        if folder.is_file():
            raise ModelError(
                f"{folder} is not a saved model: it is a file. Give the folder of a run, or the model in it."
            )
        try:
            description = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
            weights = (folder / WEIGHTS).read_bytes()
        except FileNotFoundError as error:
            raise ModelError(f"{folder} is not a saved model: {Path(error.filename).name} is missing.") from None
        except (OSError, ValueError, RecursionError) as error:
            raise ModelError(f"The model in {folder} cannot be read ({error}). Train it again.") from None
        found = description.get("format") if isinstance(description, dict) else None
        if isinstance(found, int) and found > FORMAT:
            raise ModelError(f"The model in {folder} needs a newer napari-labelfix. Update the package.")
        if not isinstance(found, int) or any(not isinstance(description.get(key), kind) for key, kind in _KEYS.items()):
            raise ModelError(f"{folder / DESCRIPTION} does not describe a model. Train it again.")
        return cls(weights=weights, **{key: description[key] for key in _KEYS})


def bring_along(folder: str, model: TrainedModel) -> None:
    """Let `TrainedModel.load` find a model in a folder of another computer, which has sent it."""
    _brought_along[folder_said(folder)] = model
