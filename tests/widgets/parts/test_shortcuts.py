"""The keys: one table, free in napari, bound to the dock that is seen."""

import pytest
from app_model.types import KeyBinding
from napari import layers as napari_layers
from napari.components import ViewerModel
from napari.utils.shortcuts import default_shortcuts

from napari_labelfix.widgets.parts.shortcuts import SHORTCUTS, KeyBindings, keys_without_a_button, tooltip, with_key

FREE = set("GHJKNQUW,.")
LAYER_TYPES = [
    napari_layers.Image,
    napari_layers.Labels,
    napari_layers.Points,
    napari_layers.Shapes,
    napari_layers.Surface,
    napari_layers.Tracks,
    napari_layers.Vectors,
]


def keys_of_napari():
    taken = {str(binding) for bindings in default_shortcuts.values() for binding in bindings}
    for provider in (ViewerModel, *LAYER_TYPES):
        for cls in provider.__mro__:
            taken |= {str(binding) for binding in getattr(cls, "class_keymap", {})}
    return taken


@pytest.mark.parametrize("spec", SHORTCUTS.values(), ids=SHORTCUTS)
def test_no_key_is_one_that_napari_uses(spec):
    assert str(KeyBinding.from_str(spec.key)) not in keys_of_napari()
    assert spec.key in FREE


def test_the_check_above_would_notice_a_clash():
    assert {"P", "V", "Ctrl+Z"} <= keys_of_napari()


def test_no_two_actions_of_a_dock_share_a_key():
    assert len({(spec.dock, spec.key) for spec in SHORTCUTS.values()}) == len(SHORTCUTS)


def test_a_key_that_two_docks_have_for_objects_means_the_same_in_both():
    of_method, of_review = (
        {spec.key: action.split("_")[0] for action, spec in SHORTCUTS.items() if spec.dock == dock}
        for dock in ("method", "review")
    )
    for key in "KNJ":
        assert of_method[key] == of_review[key]


def test_texts_and_tooltips_come_from_the_table():
    assert with_key("Run", "run_or_stop") == f"Run [{SHORTCUTS['run_or_stop'].key}]"
    for action, spec in SHORTCUTS.items():
        assert tooltip(action) == f"{spec.help} Key: {spec.key}"


def test_keys_that_no_button_shows_are_told_in_a_line():
    of_method, of_review = (
        [action for action, spec in SHORTCUTS.items() if spec.dock == dock] for dock in ("method", "review")
    )
    assert keys_without_a_button(of_method) == "Keys: Q draw, W brush, H hide"
    assert keys_without_a_button(of_review) == "Keys: U merge, Q cut, H blink, J accept many"
    assert keys_without_a_button(["run_or_stop", "draw", "toggle_proposal"]) == "Keys: Q draw, H hide"


def press(model, key):
    if (perform := model.keymap.get(KeyBinding.from_str(key))) is not None:
        perform(model)


def test_a_bound_key_performs_its_action_until_it_is_released():
    model, pressed = ViewerModel(), []
    keys = KeyBindings(model, {"accept_object": lambda: pressed.append("K")})
    keys.take()
    press(model, "K")
    keys.release()
    press(model, "K")
    assert pressed == ["K"]


@pytest.fixture
def two():
    """A viewer, two docks that both want K, what was performed, and what they were told."""
    model, pressed, told = ViewerModel(), [], []
    first, second = (
        KeyBindings(
            model,
            {"accept_object": lambda name=name: pressed.append(name)},
            lambda here, name=name: told.append((name, here)),
        )
        for name in ("first", "second")
    )
    first.take()
    second.take()
    return model, first, second, pressed, told


def test_the_dock_that_took_the_keys_last_has_them_and_closing_the_other_does_not_take_them(two):
    model, first, _, pressed, told = two
    press(model, "K")
    first.release()
    press(model, "K")
    assert pressed == ["second", "second"]
    assert told == [("first", True), ("first", False), ("second", True)]


def test_the_keys_go_back_to_the_dock_that_had_them_before(two):
    model, first, second, pressed, told = two
    second.release()
    press(model, "K")
    second.take()
    press(model, "K")
    first.take()
    press(model, "K")
    assert pressed == ["first", "second", "first"]
    assert told[-1] == ("first", True)
    first.release()
    second.release()
    assert not model.keymap


def test_a_dock_that_lost_the_keys_and_was_hidden_does_not_get_them_back(two):
    model, first, second, pressed, _ = two
    first.release()
    second.release()
    press(model, "K")
    assert pressed == []


def test_a_key_that_only_the_other_dock_has_does_nothing():
    model, pressed = ViewerModel(), []
    method = KeyBindings(model, {"run_or_stop": lambda: pressed.append("G")})
    review = KeyBindings(model, {"accept_selected": lambda: pressed.append("K")})
    method.take()
    review.take()
    press(model, "G")
    assert pressed == [], "all keys of a dock work, or none"


def test_two_viewers_do_not_take_each_other_s_keys():
    models, pressed = [ViewerModel(), ViewerModel()], []
    docks = [KeyBindings(one, {"accept_object": lambda: pressed.append("K")}) for one in models]
    for dock in docks:
        dock.take()
    press(models[0], "K")
    assert pressed == ["K"]


def test_napari_s_list_of_bindings_can_name_them():
    """napari looks up the name of every bound function at every key press."""
    model = ViewerModel()
    KeyBindings(model, {"accept_object": lambda: None}).take()
    assert [function.__name__ for function in model.keymap.values()] == ["accept_object"]
