"""Edits of objects: merge, join, split, grow, shrink, smooth, fill, redraw, renumber, delete. Pure functions of labels.

Every function takes labels (Y, X) or (..., Y, X) and gives an `Outcome`: the pixels that change, and which objects came
from which. Nothing is written. What neighbours on an axis is neighbour in the object: in an array of several planes the
objects are bodies, and a plane by itself is given as `labels[index]`, whose outcome `Outcome.in_plane` puts back.
"""

from __future__ import annotations

from napari_labelfix.review.boxes import find_boxes
from napari_labelfix.review.edits.draft import Outcome
from napari_labelfix.review.edits.join_planes import LEAST_OVERLAP, join_planes
from napari_labelfix.review.edits.merge import ids_along, merge
from napari_labelfix.review.edits.pieces import delete, keep_largest, separate
from napari_labelfix.review.edits.redraw import redraw
from napari_labelfix.review.edits.renumber import renumber, unusable_ids
from napari_labelfix.review.edits.shape import fill_holes, grow, shrink, smooth
from napari_labelfix.review.edits.split import split_by_line, split_by_seeds

__all__ = [
    "LEAST_OVERLAP",
    "Outcome",
    "delete",
    "fill_holes",
    "find_boxes",
    "grow",
    "ids_along",
    "join_planes",
    "keep_largest",
    "merge",
    "redraw",
    "renumber",
    "separate",
    "shrink",
    "smooth",
    "split_by_line",
    "split_by_seeds",
    "unusable_ids",
]
