"""Every kind of file, every order of axes, every sentence."""

from __future__ import annotations

import json
import os
from pathlib import Path

import imagecodecs
import imageio.v3 as imageio
import numpy as np
import pytest
import tifffile
import zarr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from napari_labelfix.errors import InputError
from napari_labelfix.io.content_files import read_content
from napari_labelfix.io.export import export
from napari_labelfix.io.formats import find_format
from napari_labelfix.io.label_image import LabelImage
from napari_labelfix.io.pairing import find_annotations
from napari_labelfix.io.read import find_images, read_image, read_labels, stem_of, without_repeats

RNG = np.random.default_rng(0)


def numbers(shape, dtype=np.uint8):
    return (RNG.random(shape) * 200).astype(dtype)


@pytest.mark.parametrize(
    ("axes", "shape", "labels_shape", "channels"),
    [
        ("YX", (20, 30), (20, 30), None),
        ("ZYX", (5, 20, 30), (5, 20, 30), None),
        ("TYX", (5, 20, 30), (5, 20, 30), None),
        ("CYX", (2, 20, 30), (20, 30), 2),
        ("ZCYX", (5, 2, 20, 30), (5, 20, 30), 2),
        ("CZYX", (2, 5, 20, 30), (5, 20, 30), 2),
        ("TZCYX", (2, 3, 4, 20, 30), (2, 3, 20, 30), 4),
    ],
)
@pytest.mark.parametrize("kind", ["imagej", "ome"])
def test_a_tiff_says_which_axes_are_planes_and_channels(tmp_path, kind, axes, shape, labels_shape, channels):
    if kind == "imagej":  # which only knows the order TZCYX
        order = [axes.index(letter) for letter in "TZCYX" if letter in axes]
        axes, pixels = "".join(axes[i] for i in order), numbers(shape, np.uint16).transpose(order)
    else:
        pixels = numbers(shape, np.uint16)
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, pixels, **{kind: True}, metadata={"axes": axes})
    file = read_image(path)
    assert (file.shape, file.channels) == (labels_shape, channels)
    last_first = np.moveaxis(pixels, axes.index("C"), -1) if channels else pixels
    np.testing.assert_array_equal(file.pixels, last_first)
    assert len(file.planes) == int(np.prod(labels_shape[:-2]))
    np.testing.assert_array_equal(file.planes[-1], last_first[(-1,) * (len(labels_shape) - 2)])


@pytest.mark.parametrize(("shape", "channels"), [((20, 30, 3), 3), ((20, 30), None), ((6, 20, 30), None)])
@pytest.mark.parametrize("compression", [None, "lzw", "zlib"])
def test_a_tiff_as_tifffile_writes_it(tmp_path, shape, channels, compression):
    pixels = numbers(shape)
    tifffile.imwrite(tmp_path / "a.tif", pixels, compression=compression)
    file = read_image(tmp_path / "a.tif")
    assert file.channels == channels
    np.testing.assert_array_equal(file.pixels, pixels)


def test_rgb_in_planes_of_a_tiff_goes_last(tmp_path):
    pixels = numbers((3, 20, 30))
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="rgb", planarconfig="separate")
    np.testing.assert_array_equal(read_image(tmp_path / "a.tif").pixels, pixels.transpose(1, 2, 0))


def test_an_rgb_stack_in_a_tiff_is_planes_of_colour(tmp_path):
    pixels = numbers((4, 20, 30, 3))
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="rgb")
    file = read_image(tmp_path / "a.tif")
    assert (file.shape, file.channels) == ((4, 20, 30), 3)


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int16, np.uint16, np.int32, np.float16, np.float32, np.float64])
def test_numbers_of_every_width_come_back_as_they_are(tmp_path, dtype):
    pixels = numbers((20, 30)).astype(dtype)
    np.save(tmp_path / "a.npy", pixels)
    tifffile.imwrite(tmp_path / "b.tif", pixels)
    for name in ("a.npy", "b.tif"):
        read = read_image(tmp_path / name).pixels
        assert read.dtype == dtype
        np.testing.assert_array_equal(read, pixels)


def test_big_endian_numbers_become_native(tmp_path):
    np.save(tmp_path / "a.npy", numbers((20, 30), ">u2"))
    assert read_image(tmp_path / "a.npy").pixels.dtype.isnative


@pytest.mark.parametrize(
    ("shape", "dtype"), [((20, 30), "u1"), ((20, 30), "u2"), ((20, 30, 3), "u1"), ((20, 30, 3), "u2")]
)
def test_png_keeps_grey_colour_and_depth(tmp_path, shape, dtype):
    pixels = numbers(shape, dtype)
    (tmp_path / "a.png").write_bytes(imagecodecs.png_encode(pixels))
    np.testing.assert_array_equal(read_image(tmp_path / "a.png").pixels, pixels)


@pytest.mark.parametrize("channels", [2, 4])
def test_alpha_is_dropped(tmp_path, channels):
    pixels = numbers((20, 30, channels))
    (tmp_path / "a.png").write_bytes(imagecodecs.png_encode(pixels))
    np.testing.assert_array_equal(read_image(tmp_path / "a.png").pixels, pixels[..., :-1].squeeze())
    tifffile.imwrite(tmp_path / "b.tif", numbers((20, 30, 4)), photometric="rgb", extrasamples=["unassalpha"])
    assert read_image(tmp_path / "b.tif").channels == 3


@pytest.mark.parametrize(("shape", "channels"), [((24, 32), None), ((24, 32, 3), 3)])
def test_jpeg_is_read(tmp_path, shape, channels):
    imageio.imwrite(tmp_path / "a.jpg", np.full(shape, 90, np.uint8))
    file = read_image(tmp_path / "a.jpg")
    assert (file.shape, file.channels) == ((24, 32), channels)


@pytest.mark.parametrize(
    ("shape", "labels_shape", "channels"),
    [
        ((20, 30), (20, 30), None),
        ((20, 30, 3), (20, 30), 3),
        ((20, 30, 4), (20, 30), 4),
        ((20, 30, 5), (20, 30, 5), None),
        ((6, 20, 30), (6, 20, 30), None),
        ((6, 20, 30, 3), (6, 20, 30), 3),
        ((2, 6, 20, 30), (2, 6, 20, 30), None),
    ],
)
def test_in_npy_and_zarr_a_last_axis_of_3_or_4_is_channels(tmp_path, shape, labels_shape, channels):
    pixels = numbers(shape)
    np.save(tmp_path / "a.npy", pixels)
    zarr.save(tmp_path / "b.zarr", pixels)
    for name in ("a.npy", "b.zarr"):
        file = read_image(tmp_path / name)
        assert (file.shape, file.channels) == (labels_shape, channels)
        np.testing.assert_array_equal(file.pixels, pixels)


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_ome_zarr_is_read_at_full_resolution(tmp_path, version):
    group = zarr.open_group(tmp_path / "a.ome.zarr", mode="w", zarr_format=2 if version == "0.4" else 3)
    pixels = numbers((2, 5, 20, 30), np.uint16)
    group.create_array("0", data=pixels)
    group.create_array("1", data=pixels[..., ::2, ::2])
    image = {"axes": [{"name": name} for name in "czyx"], "datasets": [{"path": "0"}, {"path": "1"}]}
    group.attrs.update({"multiscales": [image]} if version == "0.4" else {"ome": {"multiscales": [image]}})
    file = read_image(tmp_path / "a.ome.zarr")
    assert (file.stem, file.shape, file.channels) == ("a", (5, 20, 30), 2)
    np.testing.assert_array_equal(file.pixels, pixels.transpose(1, 2, 3, 0))


def test_planes_are_named_and_go_back_into_the_files_shape(tmp_path):
    np.save(tmp_path / "cells.npy", numbers((2, 6, 20, 30)))
    file = read_image(tmp_path / "cells.npy")
    assert file.names[:2] == ["cells[00]", "cells[01]"]
    np.testing.assert_array_equal(file.restack(file.planes), file.pixels)
    np.save(tmp_path / "one.npy", numbers((1, 20, 30)))
    assert read_image(tmp_path / "one.npy").names == ["one"]


def test_a_folder_is_its_images_in_order_without_the_rest(tmp_path):
    for name in ("b.png", "a.tif", ".hidden.tif", "notes.txt", "C.TIF"):
        (tmp_path / name).write_bytes(b"")
    zarr.save(tmp_path / "d.zarr", numbers((20, 30)))
    (tmp_path / "sub").mkdir()
    assert [path.name for path in find_images([tmp_path])] == ["C.TIF", "a.tif", "b.png", "d.zarr"]


def test_what_cellpose_keeps_beside_its_images_is_no_image(tmp_path):
    for name in ("cells.npy", "cells_seg.npy", "stack_000_seg.npy"):
        (tmp_path / name).write_bytes(b"")
    assert [path.name for path in find_images([tmp_path])] == ["cells.npy"]
    assert find_images([tmp_path / "cells_seg.npy"]) == [tmp_path / "cells_seg.npy"], "if somebody says so"


@pytest.fixture
def cellpose_folder(tmp_path):
    """All that Cellpose writes beside an image, and an image of its own whose name ends as that of an outline."""
    endings = ("flows_cp_masks.tif", "dP_cp_masks.tif", "outlines_cp_masks.png", "cp_output_cp_masks.png",
               "flows.tif", "cellprob.tif", "cp_masks.png", "seg.npy")  # fmt: skip
    names = ["a.tif", *(f"a_{ending}" for ending in endings), "b_outlines.tif", "b_flows.tif"]
    for name in names:
        (tmp_path / name).write_bytes(b"")
    return tmp_path


def test_flows_and_outlines_of_cellpose_are_no_images_beside_theirs(cellpose_folder):
    images = [path.name for path in find_images([cellpose_folder])]
    assert images == ["a.tif", "b_flows.tif", "b_outlines.tif"], "there is no b"
    assert find_images([cellpose_folder / "a_flows.tif"]) == [cellpose_folder / "a_flows.tif"], "if somebody says so"


def test_flows_and_outlines_of_cellpose_are_no_annotations(cellpose_folder):
    (cellpose_folder / "a_seg.npy").unlink()
    (cellpose_folder / "a_outlines.tif").write_bytes(b"")  # an image, and then it has masks
    found = [path.name for path in find_annotations([cellpose_folder])]
    masks = ["a_cp_masks.png", "a_outlines.tif", "a_outlines_cp_masks.png"]
    assert found == ["a.tif", *masks, "b_flows.tif", "b_outlines.tif"]
    (cellpose_folder / "a_outlines.tif").unlink()
    (cellpose_folder / "a.tif").unlink()
    assert [path.name for path in find_annotations([cellpose_folder])] == [masks[0], "b_flows.tif", "b_outlines.tif"]


def test_a_folder_and_a_file_in_it_are_no_two_of_one_name(tmp_path, monkeypatch):
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_bytes(b"")
    monkeypatch.chdir(tmp_path)
    for find in (find_images, find_annotations):
        found = find([Path("b.png"), tmp_path, tmp_path / "a.png"])
        assert found == [Path("b.png"), tmp_path / "a.png"]


@pytest.mark.skipif(os.name == "nt", reason="links need a permission there")
def test_links_of_two_names_to_one_file_are_two_images(tmp_path):
    (tmp_path / "a.png").write_bytes(b"")
    (tmp_path / "b.png").symlink_to(tmp_path / "a.png")
    assert find_images([tmp_path]) == [tmp_path / "a.png", tmp_path / "b.png"]


def test_results_in_the_folder_of_the_images_are_no_images(tmp_path):
    for name in ("a.tif", "a_labels.tif", "b.tif", "b_labels.tif", "c_labels.tif"):
        (tmp_path / name).write_bytes(b"")
    earlier = {"earlier_outputs": {"b.tif": ["b_labels.tif"]}}
    (tmp_path / "run.json").write_text(json.dumps({"outputs": {"a.tif": ["a_labels.tif"]}} | earlier))
    assert [path.name for path in find_images([tmp_path])] == ["a.tif", "b.tif", "c_labels.tif"]
    for odd in ("[]", "{", '{"outputs": 3}', '{"outputs": {"a.tif": 5}}', '{"earlier_outputs": null}'):
        (tmp_path / "run.json").write_text(odd)
        assert len(find_images([tmp_path])) == 5


@pytest.mark.parametrize("name", ["tiff", "png", "cellpose", "ome-zarr"])
def test_what_was_exported_into_the_folder_of_the_images_is_no_image(tmp_path, name):
    tifffile.imwrite(tmp_path / "a.tif", numbers((20, 30)))
    labels = np.zeros((20, 30), np.uint16)
    labels[2:9, 3:9] = 1
    export([LabelImage.of("a", labels), LabelImage.of("b", labels)], find_format(name), tmp_path)
    assert find_images([tmp_path]) == [tmp_path / "a.tif"]
    assert find_annotations([tmp_path]) != []
    for record in tmp_path.glob("*_export.json"):
        record.unlink()
    assert (len(find_images([tmp_path])) > 1) == (name != "cellpose"), "files that nobody has listed"


@pytest.mark.parametrize("name", ["run.json", "notes.json", "a.geojson"])
def test_json_that_is_nested_deeper_than_it_can_be_read_is_no_annotation(tmp_path, name):
    np.save(tmp_path / "a.npy", numbers((20, 30)))
    (tmp_path / name).write_text("[" * 100_000)
    assert find_images([tmp_path]) == [tmp_path / "a.npy"]
    assert tmp_path / "a.npy" in find_annotations([tmp_path])
    with pytest.raises(InputError, match=name):
        read_content([tmp_path / name], [tmp_path / "a.npy"])


def test_two_images_of_one_name_are_refused(tmp_path):
    for name in ("a.ome.tif", "a.png"):
        (tmp_path / name).write_bytes(b"")
    with pytest.raises(InputError, match="same name"):
        find_images([tmp_path / "a.ome.tif", tmp_path / "a.png"])


def test_a_folder_without_images_is_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("")
    with pytest.raises(InputError, match="There is no image in"):
        find_images([tmp_path])


def test_a_stack_of_three_label_planes_is_not_taken_for_colours(tmp_path):
    labels = numbers((3, 20, 30))
    # what tifffile makes of three planes when nobody says what they are
    tifffile.imwrite(tmp_path / "a.tif", labels, photometric="rgb", planarconfig="separate")
    np.testing.assert_array_equal(read_labels(tmp_path / "a.tif"), labels)


def test_grey_labels_saved_as_rgb_are_read_and_colours_refused(tmp_path):
    grey = numbers((20, 30))
    (tmp_path / "grey.png").write_bytes(imagecodecs.png_encode(np.stack([grey] * 3, -1)))
    np.testing.assert_array_equal(read_labels(tmp_path / "grey.png"), grey)
    (tmp_path / "colour.png").write_bytes(imagecodecs.png_encode(numbers((20, 30, 3))))
    with pytest.raises(InputError, match="one number per pixel"):
        read_labels(tmp_path / "colour.png")


def test_labels_may_be_floats_of_whole_numbers_as_fiji_writes_them(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", np.array([[0, 70_000], [3, 3]], np.float32))
    labels = read_labels(tmp_path / "a.tif")
    assert labels.dtype.kind == "i"
    assert labels.tolist() == [[0, 70_000], [3, 3]]


def test_a_jpeg_holds_no_labels(tmp_path):
    for name in ("a.jpg", "A.JPEG"):
        imageio.imwrite(tmp_path / name, numbers((24, 32)))
        with pytest.raises(InputError, match="is a JPEG, which changes pixel values: no labels"):
            read_labels(tmp_path / name)


def test_a_missing_file_is_told(tmp_path):
    for read in (read_image, read_labels, lambda path: find_images([path])):
        with pytest.raises(InputError, match=r"There is no file .*nothing\.tif"):
            read(tmp_path / "nothing.tif")


def test_an_unknown_kind_is_told(tmp_path):
    (tmp_path / "a.docx").write_bytes(b"")
    with pytest.raises(InputError, match=r"cannot be read\. Expected \.tif"):
        read_image(tmp_path / "a.docx")


@pytest.mark.parametrize("suffix", [".tif", ".png", ".jpg", ".npy", ".zarr"])
def test_text_under_an_images_name_is_told(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    path.write_text("not an image\n" * 9)
    with pytest.raises(InputError, match="not an image that can be read"):
        read_image(path)


@pytest.mark.parametrize("suffix", [".tif", ".png", ".jpg", ".npy"])
def test_half_a_file_is_told(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    np.save(path, numbers((64, 64))) if suffix == ".npy" else imageio.imwrite(path, numbers((64, 64)))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(InputError, match="not an image that can be read"):
        read_image(path)


def test_an_empty_zarr_group_is_told(tmp_path):
    zarr.open_group(tmp_path / "a.zarr", mode="w")
    with pytest.raises(InputError, match="not an OME-Zarr image"):
        read_image(tmp_path / "a.zarr")


def test_a_pickle_in_an_npy_is_not_opened(tmp_path):
    np.save(tmp_path / "a.npy", np.array([{"a": 1}], object), allow_pickle=True)
    with pytest.raises(InputError, match="allow_pickle=False"):
        read_image(tmp_path / "a.npy")


def test_an_archive_of_arrays_is_told(tmp_path):
    np.savez(tmp_path / "a.npz", numbers((20, 30)))
    (tmp_path / "a.npz").rename(tmp_path / "a.npy")
    with pytest.raises(InputError, match="archive of arrays"):
        read_image(tmp_path / "a.npy")


def test_an_image_without_pixels_is_told(tmp_path):
    np.save(tmp_path / "a.npy", numbers((0, 64)))
    with pytest.raises(InputError, match=r"has no pixels \(\(0, 64\)\)"):
        read_image(tmp_path / "a.npy")


def test_a_row_of_numbers_is_not_an_image(tmp_path):
    np.save(tmp_path / "a.npy", numbers(7))
    with pytest.raises(InputError, match="at least two axes"):
        read_image(tmp_path / "a.npy")


def test_several_images_in_one_tiff_are_told(tmp_path):
    with tifffile.TiffWriter(tmp_path / "a.tif") as writer:
        writer.write(numbers((20, 30)))
        writer.write(numbers((9, 30)))
    with pytest.raises(InputError, match="2 images of their own"):
        read_image(tmp_path / "a.tif")


def test_a_file_that_may_not_be_read_is_told(tmp_path, monkeypatch):
    path = tmp_path / "a.npy"
    np.save(path, numbers((20, 30)))

    def refuse(*args, **kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(np, "load", refuse)  # root may read everything, so no chmod here
    with pytest.raises(InputError, match="no permission to read"):
        read_image(path)


@pytest.mark.parametrize("look", [find_images, find_annotations, read_content])
def test_a_place_where_nobody_may_look_is_told(tmp_path, monkeypatch, look):
    with pytest.raises(InputError, match=r"x{300} cannot be read \(File name too long\)"):
        look([tmp_path / ("x" * 300)])

    def refuse(*args, **kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "is_dir", refuse)
    monkeypatch.setattr(Path, "exists", refuse)
    with pytest.raises(InputError, match=r"There is no permission to read .*locked"):
        look([tmp_path / "locked"])


def test_names_with_accents_are_the_same_on_every_system():
    whole, apart = "\u00e9", "e\u0301"
    assert stem_of(Path(f"{apart}.tif")) == stem_of(Path(f"{whole}.png")) == whole


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(suffix=st.sampled_from([".tif", ".png", ".jpg", ".npy"]), data=st.data())
def test_a_damaged_file_gives_an_image_or_a_sentence(tmp_path: Path, suffix, data):
    path = tmp_path / f"a{suffix}"
    pixels = np.arange(144, dtype=np.uint8).reshape(12, 12)
    np.save(path, pixels) if suffix == ".npy" else imageio.imwrite(path, pixels)
    damaged = bytearray(path.read_bytes())
    for _ in range(3):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(damaged)
    try:
        assert read_image(path).pixels.ndim >= 2
    except InputError as error:
        assert str(path) in str(error)


def test_alpha_is_dropped_where_colours_are_planes_of_the_file(tmp_path):
    pixels = numbers((4, 20, 30))
    tifffile.imwrite(
        tmp_path / "a.tif", pixels, photometric="rgb", planarconfig="separate", extrasamples=["unassalpha"]
    )
    np.testing.assert_array_equal(read_image(tmp_path / "a.tif").pixels, np.moveaxis(pixels[:3], 0, -1))


def test_files_that_are_named_twice_stay_where_they_were_named_first():
    named = [Path("c.tif"), Path("a.tif"), Path("b.tif"), Path("c.tif")]
    assert without_repeats(named) == named[:3]


def test_a_tiff_without_any_image_is_told(tmp_path):
    (tmp_path / "a.tif").write_bytes(b"II*\0\0\0\0\0")
    with pytest.raises(InputError, match="not an image that can be read"):
        read_image(tmp_path / "a.tif")


def test_of_four_channels_that_are_samples_none_is_taken_for_alpha(tmp_path):
    pixels = numbers((20, 30, 4))
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="minisblack", planarconfig="contig")
    np.testing.assert_array_equal(read_image(tmp_path / "a.tif").pixels, pixels)


def test_alpha_beside_grey_is_dropped(tmp_path):
    pixels = numbers((20, 30, 2))
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, pixels, photometric="minisblack", planarconfig="contig", extrasamples=["unassalpha"])
    np.testing.assert_array_equal(read_image(path).pixels, pixels[..., 0])


def test_inks_are_read_as_colours(tmp_path):
    colours = np.zeros((20, 30, 3), np.uint8) + np.array([200, 100, 50], np.uint8)
    Image.fromarray(colours).convert("CMYK").save(tmp_path / "a.jpg", quality=95)
    np.testing.assert_allclose(read_image(tmp_path / "a.jpg").pixels, colours, atol=6)


def test_labels_with_a_palette_are_the_numbers_and_not_the_colours(tmp_path):
    labels = np.arange(20 * 30, dtype=np.uint8).reshape(20, 30) % 7
    picture = Image.fromarray(labels, mode="P")
    picture.putpalette([255, 0, 0, 0, 255, 0, 0, 0, 255, 9, 9, 9, 8, 8, 8, 7, 7, 7, 6, 6, 6])
    picture.save(tmp_path / "a.png")
    np.testing.assert_array_equal(read_labels(tmp_path / "a.png"), labels)
    assert read_image(tmp_path / "a.png").channels == 3


@pytest.mark.parametrize("value", [0.5, np.nan, np.inf, 1j])
def test_labels_that_are_no_whole_numbers_are_told(tmp_path, value):
    np.save(tmp_path / "a.npy", np.array([[0, 1], [2, value]]))
    with pytest.raises(InputError, match=r"Expected whole numbers in .*a\.npy, but got (float|complex)"):
        read_labels(tmp_path / "a.npy")


def test_a_link_to_itself_is_told(tmp_path):
    (tmp_path / "a.tif").symlink_to(tmp_path / "a.tif")
    assert find_images([tmp_path]) == [tmp_path / "a.tif"]
    with pytest.raises(InputError, match="There is no file"):
        read_image(tmp_path / "a.tif")


OME_OF_TWO_FILES = """<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" UUID="{own}">
<Image ID="Image:0"><Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint8" SizeX="30" SizeY="20" SizeC="1" SizeZ="2"
SizeT="1"><Channel ID="Channel:0:0" SamplesPerPixel="1"/>
<TiffData FirstZ="0" IFD="0" PlaneCount="1"><UUID FileName="a_0.ome.tif">urn:uuid:a</UUID></TiffData>
<TiffData FirstZ="1" IFD="0" PlaneCount="1"><UUID FileName="a_1.ome.tif">urn:uuid:b</UUID></TiffData>
</Pixels></Image></OME>"""


def test_a_part_of_an_image_whose_other_parts_are_away_is_told(tmp_path):
    pixels = numbers((2, 20, 30)) + 1
    for number, own in enumerate(("urn:uuid:a", "urn:uuid:b")):
        about = OME_OF_TWO_FILES.format(own=own).encode()
        tifffile.imwrite(tmp_path / f"a_{number}.ome.tif", pixels[number], description=about, metadata=None)
    np.testing.assert_array_equal(read_image(tmp_path / "a_0.ome.tif").pixels, pixels)
    (tmp_path / "a_1.ome.tif").unlink()
    with pytest.raises(InputError, match=r"it is one of several files, of which a_1\.ome\.tif is not beside it"):
        read_image(tmp_path / "a_0.ome.tif")


@pytest.mark.parametrize("options", [{"imagej": True}, {"ome": True}, {"compression": "zlib"}, {"bigtiff": True}])
def test_a_stack_that_was_cut_short_is_told_and_not_taken_for_a_shorter_one(tmp_path, options):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, numbers((10, 20, 30)), metadata={"axes": "ZYX"}, **options)
    assert read_image(path).shape == (10, 20, 30)
    os.truncate(path, path.stat().st_size * 3 // 5)
    with pytest.raises(InputError, match=r"is not an image that can be read \((it was cut short|failed to read)"):
        read_image(path)


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_the_image_that_bioformats2raw_has_written_is_read_and_several_are_told(tmp_path, zarr_format):
    pixels, path = numbers((20, 30)), tmp_path / "cells.zarr"
    layout = {"bioformats2raw.layout": 3}
    group = zarr.open_group(path, mode="w", zarr_format=zarr_format)
    group.attrs.update({"ome": layout} if zarr_format == 3 else layout)
    group.create_group("OME")
    image = group.create_group("0")
    image.create_array("0", data=pixels)
    scale = [{"type": "scale", "scale": [0.5, 0.25]}]
    axes = [{"name": name, "type": "space", "unit": "micrometer"} for name in "yx"]
    said = {"multiscales": [{"axes": axes, "datasets": [{"path": "0", "coordinateTransformations": scale}]}]}
    image.attrs.update({"ome": said} if zarr_format == 3 else said)
    file = read_image(path)
    np.testing.assert_array_equal(file.pixels, pixels)
    assert (file.stem, file.grid.scale) == ("cells", (0.5, 0.25))
    group.create_group("1")
    with pytest.raises(InputError, match=r"it holds 2 images of their own; give each, as .*cells\.zarr.0"):
        read_image(path)
