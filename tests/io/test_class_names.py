"""What classes of objects are called."""

import pytest

from napari_labelfix.errors import InputError
from napari_labelfix.io.class_names import (
    checked_name,
    list_names,
    names_given,
    names_in_common,
    names_said_by,
    number_names,
)


def test_a_class_without_a_name_is_called_by_its_number_and_the_only_one_object():
    assert list_names(1, {}) == list_names(1, {1: ""}) == ("object",)
    assert list_names(1, {1: "nucleus"}) == ("nucleus",)
    assert list_names(3, {2: "mitosis"}) == ("class 1", "mitosis", "class 3")
    assert list_names(1, {1: "nucleus", 3: "debris", 4: ""}) == ("nucleus", "class 2", "debris"), "none has another id"


def test_a_file_of_several_images_has_one_name_for_a_class():
    assert names_in_common([("object",), ("nucleus", "class 2"), ("class 1", "class 2", "debris")]) == (
        "nucleus", "class 2", "debris",
    )  # fmt: skip
    assert names_in_common([("object",), ("object",)]) == ("object",)
    with pytest.raises(InputError, match="Class 2 is “debris” in one image, and “mitosis” in another"):
        names_in_common([("nucleus", "mitosis"), ("nucleus", "debris")])
    with pytest.raises(InputError, match="“nucleus” is the name of two classes, each in another image"):
        names_in_common([("nucleus", "class 2"), ("class 1", "nucleus")])


def test_a_class_that_a_person_calls_object_keeps_that_name_beside_others():
    assert names_in_common([("object", "debris"), ("class 1", "debris")]) == ("object", "debris")
    assert names_in_common([("debris", "object"), ("object",)]) == ("debris", "object")


def test_a_name_is_one_line_that_nothing_else_is_called():
    assert checked_name("  mitotic\n cell\x00 ", 2, ["Background", "nucleus"]) == "mitotic cell"
    assert checked_name("Class 2", 2, []) == "Class 2"
    for joined in ("\N{WOMAN}\u200d\N{MICROSCOPE}", "\u0645\u06cc\u200c\u0634\u0648\u062f"):
        assert checked_name(f"\u200d{joined}\u200e", 2, []) == joined, "an emoji of two parts, and a word of Persian"
    for taken in ("NUCLEUS", "background ", "class 3"):
        with pytest.raises(InputError, match=r"Something else is called “.*” already"):
            checked_name(taken, 2, ["Background", "nucleus"])
    with pytest.raises(InputError, match="Expected a name for the class, but got none"):
        checked_name(" \n\u200d", 2, [])


@pytest.mark.parametrize("told", [None, 7, [1], {}, {"0": "a", 256: "b", "x": "c", 2: 3, "2.0": "d", "²": "e"}])
def test_what_is_no_name_of_a_class_is_left_out(told):
    assert names_said_by(told) == {}


def test_names_come_back_from_text_and_in_order():
    assert names_said_by({"3": "debris", 1: "nucleus\nmitosis", "2": ""}) == {1: "nucleus mitosis", 2: "", 3: "debris"}


def test_a_list_of_a_file_gives_the_names_that_were_given():
    for highest, names in [(1, {}), (1, {1: "nucleus"}), (3, {1: "", 2: "mitosis", 3: ""}), (2, {1: "object", 2: ""})]:
        assert names_given(dict(enumerate(list_names(highest, names), start=1))) == names
    assert names_given({1: "cell", 2: "cell", 3: "debris\n"}) == {1: "cell", 2: "", 3: "debris"}, "one name is of one"


def test_names_without_numbers_get_those_that_are_left():
    assert number_names(["tumour", "class 1", "", "tumour"]) == {"tumour": 2, "class 1": 1, "": 3}
