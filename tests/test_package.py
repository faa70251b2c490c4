from importlib.metadata import version

import pytest

import napari_labelfix


def test_the_version_is_the_installed_one():
    assert napari_labelfix.__version__ == version("napari-labelfix")


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'versoin'"):
        napari_labelfix.versoin  # noqa: B018
