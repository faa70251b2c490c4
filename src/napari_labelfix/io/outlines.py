"""From the pixels of an object to polygons and back, exactly.

Corners of pixels are the vertices: pixel (row, column) covers row..row + 1 and column..column + 1. A polygon that runs
along the edges of pixels encloses the centres of just those pixels, so that whoever fills it by its pixels' centres
gets the object back as it was. ImageJ, QuPath and COCO count in the same way.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    Ring = NDArray[np.float64]  # (N, 2) row, column; not closed: the last vertex is not the first again
    Vertex = tuple[int, int]

# A pixel's four edges, walked with the pixel on the right: its neighbour there, and where the edge starts and ends.
_EDGES = (
    ((-1, 0), (0, 0), (0, 1)),
    ((0, 1), (0, 1), (1, 1)),
    ((1, 0), (1, 1), (1, 0)),
    ((0, -1), (1, 0), (0, 0)),
)


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
    for ring, pixel in _rings(mask):
        owner = int(owners[pixel])
        vertices = _without_straight_vertices(ring) + np.array(corner, float)
        if _turns_clockwise(vertices):
            outsides[owner] = vertices
        else:
            holes[owner].append(vertices)
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


def _rings(mask: NDArray[np.bool_]) -> Iterator[tuple[NDArray[np.int64], tuple[int, int]]]:
    """Yield rings along the edges between object and background, and a pixel of the object beside each."""
    pixel_beside = _steps(mask)
    leads_to: dict[Vertex, list[Vertex]] = {}
    for here, there in pixel_beside:
        leads_to.setdefault(here, []).append(there)
    waiting = dict.fromkeys(pixel_beside)
    while waiting:
        step = first = next(iter(waiting))
        walk = []
        while True:
            del waiting[step]
            walk.append(step[0])
            step = _next_step(step, leads_to)
            if step == first:
                break
        yield from ((np.array(ring), pixel_beside[first]) for ring in _split_where_it_meets_itself(walk))


def _steps(mask: NDArray[np.bool_]) -> dict[tuple[Vertex, Vertex], tuple[int, int]]:
    """Return the steps along the outline, each with the pixel of the object on its right."""
    padded = np.pad(mask, 1)
    height, width = mask.shape
    steps: dict[tuple[Vertex, Vertex], tuple[int, int]] = {}
    for (down, right), start, end in _EDGES:
        neighbour = padded[1 + down : 1 + down + height, 1 + right : 1 + right + width]
        rows, columns = np.nonzero(mask & ~neighbour)
        for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
            steps[(row + start[0], column + start[1]), (row + end[0], column + end[1])] = row, column
    return steps


def _next_step(step: tuple[Vertex, Vertex], leads_to: dict[Vertex, list[Vertex]]) -> tuple[Vertex, Vertex]:
    """Go on; where two pixels touch at a corner only, turn right: the walk stays with its pixel, and its piece."""
    (row, column), here = step
    ways = leads_to[here]
    if len(ways) == 1:
        return here, ways[0]
    return here, (here[0] + here[1] - column, here[1] - here[0] + row)


def _split_where_it_meets_itself(walk: Sequence[Vertex]) -> Iterator[list[Vertex]]:
    """Part a closed walk into rings that visit each vertex once: a ring around a piece, and holes that touch it."""
    path: list[Vertex] = []
    place: dict[Vertex, int] = {}
    for vertex in walk:
        if vertex in place:
            ring, path = path[place[vertex] :], path[: place[vertex]]
            for visited in ring:
                del place[visited]
            yield ring
        place[vertex] = len(path)
        path.append(vertex)
    yield path


def _without_straight_vertices(ring: NDArray[np.int64]) -> Ring:
    before, after = ring - np.roll(ring, 1, axis=0), np.roll(ring, -1, axis=0) - ring
    return ring[(before != after).any(axis=1)].astype(float)


def _turns_clockwise(ring: Ring) -> bool:
    """Whether a ring runs clockwise as seen on a screen, where rows go down (the shoelace formula)."""
    rows, columns = ring.T
    return bool((columns * np.roll(rows, -1) - np.roll(columns, -1) * rows).sum() > 0)
