"""From the pixels of an object to polygons and back, exactly.

Corners of pixels are the vertices: pixel (row, column) covers row..row + 1 and column..column + 1. A polygon that runs
along the edges of pixels encloses the centres of just those pixels, so that whoever fills it by its pixels' centres
gets the object back as it was. ImageJ, QuPath and COCO count in the same way.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    Ring = NDArray[np.float64]  # (N, 2) row, column; not closed: the last vertex is not the first again


@dataclass(frozen=True, eq=False)
class Polygon:
    """One piece of an object: a ring around it, clockwise as seen, and rings around its holes, the other way."""

    outside: Ring
    holes: tuple[Ring, ...] = ()

    @property
    def rings(self) -> tuple[Ring, ...]:
        """All rings, the outer one first."""
        return self.outside, *self.holes


def outline(mask: NDArray[np.bool_], corner: tuple[int, int] = (0, 0)) -> list[Polygon]:
    """Return the polygons of an object, one per piece; no ring crosses or repeats itself.

    Parameters
    ----------
    mask
        (Y, X) the object's pixels.
    corner
        Row and column of the mask's first pixel in the image.

    Returns
    -------
    list[Polygon]
        Pixels that touch at a corner only belong to different pieces.
    """
    pieces, owners = cv2.connectedComponents(mask.astype(np.uint8), connectivity=4)
    outsides: dict[int, Ring] = {}
    holes: dict[int, list[Ring]] = {piece: [] for piece in range(1, pieces)}
    for found in _rings(mask):
        owner = int(owners[found.pixel])
        ring = found.vertices + np.array(corner, float)
        if found.clockwise:
            outsides[owner] = ring
        else:
            holes[owner].append(ring)
    return [Polygon(outsides[piece], tuple(holes[piece])) for piece in range(1, pieces)]


def paint(labels: NDArray[np.integer], rings: Sequence[NDArray[np.floating]], number: int) -> int:
    """Give a number to the pixels whose centres lie inside an odd number of rings; return how many these are.

    Parameters
    ----------
    labels
        (Y, X) is changed. What lies outside is left out.
    rings
        (N, 2) row, column each; they may cross, and may repeat their first vertex at the end.
    number
        The object.
    """
    vertices = np.concatenate(rings)
    low = np.clip(np.floor(vertices.min(axis=0)), 0, labels.shape).astype(int)
    high = np.clip(np.ceil(vertices.max(axis=0)), low, labels.shape).astype(int)
    window = labels[low[0] : high[0], low[1] : high[1]]
    inside = _fill([ring - low for ring in rings], window.shape)
    window[inside] = number
    return int(inside.sum())


def _fill(rings: Iterable[NDArray[np.floating]], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Along each row of pixels' centres, what lies behind an odd number of edges is inside."""
    height, width = shape
    crossings = np.zeros((height, width + 1), np.int32)
    for ring in rings:
        (rows, columns), (next_rows, next_columns) = ring.T, np.roll(ring, -1, axis=0).T
        first = np.clip(np.ceil(np.minimum(rows, next_rows) - 0.5), 0, height).astype(int)
        last = np.clip(np.ceil(np.maximum(rows, next_rows) - 0.5), 0, height).astype(int)
        edge = np.repeat(np.arange(len(ring)), last - first)
        row = np.arange(edge.size) - np.repeat(np.cumsum(last - first) - last, last - first)
        slope = (next_columns - columns)[edge] / (next_rows - rows)[edge]
        crossed_at = columns[edge] + (row + 0.5 - rows[edge]) * slope
        np.add.at(crossings, (row, np.clip(np.ceil(crossed_at - 0.5), 0, width).astype(int)), 1)
    return crossings.cumsum(axis=1)[:, :width] % 2 == 1


def drawn_in(polygon: Polygon, by: float) -> Polygon:
    """Return the polygon with all edges moved towards the object's inside by less than half a pixel.

    It still encloses the same centres, and its vertices lie inside the object's own pixels.
    """

    def move(ring: Ring) -> Ring:
        came, goes = ring - np.roll(ring, 1, axis=0), np.roll(ring, -1, axis=0) - ring
        # the object lies to the right of each step: down a row of a step to the right
        return ring + by * sum(np.sign(step[:, ::-1]) * (1, -1) for step in (came, goes))

    outside, *holes = map(move, polygon.rings)
    return Polygon(outside, tuple(holes))


def in_one_ring(polygons: Iterable[Polygon]) -> Ring:
    """Join all rings into one by lines that are walked there and back, for formats that know one ring per object."""
    path: list[NDArray[np.float64]] = []
    for ring in (ring for polygon in polygons for ring in polygon.rings):
        path += [ring, ring[:1]]
    # each further ring was entered from the end of the one before: walk back over these ends
    path += path[1:-1:2][::-1]
    return np.concatenate(path[:1] if len(path) == 2 else path)


class _Found(NamedTuple):
    """A ring between object and background, whether it runs clockwise as seen, and a pixel of the object beside it."""

    vertices: Ring
    clockwise: bool
    pixel: tuple[int, int]


def _rings(mask: NDArray[np.bool_]) -> Iterator[_Found]:
    """Yield the rings of an object; vertices where a ring does not turn are left out."""
    width = mask.shape[1] + 2
    steps = _steps(mask)
    pixels = steps.pixel.tolist()
    walks = _walks(steps.then.tolist(), steps.start.tolist(), steps.turns.tolist())
    rings = [(ring, divmod(pixels[first], width)) for walk, first in walks for ring in _without_loops(walk)]
    flat = np.fromiter(chain.from_iterable(ring for ring, _ in rings), np.intp)
    vertices = np.stack(np.divmod(flat, width), axis=1) - 1.0
    begin = 0
    for ring, (row, column) in rings:
        end = begin + len(ring)
        highest = ring.index(min(ring))  # and the leftmost of these: from there a ring goes right or down
        clockwise = ring[highest + 1 - len(ring)] - ring[highest] < width
        yield _Found(vertices[begin:end], clockwise, (row - 1, column - 1))
        begin = end


class _Steps(NamedTuple):
    """The steps along the outline of an object, which lies on their right.

    Pixels, and the vertices at their upper left, are counted along the rows of a plane with a margin of one pixel.

    Parameters
    ----------
    pixel
        (N,) of the object, beside each step.
    start
        (N,) the vertex where each step starts.
    turns
        (N,) whether it goes into another direction than the one before.
    then
        (N,) the step that follows each.
    """

    pixel: NDArray[np.intp]
    start: NDArray[np.intp]
    turns: NDArray[np.bool_]
    then: NDArray[np.intp]


def _steps(mask: NDArray[np.bool_]) -> _Steps:
    """Return the steps along the outline: those to the right, down, left and up, each in the order of the pixels."""
    height, width = mask.shape[0] + 2, mask.shape[1] + 2
    padded = np.zeros((height, width), bool)
    padded[1:-1, 1:-1] = mask
    outside = ~padded.ravel()
    inside = np.flatnonzero(padded)
    beside = [inside[outside[inside + offset]] for offset in (-width, 1, width, -1)]
    pixel = np.concatenate(beside)
    direction = np.repeat(np.arange(4), [len(pixels) for pixels in beside])
    corners = np.array([0, 1, width + 1, width])
    turned = (direction + 1) % 4
    start, end = pixel + corners[direction], pixel + corners[turned]
    leaves = np.full((4, height * width), -1, np.int32)  # by direction, the step that leaves a vertex
    leaves[direction, start] = np.arange(pixel.size)
    # where two pixels touch at a corner only, turn right: the walk stays with its pixel, and its piece
    ways = leaves[:, end]
    then = np.where((ways >= 0).sum(axis=0) == 1, ways.max(axis=0), ways[turned, np.arange(pixel.size)])
    turns = np.empty(pixel.size, bool)
    turns[then] = direction[then] != direction
    return _Steps(pixel, start, turns, then)


def _walks(then: Sequence[int], start: Sequence[int], turns: Sequence[bool]) -> Iterator[tuple[list[int], int]]:
    """Yield the vertices at which each closed walk turns, and its first step, the first that no walk before it has."""
    walked = bytearray(len(then))
    first = walked.find(0)
    while first >= 0:
        step, walk = first, []
        while not walked[step]:
            walked[step] = 1
            if turns[step]:
                walk.append(start[step])
            step = then[step]
        yield walk, first
        first = walked.find(0, first)


def _without_loops(walk: list[int]) -> Iterator[list[int]]:
    """Part a closed walk into rings that visit each vertex once: a ring around a piece, and holes that touch it."""
    if len(set(walk)) == len(walk):
        yield walk
        return
    path: list[int] = []
    place: dict[int, int] = {}
    for vertex in walk:
        if vertex in place:
            ring = path[place[vertex] :]
            del path[place[vertex] :]  # and no copy of what is left: a long walk may meet itself often
            for visited in ring:
                del place[visited]
            yield ring
        place[vertex] = len(path)
        path.append(vertex)
    yield path
