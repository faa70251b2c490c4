"""Train the microscopy weights that the package ships: `python pretraining/train.py --data DIR`.

DIR holds a folder a kind, each with a `train.npz`; without it, only synthetic scenes are used. On two CPU cores
with bfloat16 instructions a step takes about half a second. With `--cases`, files of `guided_cases.py`, the guided
network is trained, and with `--hover` the one of HoVer-Net + ST++, from the weights that `--start` names.
"""

from __future__ import annotations

import argparse
import logging
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import torch
from guided_cases import load_cases
from guided_cases import random_crop as random_case_crop
from safetensors.torch import save_file
from scenes import load_kind, random_crop, synthetic_scenes
from torch.nn import functional

from napari_labelfix.losses.hover import hover_loss
from napari_labelfix.networks.device import choose_device, mixed_precision, on_device
from napari_labelfix.networks.guided import GUIDED
from napari_labelfix.networks.hovernet import with_maps
from napari_labelfix.networks.microscopy_encoder import NAME
from napari_labelfix.networks.unet import HOVER, SHIPPED, build_unet, load_unet, with_more_channels

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    # image (Y, X, C) and its targets (Y, X, 2)
    Draw = Callable[[np.random.Generator], tuple[NDArray[np.float32], NDArray[np.float32]]]

log = logging.getLogger("pretraining")
BATCH = 12
SYNTHETIC = 900  # scenes


def loss_of(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Return cross-entropy and Dice of the foreground, and cross-entropy of the depth: (B, 3, H, W), (B, 2.., H, W)."""
    foreground, depth = targets[:, 0], targets[:, 1]
    evidence = logits[:, 1] - logits[:, 0]
    share = evidence.sigmoid()
    dice = 1 - (2 * (share * foreground).sum() + 1) / ((share + foreground).sum() + 1)
    pixels = functional.binary_cross_entropy_with_logits(evidence, foreground)
    return pixels + 0.5 * dice + 0.5 * functional.binary_cross_entropy_with_logits(logits[:, 2], depth)


def hover_loss_of(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Return the loss of HoVer-Net: (B, 4, H, W) as in `networks/hovernet.py`, (B, 4, H, W) as in `scenes.py`."""
    foreground = targets[:, 0] > 0.5
    return hover_loss(logits, foreground, targets[:, 2:], torch.ones_like(foreground))


def crops_of(options: argparse.Namespace, rng: np.random.Generator) -> Draw:
    """Return what draws a random crop: of the scenes, or of the cases if there are some."""
    if options.cases:
        cases = load_cases(options.cases, options.hold_out)
        log.info("%d cases", len(cases.image))
        return partial(random_case_crop, cases)
    folders = sorted(path.parent for path in options.data.glob("*/train.npz")) if options.data else []
    kinds = [load_kind(folder) for folder in folders if folder.name != options.hold_out]
    kinds.append(synthetic_scenes(SYNTHETIC, rng))
    log.info("scenes of each kind: %s", [len(kind) for kind in kinds])
    return partial(random_crop, kinds)


def network_of(options: argparse.Namespace) -> torch.nn.Module:
    """Return the network to train: from weights, if there are any to start from; a guided one if there are cases."""
    if not options.start:
        return build_unet(HOVER if options.hover else GUIDED if options.cases else SHIPPED)
    weights = options.start.read_bytes()
    if options.hover:
        return load_unet(HOVER, weights) if options.go_on else with_maps(load_unet(SHIPPED, weights))
    if not options.cases:
        return load_unet(SHIPPED, weights)
    return load_unet(GUIDED, weights) if options.go_on else with_more_channels(load_unet(SHIPPED, weights), GUIDED)


def train(options: argparse.Namespace) -> None:
    """Train and write the weights in half precision, every 200 steps and at the end."""
    torch.set_num_threads(options.threads)
    cv2.setNumThreads(1)
    torch.manual_seed(options.seed)
    rng = np.random.default_rng(options.seed)
    draw = crops_of(options, rng)
    device = choose_device(options.device)
    network = on_device(network_of(options), device)
    error_of = hover_loss_of if options.hover else loss_of

    def batch_loss() -> torch.Tensor:
        images, targets = zip(*(draw(rng) for _ in range(BATCH)), strict=True)
        image = torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).to(device)
        target = torch.from_numpy(np.stack(targets)).permute(0, 3, 1, 2).to(device)
        with mixed_precision(device):
            logits = network(image)
        return error_of(logits.float(), target)

    fit(network, batch_loss, options, options.stop_after or options.steps)


def fit(
    network: torch.nn.Module, batch_loss: Callable[[], torch.Tensor], options: argparse.Namespace, last: int
) -> None:
    """Take steps up to the last, and write the weights in half precision, every 200 steps and at the end."""
    optimizer = torch.optim.AdamW(network.parameters(), options.rate, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, options.rate, total_steps=options.steps, pct_start=0.1)
    started, losses = time.monotonic(), []
    for step in range(1, last + 1):
        loss = batch_loss()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1)
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
        if step % 50 == 0:
            log.info("step %d  loss %.3f  %.0f s", step, np.mean(losses[-50:]), time.monotonic() - started)
        if step % 200 == 0 or step == last:
            write(network, options.out)


def write(network: torch.nn.Module, path: Path) -> None:
    """Write the weights as safetensors, floats in half precision."""
    state = network.state_dict()
    half = {name: tensor.half() if tensor.is_floating_point() else tensor for name, tensor in state.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({name: tensor.cpu().contiguous() for name, tensor in half.items()}, path)


def main() -> None:
    """Read the options and train."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder with one folder a kind of image")
    parser.add_argument("--cases", type=Path, nargs="*", default=[], help="what to train the guided network on")
    parser.add_argument("--hover", action="store_true", help="train the network of HoVer-Net + ST++")
    parser.add_argument("--hold-out", default="", help="name of a kind that is not trained on, to test on it")
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--start", type=Path, help="weights to go on from; random ones otherwise")
    parser.add_argument("--go-on", action="store_true", help="the start is of such a network already")
    parser.add_argument("--rate", type=float, default=3e-3, help="peak of the learning rate")
    parser.add_argument("--stop-after", type=int, help="steps after which to end early, with the rate still high")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path(f"{NAME}.safetensors"))
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    train(parser.parse_args())


if __name__ == "__main__":
    main()
