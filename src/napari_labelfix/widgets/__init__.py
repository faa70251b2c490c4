"""The napari docks. Nothing here imports torch: runs live in another process."""
