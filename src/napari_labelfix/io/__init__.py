"""Images and annotations from files, results to files. No Qt, no napari, no torch."""
