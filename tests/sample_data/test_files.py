import importlib.util
from pathlib import Path

import imageio.v3 as imageio
import numpy as np
import pytest
import tifffile

from napari_labelfix.sample_data.napari_samples import SEED, SHARE_OF_OBJECTS
from napari_labelfix.sample_data.scribbles import painted_scribbles
from napari_labelfix.sample_data.synthetic import KINDS

FOLDER = Path(__file__).parents[2] / "sample_data"


@pytest.mark.parametrize("kind", KINDS)
def test_the_committed_files_are_what_the_generator_makes(kind):
    image, labels = KINDS[kind](SEED)
    [path] = (FOLDER / "images").glob(f"{kind}.*")
    stored = imageio.imread(path)
    assert stored.dtype == image.dtype
    # Another processor may round the last digit of a sum otherwise: then a few pixels differ by one step.
    assert np.abs(stored.astype(int) - image.astype(int)).max() <= 1
    assert np.array_equal(tifffile.imread(FOLDER / "labels" / f"{kind}.tif"), labels)
    scribbles = tifffile.imread(FOLDER / "scribbles" / f"{kind}.tif")
    assert np.array_equal(scribbles, painted_scribbles(labels, SHARE_OF_OBJECTS, SEED))


def test_the_script_writes_files_equal_to_the_committed_ones(tmp_path):
    specification = importlib.util.spec_from_file_location("make_sample_data", FOLDER / "make.py")
    make = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(make)
    make.main(tmp_path)
    written = {path.relative_to(tmp_path) for path in tmp_path.rglob("*.*")}
    committed = {path.relative_to(FOLDER) for path in FOLDER.glob("*/*") if path.suffix in (".tif", ".png")}
    assert written == committed
    assert len(written) == 3 * len(KINDS)
    for path in written:
        difference = imageio.imread(tmp_path / path).astype(int) - imageio.imread(FOLDER / path).astype(int)
        assert np.abs(difference).max() <= 1


def test_the_committed_files_stay_small():
    assert sum(path.stat().st_size for path in FOLDER.rglob("*") if path.is_file()) < 2_000_000
