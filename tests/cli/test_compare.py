"""`compare`: how well labels agree with others, or with a count."""

import csv

import numpy as np
import pytest
import tifffile


@pytest.fixture
def folders(tmp_path):
    """Results of a run on two images, and the truth of both; the count of the cells of one."""
    truth, found = np.zeros((40, 50), np.uint16), np.zeros((40, 50), np.uint16)
    truth[2:12, 2:12], truth[2:12, 20:30], truth[20:30, 2:12], truth[20:30, 20:30] = 1, 2, 3, 4
    found[2:12, 2:12], found[2:12, 20:40], found[20:30, 2:12] = 7, 8, 9
    found[20:30, 12:30] = 9  # two of the truth
    for folder in ("results", "truth", "counts"):
        (tmp_path / folder).mkdir()
    for name in ("a b", "ü.x"):
        tifffile.imwrite(tmp_path / f"{name}.tif", np.random.default_rng(0).random((40, 50)).astype("f4"))
        tifffile.imwrite(tmp_path / "results" / f"{name}_labels.tif", found)
        tifffile.imwrite(tmp_path / "results" / f"{name}_confidence.tif", found.astype("f4"))
        tifffile.imwrite(tmp_path / "truth" / f"{name}.tif", truth)
    rows = "y,x,role\n6,6,\n25,6,\n25,25,\n35,45,\n39,1,negative\n"
    (tmp_path / "counts" / "a b_points.csv").write_text(rows)
    return tmp_path


def table_of(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_results_are_compared_with_the_truth_image_by_image(call, folders):
    ended = call("compare", folders / "results", "--with", folders / "truth", "--table", folders / "table.csv")
    assert ended.code == 0, ended.err
    rows = table_of(folders / "table.csv")
    assert [row["image"] for row in rows] == ["a b", "ü.x"]
    for row in rows:
        assert (row["objects"], row["others"]) == ("3", "4")
        assert float(row["F1"]) == pytest.approx(2 * 2 / 7), "IoU 1, 0.5 and at most 0.36"
        assert float(row["Dice"]) == pytest.approx(2 * 400 / (400 + 580))
        kinds = ("added", "removed", "reshaped", "split", "merged")
        assert [row[kind] for kind in kinds] == ["0", "0", "1", "0", "1"]
    assert "2 images" in ended.out
    assert "0.571" in ended.out
    assert ended.out.splitlines()[-1] == f"The table is in {folders / 'table.csv'}."


def test_results_are_compared_with_a_count(call, folders):
    ended = call(
        "compare", folders / "results", "--with", folders / "counts", "--image", folders / "a b.tif",
        folders / "ü.x.tif", "--table", folders / "table.csv",
    )  # fmt: skip
    assert ended.code == 0, ended.err
    (row,) = table_of(folders / "table.csv")
    assert float(row.pop("F1")) == pytest.approx(2 * 2 / (3 + 4))
    assert row == {
        "image": "a b", "objects": "3", "points": "4", "several points": "1", "no object": "1", "no point": "1"
    }  # fmt: skip
    assert ended.out.splitlines()[-1] == "Nothing to compare with: ü.x."


def test_what_cannot_be_compared_is_said(call, folders):
    other = folders / "other"
    other.mkdir()
    tifffile.imwrite(other / "a b.tif", np.zeros((40, 51), np.uint8))
    ended = call("compare", folders / "results", "--with", other)
    assert ended.code == 2
    assert (
        ended.err.strip()
        == "napari-labelfix: The labels of a b are 40 x 50 and 40 x 51. Choose those of the same image."
    )
    (other / "a b.tif").rename(other / "c.tif")
    ended = call("compare", folders / "results", "--with", other)
    assert ended.code == 2
    assert "No two files are of the same image: a b, ü.x, and c. Name each like its image." in ended.err
    (other / "c.tif").unlink()
    (other / "a b_boxes.csv").write_text("y0,x0,y1,x1\n2,2,12,12\n")
    ended = call("compare", folders / "results", "--with", other, "--image", folders / "a b.tif", folders / "ü.x.tif")
    assert ended.code == 2
    assert "Labels are compared with labels or points, but a b has boxes." in ended.err


def test_a_table_replaces_nothing_but_such_a_table(call, folders):
    words = ("compare", folders / "results", "--with", folders / "truth", "--table")
    other = folders / "notes.csv"
    other.write_text("y,x\n1,2\n")
    ended = call(*words, other)
    assert ended.code == 2
    assert ended.err.strip().endswith("is there already, and is no such table. Choose another name, or move it away.")
    assert other.read_text() == "y,x\n1,2\n"
    for _ in range(2):
        assert call(*words, folders / "table.csv").code == 0


def test_two_files_of_one_image_are_told(call, folders):
    ended = call("compare", folders / "results", folders / "truth", "--with", folders / "truth")
    assert ended.code == 2
    assert "More than one file is of a b. Give one of them." in ended.err


def test_labels_are_the_same_as_themselves(call, folders):
    ended = call("compare", folders / "truth" / "a b.tif", "--with", folders / "truth" / "a b.tif")
    assert ended.code == 0, ended.err
    assert ended.out.splitlines()[1].split() == ["a", "b", "4", "4", "1.000", "1.000", "0", "0", "0", "0", "0"]
