"""From the pixels of an object to polygons and back, exactly.

Corners of pixels are the vertices: pixel (row, column) covers row..row + 1 and column..column + 1. A polygon that runs
along the edges of pixels encloses the centres of just those pixels, so that whoever fills it by its pixels' centres
gets the object back as it was. ImageJ, QuPath and COCO count in the same way.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

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


def outline(mask: NDArray[np.bool_]) -> list[Polygon]:
    """Return the polygons of one object, given its pixels (Y, X); see `outlines_of`."""
    return next((polygons for _, polygons in outlines_of(mask)), [])


def outlines_of(labels: NDArray[np.generic]) -> Iterator[tuple[int, list[Polygon]]]:
    """Yield the polygons of each object of a plane (Y, X), one per piece, by ascending id; 0 is background.

    Pixels that touch at a corner only belong to different pieces, and no ring crosses or repeats itself. All outlines
    are walked along together, so that it takes no longer where objects are many, or spread over all of the plane.
    """
    from skimage.measure import label  # docks open without it

    pieces = label(labels, background=0, connectivity=1)
    outsides: dict[int, Ring] = {}
    holes: defaultdict[int, list[Ring]] = defaultdict(list)
    pieces_of: defaultdict[int, set[int]] = defaultdict(set)
    for found in _rings(labels):
        piece = int(pieces[found.pixel])
        pieces_of[int(labels[found.pixel])].add(piece)
        if found.clockwise:
            outsides[piece] = found.vertices
        else:
            holes[piece].append(found.vertices)
    for number, own in sorted(pieces_of.items()):
        yield number, [Polygon(outsides[piece], tuple(holes[piece])) for piece in sorted(own)]


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


def _rings(labels: NDArray[np.generic]) -> Iterator[_Found]:
    """Yield the rings of all objects; vertices where a ring does not turn are left out."""
    width = labels.shape[1] + 2
    sides = _sides(np.pad(labels, 1))
    pixels = sides.pixel.tolist()
    walks = _walks(sides.then.tolist(), sides.start.tolist())
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


class _Sides(NamedTuple):
    """The straight sides of the outlines of all objects, each of which lies on the right of its own.

    Pixels, and the vertices at their upper left, are counted along the rows of a plane with a margin of one pixel.

    Parameters
    ----------
    pixel
        (N,) of the object, beside the beginning of each side.
    start
        (N,) the vertex where each side starts.
    then
        (N,) the side that follows each.
    """

    pixel: NDArray[np.intp]
    start: NDArray[np.intp]
    then: NDArray[np.intp]


def _sides(padded: NDArray[np.generic]) -> _Sides:
    """Return the sides of a plane with its margin: those to the right, down, left and up, the first by their pixels."""
    height, width = padded.shape
    ahead, corners = (1, width, -1, -width), (0, 1, width + 1, width)
    first, last = zip(*(_ends(padded, direction) for direction in range(4)), strict=True)
    offsets = np.cumsum([0, *map(len, first)])
    then = np.zeros(offsets[-1], np.intp)
    flat, place = padded.ravel(), np.zeros(height * width, np.int32)
    turns_right = [flat[end + ahead[direction]] != flat[end] for direction, end in enumerate(last)]
    for direction, start in enumerate(first):
        place[start] = np.arange(offsets[direction], offsets[direction + 1])
        # where two pixels touch at a corner only, turn right: the walk stays with its pixel, and its piece
        came = (direction - 1) % 4
        then[offsets[came] + np.flatnonzero(turns_right[came])] = place[last[came][turns_right[came]]]
        came = (direction + 1) % 4
        beyond = last[came][~turns_right[came]] + ahead[came] + ahead[direction]
        then[offsets[came] + np.flatnonzero(~turns_right[came])] = place[beyond]
    starts = [start + corners[direction] for direction, start in enumerate(first)]
    return _Sides(np.concatenate(first), np.concatenate(starts), then)


def _ends(padded: NDArray[np.generic], direction: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return (N,) the first and the last pixel beside each side in a direction: 0 right, 1 down, 2 left, 3 up."""
    turned = np.rot90(padded, direction)  # to the right is now where the side goes
    inner, above = turned[1:-1, 1:-1], turned[:-2, 1:-1]
    edge = np.zeros(turned.shape, bool)
    edge[1:-1, 1:-1] = (inner != 0) & (inner != above)
    goes_on = edge[:, :-1] & edge[:, 1:] & (turned[:, :-1] == turned[:, 1:])
    first, last = edge.copy(), edge
    first[:, 1:] &= ~goes_on
    last[:, :-1] &= ~goes_on
    pixels = np.rot90(np.arange(padded.size, dtype=np.int32).reshape(padded.shape), direction)
    return pixels[first], pixels[last]


def _walks(then: Sequence[int], start: Sequence[int]) -> Iterator[tuple[list[int], int]]:
    """Yield the vertices of each closed walk, and its first side, the first that no walk before it has."""
    walked = bytearray(len(then))
    first = walked.find(0)
    while first >= 0:
        side, walk = first, []
        while not walked[side]:
            walked[side] = 1
            walk.append(start[side])
            side = then[side]
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
