"""`python -m napari_labelfix` is the command line."""

from napari_labelfix.cli import main

if __name__ == "__main__":
    main()
