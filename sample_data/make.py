"""Write the sample files anew: python sample_data/make.py [FOLDER]."""

from __future__ import annotations

import sys
from pathlib import Path

import imageio.v3 as imageio
import tifffile

from napari_labelfix.sample_data.napari_samples import SEED, SHARE_OF_OBJECTS
from napari_labelfix.sample_data.scribbles import painted_scribbles
from napari_labelfix.sample_data.synthetic import KINDS

FILE_NAMES = {
    "fluorescence": "fluorescence.tif",  # 16 bit
    "bright_field": "bright_field.png",
    "stained_tissue": "stained_tissue.png",
}


def main(folder: Path) -> None:
    """Write image, scribbles and exact labels of each kind of sample, 512 x 512 pixels."""
    for kind, make in KINDS.items():
        sample = make(SEED)
        scribbles = painted_scribbles(sample.labels, SHARE_OF_OBJECTS, SEED)
        for name in ("images", "scribbles", "labels"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        image = folder / "images" / FILE_NAMES[kind]
        if image.suffix == ".png":
            imageio.imwrite(image, sample.image, compress_level=9)
        else:
            tifffile.imwrite(image, sample.image, compression="zlib")
        tifffile.imwrite(folder / "scribbles" / f"{kind}.tif", scribbles, compression="zlib")
        tifffile.imwrite(folder / "labels" / f"{kind}.tif", sample.labels.astype("uint16"), compression="zlib")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
