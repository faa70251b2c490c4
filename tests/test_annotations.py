import dataclasses
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from napari_labelfix.annotations import (
    Boxes,
    FinishedInstances,
    Instances,
    Plane,
    Points,
    Scribbles,
    Task,
    expect_room_for_new_objects,
    same_annotation,
)
from napari_labelfix.errors import InputError

IMAGE = np.arange(20.0).reshape(4, 5)
MARKS = np.eye(4, 5, dtype=np.uint8)


def plane(image=IMAGE, annotation=None, name="cells"):
    return Plane(name, image, annotation)


def with_pixel(value):
    image = IMAGE.copy()
    image[1, 2] = value
    return image


@pytest.mark.parametrize(
    "dtype", ["bool", "uint8", "int16", "uint16", "int32", "uint64", "float16", "float32", "float64"]
)
@pytest.mark.parametrize("channels", [(), (1,), (3,), (7,)])
def test_images_of_any_number_type_and_any_channels_pass(dtype, channels):
    image = np.zeros((6, 9, *channels), dtype)
    image[2, 3] = 1
    checked = plane(image)
    checked.check()
    assert checked.shape == (6, 9)
    assert checked.channels == (channels or (1,))[0]


@pytest.mark.parametrize(
    "annotation",
    [
        None,
        Scribbles(MARKS),
        Scribbles(np.zeros((4, 5), bool)),
        Scribbles(np.full((4, 5), 255, np.int64)),
        Points(np.array([[0, 0], [3, 4]]), (4, 5), radius=2.5),
        Points(np.empty((0, 2)), (4, 5), radius=1),
        Boxes(np.array([[0, 0, 4, 5.0]]), (4, 5)),
        Boxes(np.empty((0, 4)), (4, 5)),
        Instances(MARKS),
        Instances(MARKS.astype(np.int32) * 70_000, trusted=MARKS > 0),
    ],
)
def test_good_annotations_pass(annotation):
    plane(annotation=annotation).check()


@pytest.mark.parametrize(
    ("bad", "sentence"),
    [
        (plane(np.ones(5)), r"Expected cells to be \(Y, X\) or \(Y, X, channels\), but got \(5,\)"),
        (plane(np.ones((2, 3, 4, 5))), r"or \(Y, X, channels\), but got \(2, 3, 4, 5\)"),
        (plane(np.ones((0, 5))), r"but got \(0, 5\)"),
        (plane(np.ones((4, 5, 0))), r"but got \(4, 5, 0\)"),
        (plane(IMAGE.astype(complex)), "Expected numbers in cells, but got complex128. Convert"),
        (plane(IMAGE.astype(str)), "Expected numbers in cells"),
        (plane(IMAGE.astype(object)), "Expected numbers in cells, but got object"),
        (plane(annotation=Scribbles(MARKS[:3])), r"cells is 4 x 5 but its annotation is 3 x 5 \(height x width\)"),
        (plane(annotation=Scribbles(np.ones((4, 5, 2), int))), "its annotation is 4 x 5 x 2"),
        (plane(annotation=Scribbles(MARKS * 1.5)), "Expected whole numbers in the scribbles of cells, but got float64"),
        (
            plane(annotation=Scribbles(MARKS.astype(int) - 1)),
            "Expected scribble values from 0 to 255 in cells, but got -1 to 0",
        ),
        (plane(annotation=Scribbles(MARKS.astype(int) * 256)), "but got 0 to 256. Use 0 for unmarked"),
        (plane(annotation=Points(np.ones((3, 3)), (4, 5), 2)), r"points of shape \(N, 2\) in cells, but got \(3, 3\)"),
        (plane(annotation=Points(np.ones(2), (4, 5), 2)), r"points of shape \(N, 2\) in cells, but got \(2,\)"),
        (plane(annotation=Points(np.ones((3, 2)), (4, 5), 0)), "a radius above 0 px in cells, but got 0"),
        (plane(annotation=Points(np.ones((3, 2)), (4, 5), np.nan)), "a radius above 0 px in cells, but got nan"),
        (plane(annotation=Points(np.array([[1, 1], [4, 0]]), (4, 5), 2)), "1 point of cells lies outside the image"),
        (plane(annotation=Points(np.array([[np.nan, 1]]), (4, 5), 2)), "1 point of cells lies outside the image"),
        (plane(annotation=Points(np.array([[-1, 1], [1, 5]]), (4, 5), 2)), "2 points of cells lie outside the image"),
        (plane(annotation=Boxes(np.ones((3, 5)), (4, 5))), r"boxes of shape \(N, 4\) in cells, but got \(3, 5\)"),
        (plane(annotation=Boxes(np.ones(4), (4, 5))), r"boxes of shape \(N, 4\) in cells, but got \(4,\)"),
        (plane(annotation=Boxes(np.array([[1, 1, 1, 3.0]]), (4, 5))), "1 box of cells has no area. Draw it again"),
        (plane(annotation=Boxes(np.array([[1, 1, np.inf, 3]]), (4, 5))), "1 box of cells has no area"),
        (plane(annotation=Instances(MARKS * 1.0)), "Expected whole numbers in the labels of cells, but got float64"),
        (plane(annotation=Instances(MARKS.astype(int) - 1)), "Expected labels from 0 up in cells, but got -1"),
        (
            plane(annotation=Instances(MARKS, MARKS[:2] > 0)),
            r"Expected a trusted mask of \(4, 5\) in cells, but got \(2, 5\)",
        ),
    ],
)
def test_what_cannot_be_used_is_refused_with_a_sentence(bad, sentence):
    with pytest.raises(InputError, match=sentence):
        bad.check()
    with pytest.raises(InputError, match=sentence):
        Task((plane(name="good"), bad)).check()


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_pixels_without_a_number_are_fine_beside_others(value):
    plane(with_pixel(value), Scribbles(MARKS)).check()
    only_ones = plane(np.where(np.isfinite(with_pixel(value)), 1, with_pixel(value)))
    with pytest.raises(InputError, match=r"cells is constant \(every pixel is 1.0\)"):
        only_ones.check()


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_an_image_without_any_number_is_refused_unless_it_is_an_empty_plane_among_others(value):
    nothing = plane(np.full((4, 5), value))
    with pytest.raises(InputError, match=r"cells is constant \(every pixel is NaN or infinite\). Choose another"):
        nothing.check()
    with pytest.raises(InputError, match=r"NaN or infinite\), but something is marked on it. Erase"):
        Task((plane(name="good"), plane(nothing.image, Scribbles(MARKS)))).check()
    Task((plane(name="good"), nothing)).check()


def test_labels_that_are_no_plane_are_refused_even_without_an_image():
    with pytest.raises(InputError, match=r"Expected the labels of cells to be \(Y, X\), but got \(4,\)"):
        Instances(np.zeros(4, int)).check("cells")
    with pytest.raises(InputError, match=r"Expected the scribbles of cells to be \(Y, X\), but got \(2, 4, 5\)"):
        Scribbles(np.zeros((2, 4, 5), int)).check("cells")


BLANK = np.full((4, 5), 7)
SOMEWHERE = MARKS > 0


def test_a_constant_image_is_refused_unless_it_is_an_empty_plane_among_others():
    blank, other = plane(BLANK), plane(BLANK, name="other")
    sentence = r"cells is constant \(every pixel is 7\). Choose another image."
    marked = plane(BLANK, Scribbles(MARKS))
    for refused in (blank.check, Task((blank,)).check, Task((marked,)).check, Task((blank, other)).check):
        with pytest.raises(InputError, match=sentence):
            refused()
    Task((plane(name="good"), blank)).check()


@pytest.mark.parametrize(
    ("nothing", "something"),
    [
        (Scribbles(0 * MARKS), Scribbles(MARKS)),
        (Points(np.empty((0, 2)), (4, 5), 1), Points(np.ones((1, 2)), (4, 5), 1)),
        (Points(np.empty((0, 2)), (4, 5), 1), Points(np.empty((0, 2)), (4, 5), 1, np.ones((1, 2)))),
        (Boxes(np.empty((0, 4)), (4, 5)), Boxes(np.array([[0, 0, 2, 2]]), (4, 5))),
        (Boxes(np.empty((0, 4)), (4, 5)), Boxes(np.empty((0, 4)), (4, 5), np.array([[0, 0, 2, 2]]))),
        (Instances(MARKS), Instances(MARKS, SOMEWHERE)),
        (Instances(0 * MARKS, SOMEWHERE), Instances(MARKS, SOMEWHERE)),
        (FinishedInstances(0 * MARKS), FinishedInstances(MARKS)),
    ],
)
def test_what_is_marked_on_an_empty_plane_is_refused(nothing, something):
    Task((plane(name="good"), plane(BLANK, nothing))).check()
    with pytest.raises(InputError, match=r"cells is constant .* but something is marked on it\. Erase that"):
        Task((plane(name="good"), plane(BLANK, something))).check()


def test_a_task_without_images_is_refused():
    with pytest.raises(InputError, match=r"There is no image\. Choose at least one\."):
        Task(()).check()


def test_images_of_different_channels_are_refused():
    task = Task((plane(name="grey"), plane(np.random.default_rng(0).random((4, 5, 3)), name="colour")))
    with pytest.raises(InputError, match=r"grey has 1 channel, but colour 3 channels\. All images of a run"):
        task.check()


def test_two_images_of_one_name_are_refused():
    with pytest.raises(InputError, match=r"More than one image is called cells\. Rename one"):
        Task((plane(), plane(name="other"), plane())).check()


def test_planes_of_different_sizes_with_and_without_annotation_pass():
    Task((plane(annotation=Scribbles(MARKS)), plane(IMAGE[:2], name="smaller"))).check()


def test_a_fingerprint_changes_with_pixels_type_shape_and_name_but_not_with_annotations():
    fingerprint = Task((plane(),)).fingerprint()
    assert len(fingerprint) == 64
    assert Task((plane(annotation=Scribbles(MARKS)),)).fingerprint() == fingerprint
    others = [plane(with_pixel(0.5)), plane(IMAGE.astype("f4")), plane(IMAGE.reshape(5, 4)), plane(name="other")]
    assert len({fingerprint, *(Task((other,)).fingerprint() for other in others)}) == 5


def test_a_fingerprint_does_not_depend_on_the_layout_in_memory():
    assert Task((plane(np.asfortranarray(IMAGE)),)).fingerprint() == Task((plane(),)).fingerprint()
    wide = np.repeat(IMAGE, 2, axis=1)
    assert Task((plane(wide[:, ::2]),)).fingerprint() == Task((plane(),)).fingerprint()


def test_a_task_pickles_and_its_records_cannot_be_changed():
    task = Task((plane(annotation=Scribbles(MARKS)),))
    copy = pickle.loads(pickle.dumps(task))
    assert np.array_equal(copy.planes[0].annotation.marks, MARKS)
    assert copy.fingerprint() == task.fingerprint()
    with pytest.raises(dataclasses.FrozenInstanceError):
        task.planes[0].name = "other"


@given(arrays(np.float64, (5, 2), elements=st.floats(-3, 8)))
def test_points_pass_exactly_when_all_lie_between_the_first_and_last_pixel(positions):
    inside = all(0 <= y <= 3 and 0 <= x <= 4 for y, x in positions)
    points = Points(positions, (4, 5), radius=1)
    if inside:
        points.check("cells")
    else:
        with pytest.raises(InputError, match=r"lies? outside"):
            points.check("cells")


@given(arrays(np.int64, (3, 4), elements=st.integers(0, 4)))
def test_boxes_pass_exactly_when_all_have_an_area(corners):
    boxes = Boxes(corners, (4, 5))
    if all(y1 > y0 and x1 > x0 for y0, x0, y1, x1 in corners):
        boxes.check("cells")
    else:
        with pytest.raises(InputError, match=r"ha(s|ve) no area"):
            boxes.check("cells")


@pytest.mark.parametrize(
    ("others", "sentence"),
    [(np.zeros((5, 6), int), "Expected other objects of"), (np.zeros((5, 5)), "the other objects of")],
)
def test_other_objects_that_do_not_fit_the_labels_are_refused(others, sentence):
    with pytest.raises(InputError, match=sentence):
        Instances(np.zeros((5, 5), int), others=others).check("cells")


def test_names_that_are_no_unicode_have_a_fingerprint():
    latin = b"z\xe4hl.tif".decode("utf-8", "surrogateescape")  # as Python reads such a name from a folder
    image = np.zeros((4, 4), np.uint8)
    one, other = (Task((Plane(name, image),)).fingerprint() for name in (latin, "zahl.tif"))
    assert one != other


def test_ids_that_leave_no_room_for_new_objects_are_refused():
    labels = np.zeros(IMAGE.shape, np.int64)
    labels[2, 2] = 2**30 + 1
    with pytest.raises(InputError, match="“Renumber” in the Review dock"):
        expect_room_for_new_objects(Task((plane(), plane(annotation=Instances(labels)))))
    labels[2, 2] = 2**30
    expect_room_for_new_objects(Task((plane(annotation=Instances(labels)),)))


def test_finished_labels_are_known_everywhere_in_a_part_or_nowhere():
    labels = np.zeros((5, 6), np.int32)
    assert not FinishedInstances(labels).known().any()
    part = np.zeros(labels.shape, bool)
    part[:2] = True
    assert np.array_equal(FinishedInstances(labels, part).known(), part)
    labels[2, 2] = 1
    assert FinishedInstances(labels).known().all()


def test_labels_are_right_where_that_is_known_and_0_elsewhere():
    labels = np.full((5, 6), 7, np.uint8)
    part = np.zeros(labels.shape, bool)
    part[:2] = True
    assert np.array_equal(Instances(labels, part).right(), np.where(part, 7, 0))
    assert not Instances(labels).right().any()
    assert Instances(labels, part).right().dtype == labels.dtype


def test_annotations_say_the_same_if_they_are_of_one_kind_and_alike():
    labels = np.eye(4, 5, dtype=np.int32)
    assert same_annotation(Instances(labels), Instances(labels.copy()))
    assert not same_annotation(Instances(labels), Instances(2 * labels))
    assert not same_annotation(Instances(labels), FinishedInstances(labels))
    assert not same_annotation(Boxes(np.zeros((0, 4)), (4, 5)), FinishedInstances(labels))
    assert not same_annotation(None, Instances(labels))
    assert same_annotation(None, None)


def test_planes_that_changed_are_those_of_which_something_else_is_said():
    drawn, more = Scribbles(MARKS), Scribbles(2 * MARKS)
    before = [plane(annotation=drawn, name="a"), plane(annotation=drawn, name="b"), plane(name="c")]
    now = Task((plane(annotation=Scribbles(MARKS.copy())), plane(annotation=more), plane(annotation=drawn)))
    assert list(now.changed_since(before)) == [(1, now.planes[1]), (2, now.planes[2])]
