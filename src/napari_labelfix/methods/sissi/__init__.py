"""SISSI: boxes that are partly missing and imprecise to a detector, and to boxes of all cells."""
