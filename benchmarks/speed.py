"""The speed suite: training and prediction against what the same network can do at best on this machine.

`python benchmarks/speed.py`. It takes a few minutes and wants the machine for itself. What is compared alternates
within one run, and ratios are those of the medians.
"""

from __future__ import annotations

import argparse
import time
from statistics import median
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import torch
from report import machine_facts, write_report
from torch.utils.data import DataLoader, Dataset

from napari_labelfix.annotations import Plane, Scribbles, Task
from napari_labelfix.data.patches import largest_side, predict_probabilities
from napari_labelfix.losses.partial_cross_entropy import NO_LABEL, partial_cross_entropy
from napari_labelfix.methods.scribble2label.learner import Learner
from napari_labelfix.methods.scribble2label.params import Scribble2LabelParams
from napari_labelfix.methods.scribble2label.session import Session
from napari_labelfix.networks.device import choose_device, mixed_precision, on_device
from napari_labelfix.networks.microscopy_encoder import NAME
from napari_labelfix.networks.unet import NetworkSpec, freeze_statistics, start_unet
from napari_labelfix.sample_data.scribbles import painted_scribbles
from napari_labelfix.sample_data.synthetic import fluorescence

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

ENCODERS = (NAME, "resnet34")
SIDE = 256  # pixels of a crop


def training_rows(device: torch.device, batch: int, rounds: int, encoder: str) -> list[dict[str, object]]:
    """Crops a second of a bare step, of our step, and of a loop as papers' authors write it."""
    steps: dict[str, Callable[[], None]] = {
        "bare forward and backward": bare_step(device, batch, encoder),
        "ours": our_step(device, batch, encoder),
        "reference loop": reference_step(device, batch, encoder),
    }
    seconds = alternate(steps, rounds, device)
    bare = seconds["bare forward and backward"]
    return [
        {
            "what": f"training, {encoder}, batches of {batch}, {what}",
            "n": rounds,
            "rate": batch / taken,
            "unit": "crops/s",
            "share of bare": bare / taken,
        }
        for what, taken in seconds.items()
    ]


def bare_step(device: torch.device, batch: int, encoder: str) -> Callable[[], None]:
    """Return a training step on random tensors that are there already."""
    network, optimizer = network_of(device, encoder)
    freeze_statistics(network)
    image = torch.rand(batch, 1, SIDE, SIDE, device=device).contiguous(memory_format=torch.channels_last)
    target = torch.randint(0, 2, (batch, SIDE, SIDE), device=device)

    def step() -> None:
        with mixed_precision(device):
            logits = network(image)
        loss = torch.nn.functional.cross_entropy(logits.float(), target)
        optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        optimizer.step()
        loss.item()

    return step


def our_step(device: torch.device, batch: int, encoder: str) -> Callable[[], None]:
    """Return a step of Scribble2Label on a plane of 512 x 512, pseudo-labels included."""
    image, marks = sample()
    params = Scribble2LabelParams(device=device.type, encoder=encoder, batch_size=batch, pretrained=encoder == NAME)
    session = Session(Task((Plane("sample", image, Scribbles(marks)),)), params)
    canvas = session.canvases[0]
    learner = Learner(NetworkSpec(encoder, session.channels, session.classes), params, device)
    canvas.belief = predict_probabilities(learner.settled(), canvas.image)
    return lambda: void(learner.step([canvas], batch, params.pseudo_weight))


def reference_step(device: torch.device, batch: int, encoder: str) -> Callable[[], None]:
    """Return a step in float32 on crops that a DataLoader augments on the CPU, in two processes of its own."""
    network, optimizer = network_of(device, encoder)
    network = network.to(memory_format=torch.contiguous_format).train()
    loader = DataLoader(AugmentedCrops(), batch, num_workers=2, persistent_workers=True)
    batches = iter(loader)

    def step() -> None:
        image, marks, pseudo = (tensor.to(device) for tensor in next(batches))
        logits = network(image)
        loss = partial_cross_entropy(logits, marks) + 0.5 * partial_cross_entropy(logits, pseudo)
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
        loss.item()

    return step


class AugmentedCrops(Dataset[Any]):
    """Random crops of a plane: flips, shift, scale, rotation, brightness and contrast, one at a time with OpenCV."""

    def __init__(self) -> None:
        cv2.setNumThreads(1)
        image, marks = sample()
        self.image = (image / 255).astype(np.float32)
        self.marks = marks.astype(np.float32)
        self.belief = cv2.GaussianBlur(self.image, (0, 0), 2)

    def __len__(self) -> int:
        return 1_000_000

    def __getitem__(self, index: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return image (1, S, S), marks (S, S) and pseudo-labels (S, S)."""
        rng = np.random.default_rng(index)
        height, width = self.image.shape
        y, x = rng.integers(height - SIDE + 1), rng.integers(width - SIDE + 1)
        window = np.s_[y : y + SIDE, x : x + SIDE]
        matrix = cv2.getRotationMatrix2D((SIDE / 2, SIDE / 2), rng.uniform(-45, 45), rng.uniform(0.8, 1.25))
        matrix[:, 2] += rng.uniform(-16, 16, 2)
        image, belief = (
            cv2.warpAffine(plane[window], matrix, (SIDE, SIDE), borderMode=cv2.BORDER_REFLECT_101)
            for plane in (self.image, self.belief)
        )
        marks = cv2.warpAffine(self.marks[window], matrix, (SIDE, SIDE), flags=cv2.INTER_NEAREST)
        if rng.random() < 0.5:
            image, belief, marks = (np.flip(plane, axis=1) for plane in (image, belief, marks))
        image = image * rng.uniform(0.8, 1.2) + rng.uniform(-0.2, 0.2)
        sure = np.abs(belief - 0.5) > 0.3
        pseudo = np.where(sure, belief > 0.5, NO_LABEL)
        return (
            torch.from_numpy(np.ascontiguousarray(image, np.float32))[None],
            torch.from_numpy(np.ascontiguousarray(marks, np.int64) + NO_LABEL),
            torch.from_numpy(np.ascontiguousarray(pseudo, np.int64)),
        )


def prediction_rows(device: torch.device, side: int, rounds: int) -> list[dict[str, object]]:
    """Megapixels a second of bare forward passes and of a whole plane in tiles, margins and softmax included."""
    network, _ = network_of(device, NAME)
    network.eval()
    plane = torch.rand(1, side, side, device=device)
    of_tile = min(side, largest_side(device))
    tile = torch.rand(1, 1, of_tile, of_tile, device=device).contiguous(memory_format=torch.channels_last)

    @torch.inference_mode()
    def bare() -> None:
        for _ in range((side // of_tile) ** 2):
            with mixed_precision(device):
                network(tile)

    seconds = alternate(
        {"bare forward": bare, "ours": lambda: void(predict_probabilities(network, plane))}, rounds, device
    )
    return [
        {
            "what": f"prediction, {side} x {side}, {what}",
            "n": rounds,
            "rate": side * side / 1e6 / taken,
            "unit": "Mpx/s",
            "share of bare": seconds["bare forward"] / taken,
        }
        for what, taken in seconds.items()
    ]


def alternate(steps: dict[str, Callable[[], None]], rounds: int, device: torch.device) -> dict[str, float]:
    """Take every step in turn, `rounds` times after a warm-up, and return the median seconds of each."""
    seconds: dict[str, list[float]] = {name: [] for name in steps}
    for turn in range(rounds + 2):
        for name, step in steps.items():
            began = time.perf_counter()
            step()
            if device.type == "cuda":
                torch.cuda.synchronize()
            if turn >= 2:
                seconds[name].append(time.perf_counter() - began)
    return {name: median(taken) for name, taken in seconds.items()}


def network_of(device: torch.device, encoder: str) -> tuple[Any, torch.optim.Optimizer]:
    """Return a U-Net with one channel and two classes, and its optimiser."""
    network = on_device(start_unet(NetworkSpec(encoder, 1, 2), pretrained=encoder == NAME).network, device).train()
    return network, torch.optim.RAdam(network.parameters(), 3e-4)


def sample() -> tuple[NDArray[np.generic], NDArray[np.uint8]]:
    """Return a synthetic plane of 512 x 512 and scribbles on it."""
    made = fluorescence(0, (512, 512))
    return made.image, painted_scribbles(made.labels, 0.1, 0)


def void(_result: object) -> None:
    """Drop a result, so that a step returns nothing."""


def main() -> None:
    """Run the suite and write `results/speed_<device>.md` and `.json`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--batches", type=int, nargs="+", default=[8], help="crops in a step; more for a GPU")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--encoders", nargs="+", default=ENCODERS)
    parser.add_argument("--side", type=int, default=4096, help="of the plane that is predicted, in pixels")
    options = parser.parse_args()
    device = choose_device(options.device)
    rows = [
        row
        for encoder in options.encoders
        for batch in options.batches
        for row in training_rows(device, batch, options.rounds, encoder)
    ]
    rows += prediction_rows(device, options.side, max(3, options.rounds // 5))
    notes = [
        f"Crops of {SIDE} x {SIDE}, {torch.get_num_threads()} threads; what is compared "
        "alternates in one run; rates are those of the median step.",
        "Bare: forward, backward and optimiser step of the same network in the same precision on random tensors that "
        "are on the device already; for prediction, forward passes over as many pixels in tiles of "
        f"{largest_side(device)} px, the largest that are predicted at a time there.",
        "Reference loop: float32, a DataLoader with two processes that augment crops one at a time with OpenCV.",
    ]
    title = "Speed suite: training and prediction against the bare network"
    print(write_report(f"speed_{device.type}", title, rows, machine_facts(), notes).read_text())


if __name__ == "__main__":
    main()
