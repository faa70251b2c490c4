"""What tests of a method dock look at."""

from app_model.types import KeyBinding

from napari_labelfix.methods.table import METHODS
from napari_labelfix.widgets.viewer import layers

METHOD = METHODS["scribble2label"]


def proposal_of(dock):
    return layers.find(dock._viewer, "proposal", dock.inputs.image, METHOD.name)


def corrected_of(dock):
    return layers.find(dock._viewer, "corrected", dock.inputs.image)


def key(viewer, name):
    viewer.keymap[KeyBinding.from_str(name)](viewer)
