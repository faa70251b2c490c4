"""What the suites on scribbled real images share: their options, and the kinds of images that are chosen."""

from __future__ import annotations

import argparse
from pathlib import Path


def options_parser(about: str | None, name: str, images: int) -> argparse.ArgumentParser:
    """Return the options that every suite has; `images` of each kind are taken by default."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--kinds", nargs="*", help="names of folders; all by default")
    parser.add_argument("--weights", help="folder with weights instead of the shipped ones; {kind} in it is replaced")
    parser.add_argument("--images", type=int, default=images, help="of each kind")
    parser.add_argument("--ratio", type=float, default=0.1, help="share of the objects that are scribbled at first")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--name", default=name, help="of the report")
    return parser


def folders_of(options: argparse.Namespace) -> list[Path]:
    """Return the folders of the kinds that are asked for."""
    folders = sorted(path.parent for path in options.data.glob("*/val.npz"))
    return [folder for folder in folders if not options.kinds or folder.name in options.kinds]
