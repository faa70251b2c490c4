"""What a training starts from: a model that an earlier run has saved, or else what its method begins with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_labelfix.errors import InputError
from napari_labelfix.methods.checkpoint import TrainedModel
from napari_labelfix.methods.prediction import described
from napari_labelfix.networks.unet import Start, load_unet, pick_outputs
from napari_labelfix.params import folder_said

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from torch import nn

    from napari_labelfix.networks.unet import NetworkSpec
    from napari_labelfix.params import Params


_SEES = {"labelled": ("the image alone", "labels beside it")}  # what a description's word means, if not, and if


def saved_start(
    params: Params,
    method: str,
    spec: NetworkSpec,
    more: Mapping[str, object] | None = None,
    beside: int = 0,
    load: Callable[[NetworkSpec, bytes], nn.Module] = load_unet,
) -> Start | None:
    """Return the network of a saved model, to train on; None if no folder was chosen.

    Parameters
    ----------
    params
        The run's parameters; they name the folder of a model, or that of a run with the model in it.
    method
        Name of the method that starts.
    spec
        The network that it needs. It may have other classes than the saved one: further classes begin as its last one.
    more
        What else must be the same in the model's description.
    beside
        Channels of the network that are no channels of the image.
    load
        Builds the network, of another kind than a U-Net, from its weights.

    Raises
    ------
    ModelError
        If the files are missing or damaged.
    InputError
        If the model is of another method, or of a network that does not fit.
    """
    folder = params.start_from
    if not folder:
        return None
    model = TrainedModel.load(folder_said(folder))
    _expect_same(folder, {"method": method, **(more or {})}, {"method": model.method, **model.network})
    saved, _ = described(model)
    wanted = {"encoder": spec.encoder, "channels": spec.channels - beside}
    _expect_same(folder, wanted, {"encoder": saved.encoder, "channels": saved.channels - beside})
    network = load(saved, model.weights)
    _fit_classes(network, saved.classes, spec.classes)
    return Start(network, f"Started from the model in {folder}.", all_trained=True)


def _expect_same(folder: str, wanted: Mapping[str, object], found: Mapping[str, object]) -> None:
    for name, value in wanted.items():
        if found.get(name) != value and name in _SEES:
            sees, wanted_to_see = (_SEES[name][bool(one)] for one in (found.get(name), value))
            raise InputError(
                f"The model in {folder} sees {sees}, but this run needs one that sees {wanted_to_see}. Choose another "
                "model to start from, or none."
            )
        if found.get(name) != value:
            raise InputError(
                f"The model in {folder} has {name} {found.get(name)!r}, but this run has {name} {value!r}. Choose "
                "another model to start from, or none."
            )


def _fit_classes(network: nn.Module, known: int, wanted: int) -> None:
    if known != wanted:
        pick_outputs(network, [min(index, known - 1) for index in range(wanted)])
