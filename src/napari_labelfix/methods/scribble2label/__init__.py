"""Scribble2Label: masks from scribbles (Lee & Jeong, MICCAI 2020)."""
