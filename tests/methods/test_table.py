import ast
import dataclasses
import json
import pickle
from importlib.util import find_spec
from pathlib import Path
from typing import get_args

import pytest

from napari_labelfix.annotations import Annotation
from napari_labelfix.errors import InputError
from napari_labelfix.methods.table import METHODS, Method, find_method
from napari_labelfix.params import Params, param_fields

ROWS = pytest.mark.parametrize("method", METHODS.values(), ids=METHODS.keys())


def test_a_method_is_found_by_its_name():
    assert find_method("scribble2label").title == "Scribble2Label"


def test_an_unknown_method_is_refused_and_the_known_ones_are_told():
    with pytest.raises(
        InputError,
        match=r"There is no method 'scribble3label'. Did you mean scribble2label\? Choose from scribble2label",
    ):
        find_method("scribble3label")


@ROWS
def test_every_row_is_complete(method):
    assert METHODS[method.name] is method
    assert method.name.isidentifier()
    assert issubclass(method.params, Params)
    assert method.annotation in get_args(Annotation)
    for text in (method.title, method.summary, method.paper):
        assert text.strip() == text != ""
    assert method.summary.endswith(".")


@ROWS
def test_every_rows_code_has_train_and_predict(method):
    tree = ast.parse(Path(find_spec(method.code).origin).read_text(encoding="utf-8"))
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert [argument.arg for argument in functions["train"].args.args] == ["task", "params"]
    assert [argument.arg for argument in functions["predict"].args.args] == ["model", "image", "device"]


@ROWS
def test_every_parameter_is_described_for_people(method):
    for field in param_fields(method.params):
        assert field.spec.label
        assert field.spec.label[0].isupper()
        assert field.spec.help.endswith((".", ")"))
        assert len(field.spec.help) < 200
    assert len({field.spec.label for field in param_fields(method.params)}) == len(param_fields(method.params))


@ROWS
def test_three_or_four_parameters_are_visible_and_the_rest_is_folded(method):
    assert 3 <= sum(not field.spec.advanced for field in param_fields(method.params)) <= 4


@ROWS
def test_every_default_is_in_range_and_survives_json_and_pickle(method):
    params = method.params()
    assert method.params.from_dict(json.loads(json.dumps(params.to_dict()))) == params
    assert pickle.loads(pickle.dumps(params)) == params
    for field in param_fields(method.params):
        assert field.convert(field.default) == field.default


def test_loading_a_method_imports_the_module_it_names():
    method = dataclasses.replace(find_method("scribble2label"), code="json")
    assert isinstance(method, Method)
    assert method.load() is json
