"""The upgrade network: low-quality labels become good ones."""
