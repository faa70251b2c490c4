import pytest

from napari_labelfix.errors import ModelError
from napari_labelfix.networks import shipped
from napari_labelfix.networks.shipped import FOLDER, shipped_weights


@pytest.mark.parametrize("name", ["microscopy", "guided"])
def test_the_package_comes_with_weights_of_a_few_megabytes(name):
    assert 1_000_000 < len(shipped_weights(name)) < 6_000_000


def test_others_can_take_their_place(monkeypatch, tmp_path):
    (tmp_path / "microscopy.safetensors").write_bytes(b"mine")
    monkeypatch.setenv(FOLDER, str(tmp_path))
    assert shipped_weights("microscopy") == b"mine"
    with pytest.raises(ModelError, match=rf"guided.safetensors.*unset the variable {FOLDER}"):
        shipped_weights("guided")


def test_a_package_without_weights_says_to_install_it_again(monkeypatch, tmp_path):
    monkeypatch.delenv(FOLDER, raising=False)
    monkeypatch.setattr(shipped, "files", lambda _: tmp_path)
    with pytest.raises(ModelError, match="Install the package again"):
        shipped_weights("microscopy")
