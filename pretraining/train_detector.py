"""Train the detector that the package ships: `python pretraining/train_detector.py --data DIR --start WEIGHTS`.

DIR holds a folder a kind, each with a `train.npz`; without it, only synthetic scenes are used. WEIGHTS are the
microscopy weights, whose encoder and decoder the detector takes over. On two CPU cores a step takes 0.4 s.
"""

from __future__ import annotations

import argparse
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import torch
from scenes import load_kind, random_boxed_crop, synthetic_scenes
from train import fit

from napari_labelfix.networks.device import choose_device, mixed_precision, on_device
from napari_labelfix.networks.faster_rcnn import DETECTOR, FILE, SIZES, build_detector, detection_loss
from napari_labelfix.networks.unet import SHIPPED, load_unet

if TYPE_CHECKING:
    from torch import nn

log = logging.getLogger("pretraining")
BATCH = 8
SYNTHETIC = 900  # scenes
SPREAD = 2.0  # the median object of a crop is shown up to so much smaller and larger than the detector wants it


def with_trained_features(network: nn.Module, weights: Path) -> nn.Module:
    """Let a detector have the encoder and the decoder of a trained U-Net, as far as it has such parts."""
    unet: Any = load_unet(SHIPPED, weights.read_bytes())
    backbone: Any = network.backbone
    backbone.encoder.load_state_dict(unet.encoder.state_dict())
    backbone.blocks.load_state_dict(unet.decoder.blocks[: len(backbone.blocks)].state_dict())
    return network


def train(options: argparse.Namespace) -> None:
    """Train the detector, and write its weights."""
    torch.set_num_threads(options.threads)
    cv2.setNumThreads(1)
    torch.manual_seed(options.seed)
    rng = np.random.default_rng(options.seed)
    folders = sorted(path.parent for path in options.data.glob("*/train.npz")) if options.data else []
    kinds = [load_kind(folder) for folder in folders if folder.name != options.hold_out]
    kinds.append(synthetic_scenes(SYNTHETIC, rng))
    log.info("scenes of each kind: %s", [len(kind) for kind in kinds])
    size = SIZES[DETECTOR.encoder]
    device = choose_device(options.device)
    network = build_detector(DETECTOR)
    if options.start:
        network = with_trained_features(network, options.start)
    network = on_device(network, device).train()

    def batch_loss() -> torch.Tensor:
        drawn = (random_boxed_crop(kinds, (size / SPREAD, size * SPREAD), rng) for _ in range(BATCH))
        images, boxes = zip(*drawn, strict=True)
        image = torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).to(device)
        with mixed_precision(device):
            return detection_loss(network, image, [torch.from_numpy(each).to(device) for each in boxes])

    fit(network, batch_loss, options, options.steps)


def main() -> None:
    """Read the options and train."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder with one folder a kind of image")
    parser.add_argument("--hold-out", default="", help="name of a kind that is not trained on, to test on it")
    parser.add_argument("--start", type=Path, help="microscopy weights; random ones otherwise")
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--rate", type=float, default=1e-3, help="peak of the learning rate")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path(f"{FILE}.safetensors"))
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    train(parser.parse_args())


if __name__ == "__main__":
    main()
