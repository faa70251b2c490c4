"""Points come from napari and from spreadsheets, and go out with score and role."""

import csv

import numpy as np
import pytest

from napari_labelfix.annotations import Points
from napari_labelfix.errors import InputError
from napari_labelfix.io.points_csv import points_of_planes, read_points, write_points
from napari_labelfix.io.read import read_image
from napari_labelfix.io.tasks import read_task
from napari_labelfix.snapshots import Detections, PointRole


def write(path, text):
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def image_file(path, shape=(40, 50)):
    path.parent.mkdir(exist_ok=True)
    np.save(path, np.random.default_rng(0).random(shape).astype(np.float32))
    return read_image(path)


@pytest.mark.parametrize(
    "text",
    [
        "y,x\n1.5,2\n3,4.25\n",
        "index,axis-0,axis-1\n0,1.5,2\n1,3,4.25\n",
        '"index","axis-0","axis-1"\n"0","1.5","2"\n"1","3","4.25"\n',
        "name; X ; Y\na;2;1.5\nb;4.25;3\n",
        "\ufeffy\tx\r\n1.5\t2\r\n3\t4.25\r\n",
    ],
    ids=["y,x", "napari", "quoted", "spreadsheet, other order", "tabs and a mark of the byte order"],
)
def test_positions_are_read_from_every_usual_form(tmp_path, text):
    table = read_points(write(tmp_path / "a.csv", text))
    assert table.positions.tolist() == [[1.5, 2], [3, 4.25]]
    assert not table.negative.any()
    assert table.radius is None


def test_what_napari_saves_of_a_points_layer_is_read(tmp_path):
    builtins = pytest.importorskip("napari_builtins.io")
    data = np.array([[0.0, 1.5, 2.0], [2.0, 3.0, 4.25]])
    builtins.napari_write_points(str(tmp_path / "a.csv"), data, {"properties": {"score": np.array([0.5, 1])}})
    assert read_points(tmp_path / "a.csv").positions.tolist() == data.tolist()


def test_a_table_that_is_none_is_told(tmp_path):
    with pytest.raises(InputError, match="is not a table that can be read"):
        read_points(write(tmp_path / "a.csv", f'y,x\n1,"{"2" * 140_000}"\n'))


def test_roles_and_radius_are_read(tmp_path):
    text = "y,x,role,radius\n1,1,given,5\n2,2,negative,5\n3,3,detected,9\n4,4,,7\n5,5,pseudo-positive,9\n"
    table = read_points(write(tmp_path / "a.csv", text))
    assert table.positions[:, 0].tolist() == [1, 2, 4]
    assert table.negative.tolist() == [False, True, False]
    assert table.radius == 5


def test_the_kinds_of_the_docks_layer_are_read(tmp_path):
    text = "index,axis-0,axis-1,kind\n0,1,1,cell\n1,2,2,not a cell\n"
    assert read_points(write(tmp_path / "a.csv", text)).negative.tolist() == [False, True]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "Expected columns y,x .* but got none"),
        ("row,col\n1,2\n", "Expected columns y,x .* but got row, col"),
        ("y,x\n1,two\n", "Expected a number under .* in line 2 of .* but got 'two'"),
        ("y,x\n1\n", "Expected a number under x in line 2 of .* but got nothing"),
        ("y,x\n1,nan\n", "Expected a number under .* in line 2 of .* but got 'nan'"),
    ],
    ids=["empty", "other columns", "text", "missing", "not a number"],
)
def test_files_that_are_no_points_are_told(tmp_path, text, sentence):
    with pytest.raises(InputError, match=sentence):
        read_points(write(tmp_path / "a.csv", text))


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16", "utf-8-sig"])
def test_a_file_may_have_the_encoding_of_any_spreadsheet(tmp_path, encoding):
    (tmp_path / "a.csv").write_bytes("y,x,Gr\xf6\xdfe\n1,2,3\n".encode(encoding))
    assert read_points(tmp_path / "a.csv").positions.tolist() == [[1, 2]]


def test_a_file_that_is_no_text_is_told(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"\xff\xfe1")
    with pytest.raises(InputError, match="no text"):
        read_points(tmp_path / "a.csv")


def test_a_file_without_points_is_an_image_without_points(tmp_path):
    file = image_file(tmp_path / "images" / "a.npy")
    (points,) = points_of_planes(write(tmp_path / "a.csv", "y,x\n"), file)
    assert points.positions.shape == (0, 2)
    assert points.radius > 0


def test_without_a_radius_it_is_that_of_the_cells_at_the_points_in_the_image(tmp_path):
    y, x = np.mgrid[:120, :150]
    places = [(25, 30), (30, 110), (90, 60)]
    cells = sum(np.exp(-((((y - row) ** 2 + (x - column) ** 2) / 128) ** 3)) for row, column in places)
    np.save(tmp_path / "a.npy", cells.astype(np.float32))
    file = read_image(tmp_path / "a.npy")
    text = "y,x\n" + "".join(f"{row},{column}\n" for row, column in places)
    (alone,) = points_of_planes(write(tmp_path / "a.csv", text), file)
    assert alone.radius == pytest.approx(11, abs=2)
    (with_others,) = points_of_planes(write(tmp_path / "b.csv", text + "25,400\n-30,30\n"), file)
    assert with_others.radius == alone.radius


def test_points_of_a_stack_go_to_their_planes(tmp_path):
    file = image_file(tmp_path / "images" / "a.npy", (3, 40, 50))
    named = write(tmp_path / "a.csv", "plane,y,x,role\n0,1,2,\n2,3,4,\n2,5,6,negative\n")
    napari = write(tmp_path / "b.csv", "index,axis-0,axis-1,axis-2\n0,0,1,2\n1,2,3,4\n")
    for path, negatives in ((named, 1), (napari, 0)):
        planes = points_of_planes(path, file)
        assert [len(points.positions) for points in planes] == [1, 0, 1]
        assert planes[2].positions.tolist() == [[3, 4]]
        assert len(planes[2].negatives) == negatives


@pytest.mark.parametrize(
    ("shape", "text", "sentence"),
    [
        ((3, 40, 50), "y,x\n1,2\n", "has 3 axes, but .* has positions on 2. A stack needs a column for the plane"),
        ((3, 40, 50), "plane,y,x\n1e300,1,2\n", "in planes that .* does not have"),
        ((3, 40, 50), "plane,y,x\n3,1,2\n", "in planes that .* does not have. Count planes from 0"),
        ((40, 50), "axis-0,axis-1,axis-2,axis-3\n0,0,1,2\n", "has 2 axes, but .* has positions on 4"),
    ],
)
def test_points_that_do_not_fit_the_images_axes_are_told(tmp_path, shape, text, sentence):
    file = image_file(tmp_path / "images" / "a.npy", shape)
    with pytest.raises(InputError, match=sentence):
        points_of_planes(write(tmp_path / "a.csv", text), file)


def test_images_and_points_meet_by_their_names(tmp_path):
    image_file(tmp_path / "images" / "a.npy")
    image_file(tmp_path / "images" / "b.npy")
    write(tmp_path / "points" / "a.csv", "y,x,radius\n1,2,6\n30,40,6\n")
    read = read_task([tmp_path / "images"], [tmp_path / "points"], Points)
    first, second = read.task.planes
    assert first.annotation.positions.tolist() == [[1, 2], [30, 40]]
    assert (first.annotation.radius, first.annotation.shape) == (6.0, (40, 50))
    assert second.annotation is None


def test_points_outside_of_their_image_are_told(tmp_path):
    image_file(tmp_path / "images" / "a.npy")
    path = write(tmp_path / "a.csv", "y,x\n1,2\n1,50\n")
    with pytest.raises(InputError, match="1 point of a lies outside the image"):
        read_task([tmp_path / "images"], [path], Points)


def detections(positions, roles):
    count = len(positions)
    return Detections(
        np.array(positions, np.float32).reshape(-1, 2),
        np.linspace(1, 0.5, count).astype(np.float32),
        np.array(roles, np.uint8),
        5.0,
        np.zeros((40, 50), np.float32),
    )


def test_positions_scores_and_roles_are_written(tmp_path):
    found = detections([[1.5, 2], [3, 4], [5, 6]], [PointRole.GIVEN, PointRole.PSEUDO_NEGATIVE, PointRole.DETECTED])
    write_points(tmp_path / "a.csv", [found])
    with (tmp_path / "a.csv").open(newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["y", "x", "score", "role"]
    assert rows[1:] == [
        ["1.50", "2.00", "1.0000", "given"],
        ["3.00", "4.00", "0.7500", "pseudo-negative"],
        ["5.00", "6.00", "0.5000", "detected"],
    ]
    assert found.count == 2


def test_of_what_was_written_only_the_given_points_are_points_again(tmp_path):
    planes = [
        detections([[1, 2], [3, 4]], [PointRole.GIVEN, PointRole.DETECTED]),
        detections([[5, 6]], [PointRole.GIVEN]),
    ]
    write_points(tmp_path / "a.csv", planes)
    assert read_points(tmp_path / "a.csv").positions.tolist() == [[0, 1, 2], [1, 5, 6]]


def test_the_line_of_a_number_that_is_none_is_told_past_empty_ones(tmp_path):
    path = write(tmp_path / "a.csv", "y,x\n1,2\n,\n\n3,four\n")
    with pytest.raises(InputError, match="Expected a number under x in line 5 "):
        read_points(path)
