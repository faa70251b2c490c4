"""Synthetic images with exact labels, as napari layer tuples; imports no napari."""
