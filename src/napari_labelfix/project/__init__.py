"""The project file: all that a person made, in one SQLite file. Nothing here needs napari, Qt or torch."""
