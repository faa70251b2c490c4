"""Another image is noticed, the same is known, and neither takes long."""

import time

import numpy as np
import pytest
import tifffile
import zarr

from napari_labelfix.project import fingerprint
from napari_labelfix.project.store import Project


@pytest.fixture
def image():
    return np.random.default_rng(0).integers(0, 4000, (3, 40, 50)).astype(np.uint16)


def test_the_same_pixels_are_known_however_they_are_stored(image, tmp_path):
    told = fingerprint.of_pixels(image)
    assert fingerprint.of_pixels(image.copy(order="F")) == told
    assert fingerprint.of_pixels(image.astype(">u2")) == told
    assert fingerprint.of_pixels(image[:, None]) == told, "an axis of length 1"
    assert fingerprint.of_pixels(zarr.array(image, chunks=(1, 7, 9))) == told


@pytest.mark.parametrize("largest", [0, 2**25])
def test_axes_of_length_1_do_not_count_before_and_behind_a_plane(image, monkeypatch, largest):
    monkeypatch.setattr(fingerprint, "_IN_FULL", largest)  # 0: as of a big image
    told = fingerprint.of_pixels(image)
    for axis in (0, 1, -1):
        assert fingerprint.of_pixels(np.expand_dims(image, axis)) == told


@pytest.mark.parametrize(
    "change",
    [lambda a: a + 1, lambda a: a[:, ::-1], lambda a: a[:2], lambda a: a.astype(np.int32), lambda a: a.swapaxes(1, 2)],
)
def test_other_pixels_are_noticed(image, change):
    assert fingerprint.of_pixels(change(image)) != fingerprint.of_pixels(image)


def test_one_pixel_of_a_small_image_is_noticed(image):
    other = image.copy()
    other[1, 20, 20] += 1
    assert fingerprint.of_pixels(other) != fingerprint.of_pixels(image)


def test_another_big_image_is_noticed_within_a_moment():
    rng = np.random.default_rng(0)
    big = rng.integers(0, 255, (40, 1500, 1500), np.uint8)  # 90 MB
    other = np.roll(big, 1, axis=2)
    started = time.perf_counter()
    told = fingerprint.of_pixels(big)
    assert time.perf_counter() - started < 0.5
    assert told == fingerprint.of_pixels(big.copy())
    assert told != fingerprint.of_pixels(other)
    assert fingerprint.of_pixels(np.repeat(big[:1], 40, 0)) != told


def test_a_lazy_image_is_read_in_samples_only():
    class Lazy:
        shape, dtype = (1000, 2048, 2048), np.dtype(np.uint16)
        planes = 0

        def __getitem__(self, index):
            Lazy.planes += 1
            return np.full((2048, 2048), int(index[0]), np.uint16)

    fingerprint.of_pixels(Lazy())
    assert Lazy.planes == 8


def test_pixels_that_cannot_be_read_have_none():
    class Damaged:
        shape, dtype = (20, 30), np.dtype(np.uint16)

        def __getitem__(self, index):
            raise RuntimeError("error during blosc decompression: -1")

    assert fingerprint.of_pixels(Damaged()) == ""


def test_files_and_folders_are_known_by_their_bytes(image, tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", image, photometric="minisblack")
    tifffile.imwrite(tmp_path / "b.tif", image + 1, photometric="minisblack")
    (tmp_path / "c.tif").write_bytes((tmp_path / "a.tif").read_bytes())
    told = [fingerprint.of_file(tmp_path / f"{name}.tif") for name in "abc"]
    assert told[0] != told[1]
    assert told[0] == told[2]
    zarr.save_array(tmp_path / "a.zarr", image)
    zarr.save_array(tmp_path / "b.zarr", image + 1)
    assert fingerprint.of_file(tmp_path / "a.zarr") != fingerprint.of_file(tmp_path / "b.zarr")


def test_a_big_file_is_sampled(tmp_path):
    path = tmp_path / "big.raw"
    content = np.random.default_rng(0).integers(0, 255, 30_000_000, np.uint8)
    path.write_bytes(content.tobytes())
    told = fingerprint.of_file(path)
    path.write_bytes(content[::-1].tobytes())
    assert fingerprint.of_file(path) != told
    path.write_bytes(content[:-1].tobytes())
    assert fingerprint.of_file(path) != told


def test_a_project_in_a_folder_of_images_is_no_part_of_them(tmp_path):
    (tmp_path / "a.tif").write_bytes(b"one")
    before = fingerprint.of_file(tmp_path)
    with Project.create(tmp_path / "cells.labelfix"):
        assert fingerprint.of_file(tmp_path) == before
    assert fingerprint.of_file(tmp_path) == before


def test_fingerprints_in_projects_of_today_will_be_those_of_the_same_images(tmp_path):
    """With others a later version would take the image of each project for another one."""
    small = np.arange(60_000, dtype=np.uint16).reshape(2, 150, 200)
    big = np.lib.stride_tricks.as_strided(np.arange(2**13, dtype=np.uint16), (20, 300, 4096), (14, 6, 2))
    assert fingerprint.of_pixels(small) == "9895d7bd3c75fe35b8235e622b051a09"
    assert fingerprint.of_pixels(big) == "a0da9371e396bed066df604b2fbe0d42"
    file = tmp_path / "image.raw"
    for repeats, told in [(1, "857efceb064032efaeb6239c8df25002"), (120_000, "20c77171a653ae63f607ffae052381f6")]:
        file.write_bytes(bytes(range(256)) * repeats)
        assert fingerprint.of_file(file) == told
