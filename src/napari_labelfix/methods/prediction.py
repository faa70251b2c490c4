"""What a trained model says of a plane; of a large one, a tile at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np
import torch

from napari_labelfix.data.normalize import Levels
from napari_labelfix.data.patches import logits_by_tile
from napari_labelfix.errors import ModelError, ParamError, UnfitImageError
from napari_labelfix.networks.device import choose_device, on_device
from napari_labelfix.networks.unet import NetworkSpec, load_unet
from napari_labelfix.params import Params, param_fields

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray
    from torch import Tensor, nn

    from napari_labelfix.data.tiles import Tile
    from napari_labelfix.methods.checkpoint import TrainedModel


_Params = TypeVar("_Params", bound=Params)
UNSURE = 0.75  # confidence below which a pixel counts as ignored, and is not learned from


class Classified(NamedTuple):
    """What a network says of each pixel.

    Parameters
    ----------
    classes
        (Y, X) uint8, as `shown_classes` tells them.
    confidence
        (Y, X) float32, its probability.
    probabilities
        (classes, Y, X) float16.
    """

    classes: NDArray[np.uint8]
    confidence: NDArray[np.float32]
    probabilities: NDArray[np.float16]


def params_of(model: TrainedModel, kind: type[_Params]) -> _Params:
    """Return the parameters that a model was trained with; those that this version does not know are left out.

    Raises
    ------
    ModelError
        If a value does not fit.
    """
    known = {described.name for described in param_fields(kind)}
    try:
        return kind.from_dict({name: value for name, value in model.params.items() if name in known})
    except ParamError as error:
        made_by = model.versions.get("napari-labelfix", "of another version")
        raise ModelError(
            f"The model was trained by napari-labelfix {made_by}, whose parameters this version does not take: {error}"
        ) from None


def described(model: TrainedModel, *more: str) -> tuple[NetworkSpec, list[float]]:
    """Return the network that a model's weights are of, and the numbers that its description has by other names.

    Raises
    ------
    ModelError
        If the description lacks one of them.
    """
    known = model.network
    try:
        spec = NetworkSpec(str(known["encoder"]), int(known["channels"]), int(known["classes"]))
        return spec, [float(known[name]) for name in more]
    except KeyError as error:
        raise ModelError(f"The model's description lacks its {error.args[0]}. Train the model again.") from None
    except (TypeError, ValueError) as error:
        raise ModelError(f"The model's description is damaged ({error}). Train the model again.") from None


def classify(
    image: NDArray[np.generic], model: TrainedModel, spec: NetworkSpec, device: str, beside: int = 0
) -> Classified:
    """Let a model's network tell the class of each pixel; beside the image, only what is returned is held in memory.

    Parameters
    ----------
    image
        (Y, X) or (Y, X, C).
    model, spec
        The model, and the network that its weights are of.
    device
        Where to compute.
    beside
        Channels of the network that are no channels of the image: they are 0.

    Raises
    ------
    ModelError
        If the image has another number of channels, or the weights are damaged.
    """
    height, width = image.shape[:2]
    classes, confidence = np.empty((height, width), np.uint8), np.empty((height, width), np.float32)
    probabilities = np.empty((spec.classes, height, width), np.float16)
    for tile, logits in logits_of(image, model, spec, device, beside):
        found = logits.softmax(0)
        shown, sure = shown_classes(found)
        classes[tile.keep] = shown.numpy(force=True)
        confidence[tile.keep] = sure.numpy(force=True)
        probabilities[:, *tile.keep] = found.half().numpy(force=True)
    return Classified(classes, confidence, probabilities)


def shown_classes(probabilities: Tensor) -> tuple[Tensor, Tensor]:
    """Return the class of each pixel, uint8, and its probability, (H, W) each; probabilities are (classes, H, W).

    Where an object is likelier than the background it is an object, though it may be unclear of which class: with the
    likeliest of all, objects of classes that look alike were eaten away (IoU of drawn nuclei of two stains .894 and
    .775 in place of .899 and .780, four images of each pair of stains).
    """
    background = probabilities[0]
    if len(probabilities) == 2:  # there is nothing to search for: on a large plane that takes ten times as long
        return (probabilities[1] > background).to(torch.uint8), torch.maximum(background, probabilities[1])
    confidence, likeliest = probabilities[1:].max(dim=0)
    found = background < 0.5
    classes = torch.where(found, likeliest + 1, 0)
    return classes.to(torch.uint8), torch.where(found, confidence, background)


def logits_of(
    image: NDArray[np.generic], model: TrainedModel, spec: NetworkSpec, device: str, beside: int = 0
) -> Iterator[tuple[Tile, Tensor]]:
    """Yield the tiles of a plane, and what a model's network says of what each of them keeps: (outputs, h, w).

    The parameters and errors are those of `classify`.
    """
    network, where = load_network(image, model, spec, device, beside)
    levels = Levels.of(image)

    def read(window: tuple[slice, slice]) -> Tensor:
        pixels = torch.from_numpy(levels.normalize(image[window])).permute(2, 0, 1).to(where)
        return torch.cat([pixels, pixels.new_zeros(beside, *pixels.shape[1:])])

    yield from logits_by_tile(network, (image.shape[0], image.shape[1]), read)


def load_network(
    image: NDArray[np.generic],
    model: TrainedModel,
    spec: NetworkSpec,
    device: str,
    beside: int = 0,
    load: Callable[[NetworkSpec, bytes], nn.Module] = load_unet,
) -> tuple[nn.Module, torch.device]:
    """Load a model's network for a plane; return it and the device that it is on.

    The parameters and errors are those of `classify`; `load` builds the network, of another kind than a U-Net.
    """
    channels, expected = image.shape[2] if image.ndim == 3 else 1, spec.channels - beside
    if channels != expected:
        learned = "1 channel" if expected == 1 else f"{expected} channels"
        raise UnfitImageError(
            f"The model has learned from images of {learned}, but this one has {channels}. "
            "Choose images like those, or another model."
        )
    where = choose_device(device)
    return on_device(load(spec, model.weights), where), where
