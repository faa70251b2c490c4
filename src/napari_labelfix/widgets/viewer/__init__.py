"""napari's viewer and its layers: found, placed, looked at and changed. Nothing here knows of methods or docks."""
