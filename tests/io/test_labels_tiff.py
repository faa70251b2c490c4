"""Labels come back as they went, in as few bits as they need, and never half."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
import tifffile

from napari_labelfix.errors import InputError, OutputError
from napari_labelfix.io import labels_tiff
from napari_labelfix.io.files import expect_writable, filling
from napari_labelfix.io.grid import PIXEL, Grid
from napari_labelfix.io.labels_tiff import write_confidence, write_labels
from napari_labelfix.io.read import read_labels


@pytest.mark.parametrize("shape", [(20, 30), (3, 20, 30), (4, 20, 30), (2, 5, 20, 30)])
@pytest.mark.parametrize(("highest", "dtype"), [(0, "u2"), (65_535, "u2"), (65_536, "u4"), (2**32 - 1, "u4")])
def test_ids_decide_about_16_or_32_bit(tmp_path, shape, highest, dtype):
    labels = np.zeros(shape, np.int64)
    labels[..., 3:9, 4] = highest
    path = tmp_path / "a.tif"
    write_labels(path, labels)
    read = tifffile.imread(path)
    assert read.dtype == dtype
    np.testing.assert_array_equal(read, labels)
    np.testing.assert_array_equal(read_labels(path), labels)
    assert os.listdir(tmp_path) == ["a.tif"]


def test_labels_are_compressed(tmp_path):
    write_labels(tmp_path / "a.tif", np.zeros((512, 512), np.int32))
    assert (tmp_path / "a.tif").stat().st_size < 20_000


def test_a_file_says_the_time_between_planes_and_the_size_of_a_pixel(tmp_path):
    labels = np.zeros((2, 20, 30), np.uint16)
    grid = Grid(("t", "y", "x"), (2.5, 0.5, 0.25), ("second", "micrometer", PIXEL))
    write_labels(tmp_path / "a.tif", labels, grid)
    with tifffile.TiffFile(tmp_path / "a.tif") as file:
        said = tifffile.xml2dict(file.ome_metadata)["OME"]["Image"]["Pixels"]
    assert (said["TimeIncrement"], said["TimeIncrementUnit"]) == (2.5, "s")
    assert (said["PhysicalSizeY"], said["PhysicalSizeYUnit"]) == (0.5, "µm")
    assert (said["PhysicalSizeX"], said["PhysicalSizeXUnit"]) == (0.25, "pixel")
    assert (said["SizeT"], said["SizeZ"]) == (2, 1)
    write_labels(tmp_path / "b.tif", labels, Grid(("t", "y", "x"), (3.0, 1.0, 1.0), (PIXEL,) * 3))
    with tifffile.TiffFile(tmp_path / "b.tif") as file:
        assert "Increment" not in file.ome_metadata


def test_confidence_is_float32(tmp_path):
    confidence = np.random.default_rng(0).random((3, 20, 30))
    write_confidence(tmp_path / "a.tif", confidence)
    read = tifffile.imread(tmp_path / "a.tif")
    assert read.dtype == np.float32
    np.testing.assert_array_equal(read, confidence.astype(np.float32))


def test_what_may_need_more_than_4_gb_is_written_as_bigtiff(tmp_path, monkeypatch):
    confidence = np.random.default_rng(0).random((3, 20, 30))
    monkeypatch.setattr(labels_tiff, "_LARGEST", 4000)  # bytes
    write_confidence(tmp_path / "large.tif", confidence)
    write_confidence(tmp_path / "small.tif", confidence[:1])
    with tifffile.TiffFile(tmp_path / "large.tif") as large, tifffile.TiffFile(tmp_path / "small.tif") as small:
        assert large.is_bigtiff
        assert not small.is_bigtiff


@pytest.mark.parametrize("value", [-1, 2**32])
def test_ids_that_no_tiff_can_hold_are_told(tmp_path, value):
    with pytest.raises(InputError, match="Expected object numbers from 0 to"):
        write_labels(tmp_path / "a.tif", np.full((4, 4), value, np.int64))


def test_fractions_are_not_labels(tmp_path):
    with pytest.raises(InputError, match="whole numbers"):
        write_labels(tmp_path / "a.tif", np.zeros((4, 4)))


@pytest.mark.parametrize(
    ("code", "sentence"),
    [(errno.ENOSPC, "The disk is full"), (errno.EACCES, "There is no permission"), (errno.EIO, "was not written")],
)
def test_what_the_system_refuses_is_a_sentence_and_the_old_file_stays(tmp_path, monkeypatch, code, sentence):
    path = tmp_path / "a.tif"
    path.write_bytes(b"old")

    def refuse(file, *args, **kwargs):
        file.write_bytes(b"half")
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(tifffile, "imwrite", refuse)
    with pytest.raises(OutputError, match=sentence):
        write_labels(path, np.zeros((4, 4), int))
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a.tif"]


def test_a_folder_that_is_not_there_is_told(tmp_path):
    with pytest.raises(OutputError, match="No such file or directory"):
        write_labels(tmp_path / "nowhere" / "a.tif", np.zeros((4, 4), int))


@pytest.fixture
def read_only_folder():
    """A folder that nobody may write into; root, whom no permission binds, becomes nobody for the test."""
    if os.name != "posix":
        pytest.skip("permissions are POSIX")
    user = os.geteuid()
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o555)
    if user == 0:
        os.seteuid(65_534)
    yield folder
    if user == 0:
        os.seteuid(0)
    folder.rmdir()


def test_a_read_only_folder_is_told(read_only_folder):
    with pytest.raises(OutputError, match="There is no permission to write"):
        write_labels(read_only_folder / "a.tif", np.zeros((4, 4), int))
    for folder in (read_only_folder, read_only_folder / "results"):
        with pytest.raises(OutputError, match="There is no permission to write"):
            expect_writable(folder)


@pytest.mark.skipif(os.name != "posix", reason="the limit on file sizes is POSIX")
def test_a_disk_that_is_really_full_leaves_nothing(tmp_path):
    """The largest file allowed is 4 kB: the kernel stops the write as a full disk would."""
    code = (
        "import resource, sys, numpy as np; from pathlib import Path\n"
        "from napari_labelfix.io.labels_tiff import write_labels\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
        "noise = np.random.default_rng(0).integers(0, 60_000, (256, 256))\n"
        "write_labels(Path(sys.argv[1]), noise)\n"
    )
    path = tmp_path / "a.tif"
    done = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=False)
    assert "OutputError: The disk is full" in done.stderr
    assert os.listdir(tmp_path) == []


def test_a_folder_is_filled_at_once_and_keeps_what_else_is_there(tmp_path):
    out = tmp_path / "out"
    (out / "model").mkdir(parents=True)
    (out / "notes.txt").write_text("mine")
    (out / "model" / "notes.txt").write_text("mine too")
    (out / "a.txt").write_text("old")
    with filling(out) as temporary:
        (temporary / "a.txt").write_text("new")
        (temporary / "model").mkdir()
        (temporary / "model" / "b.txt").write_text("new")
        assert (out / "a.txt").read_text() == "old"
    files = {path.relative_to(out).as_posix(): path.read_text() for path in out.rglob("*") if path.is_file()}
    assert files == {"a.txt": "new", "notes.txt": "mine", "model/b.txt": "new", "model/notes.txt": "mine too"}


def test_a_folder_that_could_not_be_filled_is_not_left_behind(tmp_path):
    with pytest.raises(KeyboardInterrupt), filling(tmp_path / "deep" / "out") as temporary:
        (temporary / "a.txt").write_text("half")
        raise KeyboardInterrupt
    assert os.listdir(tmp_path) == []


def test_looking_whether_a_folder_can_be_written_leaves_nothing(tmp_path):
    expect_writable(tmp_path / "deep" / "out")
    assert os.listdir(tmp_path) == []
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="is a file, but a folder is wanted"):
        expect_writable(tmp_path / "file")


def test_the_same_labels_with_a_pixel_size_are_the_same_bytes(tmp_path):
    grid = Grid.of("yx", (0.5, 0.5), ("micrometer",) * 2)
    for name in ("a.tif", "b.tif"):
        write_labels(tmp_path / name, np.eye(9, dtype=np.uint16), grid)
    assert (tmp_path / "a.tif").read_bytes() == (tmp_path / "b.tif").read_bytes()


@pytest.mark.parametrize(("unit", "said"), [("inch", "in"), ("micron", "µm"), ("cubit", None)])
def test_units_are_those_that_ome_knows(tmp_path, unit, said):
    write_labels(tmp_path / "a.tif", np.eye(9, dtype=np.uint16), Grid.of("yx", (0.5, 0.5), (unit,) * 2))
    with tifffile.TiffFile(tmp_path / "a.tif") as file:
        pixels = tifffile.xml2dict(file.ome_metadata)["OME"]["Image"]["Pixels"]
    assert pixels.get("PhysicalSizeXUnit") == said
    assert ("PhysicalSizeX" in pixels) == (said is not None)
