import json

import pytest

from napari_labelfix.errors import ModelError
from napari_labelfix.methods.checkpoint import FORMAT, TrainedModel, installed_versions
from napari_labelfix.methods.prediction import params_of
from napari_labelfix.methods.table import METHODS


@pytest.fixture
def model():
    return TrainedModel(
        "scribble2label", {"threshold": 0.8, "seed": 3}, {"encoder": "small", "classes": 2}, b"\x00weights"
    )


@pytest.fixture
def folder(model, tmp_path):
    return model.save(tmp_path / "made" / "on the way")


def change(folder, **changes):
    path = folder / "model.json"
    description = json.loads(path.read_text(encoding="utf-8")) | changes
    path.write_text(json.dumps({key: value for key, value in description.items() if value is not None}))


def test_a_model_comes_back_as_it_was_saved(model, folder):
    loaded = TrainedModel.load(folder)
    for name in ("method", "params", "network", "weights", "versions"):
        assert getattr(loaded, name) == getattr(model, name)


def test_a_model_is_two_files_that_others_can_read(folder):
    assert sorted(path.name for path in folder.iterdir()) == ["model.json", "model.safetensors"]
    assert (folder / "model.safetensors").read_bytes() == b"\x00weights"
    description = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    assert description["format"] == FORMAT
    assert description["params"] == {"threshold": 0.8, "seed": 3}


def test_the_versions_of_what_trained_it_are_kept(folder):
    versions = TrainedModel.load(folder).versions
    assert versions == installed_versions()
    assert {"napari-labelfix", "torch", "numpy"} <= versions.keys()
    assert all(version[0].isdigit() for version in versions.values())


@pytest.mark.parametrize("missing", ["model.json", "model.safetensors"])
def test_a_folder_that_lacks_a_file_is_no_model(folder, missing):
    (folder / missing).unlink()
    with pytest.raises(ModelError, match=f"is not a saved model: {missing} is missing"):
        TrainedModel.load(folder)


@pytest.mark.parametrize("content", [b"{", b"", b"\xff\xfe\xfa", b'{"format": 1'])
def test_a_damaged_description_is_refused(folder, content):
    (folder / "model.json").write_bytes(content)
    with pytest.raises(ModelError, match=r"cannot be read .* Train it again"):
        TrainedModel.load(folder)


def test_a_file_in_place_of_the_folder_is_refused(folder):
    (folder / "other.json").write_text("{}")
    with pytest.raises(ModelError, match=r"other\.json is not a saved model: it is a file"):
        TrainedModel.load(folder / "other.json")


@pytest.mark.parametrize("content", ["[]", "3", "{}", '"text"', "null"])
def test_json_that_is_something_else_is_refused(folder, content):
    (folder / "model.json").write_text(content)
    with pytest.raises(ModelError, match="does not describe a model"):
        TrainedModel.load(folder)


@pytest.mark.parametrize(
    "changes",
    [
        {"format": None},
        {"format": "1"},
        {"method": None},
        {"method": 3},
        {"params": []},
        {"network": "unet"},
        {"versions": None},
    ],
)
def test_a_description_with_something_missing_or_of_another_type_is_refused(folder, changes):
    change(folder, **changes)
    with pytest.raises(ModelError, match="does not describe a model"):
        TrainedModel.load(folder)


def test_a_model_of_a_newer_version_asks_for_an_update_whatever_else_it_holds(folder):
    change(folder, format=FORMAT + 1, network=None)
    with pytest.raises(ModelError, match=r"needs a newer napari-labelfix\. Update the package"):
        TrainedModel.load(folder)


def test_saving_again_replaces_the_model(model, folder):
    TrainedModel("other", {}, {}, b"new").save(folder)
    assert TrainedModel.load(folder).method == "other"
    assert TrainedModel.load(folder).weights == b"new"


def test_parameters_of_other_versions_are_left_out_and_values_that_do_not_fit_are_told():
    kind = METHODS["scribble2label"].params
    newer = TrainedModel("scribble2label", {**kind(epochs=7).to_dict(), "new_option": 3}, {}, b"")
    assert params_of(newer, kind) == kind(epochs=7)
    odd = TrainedModel("scribble2label", {"threshold": 7}, {}, b"", {"napari-labelfix": "9.1"})
    with pytest.raises(ModelError, match=r"by napari-labelfix 9\.1, whose parameters this version does not take"):
        params_of(odd, kind)
