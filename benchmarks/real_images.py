"""What the suites on real images share: options, the kinds of images that are chosen, and the weights for each."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from napari_labelfix.networks.shipped import FOLDER


def options_parser(about: str | None, name: str, images: int, of_what: str = "of each kind") -> argparse.ArgumentParser:
    """Return the options that every suite has; so many `images` are taken by default, and `of_what` says of what."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--kinds", nargs="*", help="names of folders; all by default")
    parser.add_argument("--weights", help="folder with weights instead of the shipped ones; {kind} in it is replaced")
    parser.add_argument("--images", type=int, default=images, help=of_what)
    parser.add_argument("--threads", type=int, default=2, help="of each process")
    parser.add_argument("--name", default=name, help="of the report")
    return parser


def scribbled_parser(about: str | None, name: str, images: int) -> argparse.ArgumentParser:
    """Return the options of the suites in which some objects are scribbled."""
    parser = options_parser(about, name, images)
    parser.add_argument("--ratio", type=float, default=0.1, help="share of the objects that are scribbled at first")
    parser.add_argument("--seed", type=int, default=0)
    return parser


def folders_of(options: argparse.Namespace) -> list[Path]:
    """Return the folders of the kinds that are asked for."""
    folders = sorted(path.parent for path in options.data.glob("*/val.npz"))
    return [folder for folder in folders if not options.kinds or folder.name in options.kinds]


def use_weights(options: argparse.Namespace, kind: str) -> None:
    """Let networks of this process, and of those that it starts, begin with the weights that are asked for."""
    if options.weights:
        os.environ[FOLDER] = options.weights.format(kind=kind)
