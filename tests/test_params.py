import dataclasses
import math
import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_labelfix.errors import InputError, ParamError
from napari_labelfix.params import Params, folder_said, param, param_fields

Colour = Literal["red", "green"]


@dataclass(frozen=True, kw_only=True)
class PotParams(Params):
    """A made-up method's parameters, one of each type."""

    threshold: float = param(0.8, label="Threshold", minimum=0.5, maximum=1.0, step=0.05, help="How sure.")
    epochs: int = param(300, label="Epochs", minimum=1, help="How long.")
    depth: int = param(0, label="Depth", maximum=10, advanced=True, help="How deep.")
    offset: float = param(0.0, label="Offset", help="Anything.")
    mirror: bool = param(False, label="Mirror", help="Turned round.")
    colour: Colour = param("red", label="Colour", help="One of two.")
    encoder: str = param("small", label="Encoder", help="A name.")


FIELDS = {field.name: field for field in param_fields(PotParams)}


def test_a_methods_own_parameters_come_before_those_that_all_share():
    assert list(FIELDS) == [
        "threshold",
        "epochs",
        "depth",
        "offset",
        "mirror",
        "colour",
        "encoder",
        "seed",
        "device",
        "start_from",
    ]


def test_a_field_tells_all_that_a_form_needs():
    threshold, colour, depth = FIELDS["threshold"], FIELDS["colour"], FIELDS["depth"]
    assert (threshold.kind, threshold.default, threshold.choices) == (float, 0.8, ())
    spec = threshold.spec
    assert (spec.label, spec.help, spec.minimum, spec.maximum, spec.step) == ("Threshold", "How sure.", 0.5, 1.0, 0.05)
    assert (colour.kind, colour.choices) == (str, ("red", "green"))
    assert depth.spec.advanced
    assert not threshold.spec.advanced


def test_defaults_are_valid():
    params = PotParams()
    assert params.to_dict() == {name: field.default for name, field in FIELDS.items()}


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("threshold", "0.9", 0.9),
        ("threshold", 1, 1.0),
        ("epochs", "12", 12),
        ("epochs", 12.0, 12),
        ("epochs", np.int64(12), 12),
        ("offset", "-1e3", -1000.0),
        ("mirror", "yes", True),
        ("mirror", "OFF", False),
        ("mirror", True, True),
        ("colour", "green", "green"),
        ("encoder", "resnet34", "resnet34"),
        ("seed", "7", 7),
    ],
)
def test_values_are_read_as_the_parameters_type(name, text, value):
    converted = getattr(PotParams.from_dict({name: text}), name)
    assert converted == value
    assert type(converted) is type(value)


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("threshold", 0.4, "Expected threshold to be between 0.5 and 1.0, but got 0.4."),
        ("threshold", "1.01", "Expected threshold to be between 0.5 and 1.0, but got 1.01."),
        ("threshold", float("nan"), "Expected threshold to be a number, but got nan."),
        ("threshold", "half", "Expected threshold to be a number, but got 'half'."),
        ("threshold", True, "Expected threshold to be a number, but got True."),
        ("threshold", None, "Expected threshold to be a number, but got None."),
        ("threshold", [0.8], "Expected threshold to be a number, but got [0.8]."),
        ("epochs", 0, "Expected epochs to be at least 1, but got 0."),
        ("epochs", 3.5, "Expected epochs to be a whole number, but got 3.5."),
        ("epochs", "3.5", "Expected epochs to be a whole number, but got '3.5'."),
        ("epochs", math.inf, "Expected epochs to be a whole number, but got inf."),
        ("depth", 11, "Expected depth to be at most 10, but got 11."),
        ("mirror", 2, "Expected mirror to be yes or no, but got 2."),
        ("mirror", "perhaps", "Expected mirror to be yes or no, but got 'perhaps'."),
        ("colour", "blue", "Expected colour to be one of red, green, but got 'blue'."),
        ("encoder", 34, "Expected encoder to be text, but got 34."),
        ("device", "tpu", "Expected device to be one of auto, cpu, cuda, mps, but got 'tpu'."),
        ("seed", -1, "Expected seed to be between 0 and 2147483647, but got -1."),
    ],
)
def test_a_value_that_does_not_fit_is_refused_with_a_sentence(name, value, sentence):
    for make in (lambda: PotParams(**{name: value}), lambda: PotParams().replace(**{name: value})):
        with pytest.raises(ParamError) as raised:
            make()
        assert str(raised.value) == sentence


def test_an_unknown_name_is_refused_and_the_known_ones_are_told():
    with pytest.raises(
        ParamError,
        match=r"Unknown parameter 'treshold'\. Did you mean threshold\? Choose from colour, depth, .*, threshold",
    ):
        PotParams.from_dict({"treshold": 0.9, "epochs": 3})


def test_a_param_error_is_an_input_error():
    assert issubclass(ParamError, InputError)


def test_parameters_cannot_be_changed_but_replaced():
    params = PotParams(epochs=5)
    with pytest.raises(dataclasses.FrozenInstanceError):
        params.epochs = 6
    assert params.replace(mirror=True) == PotParams(epochs=5, mirror=True)
    assert params == PotParams(epochs=5)


valid = st.fixed_dictionaries(
    {},
    optional={
        "threshold": st.floats(0.5, 1.0),
        "epochs": st.integers(1, 10**12),
        "depth": st.integers(-(10**6), 10),
        "offset": st.floats(allow_nan=False),
        "mirror": st.booleans(),
        "colour": st.sampled_from(["red", "green"]),
        "encoder": st.text(),
        "seed": st.integers(0, 2**31 - 1),
    },
)


@given(valid)
def test_parameters_come_back_from_a_dict_from_text_and_from_pickle(values):
    params = PotParams(**values)
    assert PotParams.from_dict(params.to_dict()) == params
    assert PotParams.from_dict({name: str(value) for name, value in params.to_dict().items()}) == params
    assert pickle.loads(pickle.dumps(params)) == params
    assert hash(params) == hash(params.replace())


def test_a_folder_that_was_typed_may_begin_with_the_home_of_somebody_or_of_nobody():
    assert folder_said("~/models") == Path.home() / "models"
    assert folder_said("~nobody-of-this-name/models") == Path("~nobody-of-this-name/models")
