"""Interactive correction of imperfect labels in microscopy.

Importing the package loads nothing: napari imports it at start-up to read the manifest.
"""


def __getattr__(name: str) -> str:
    if name == "__version__":
        from importlib.metadata import version

        return version("napari-labelfix")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
