"""A run of P-classification: what its planes hold, what is found in them, and what there is to learn from them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_labelfix.data.patches import plane_on
from napari_labelfix.methods.p_classification.candidates import CANDIDATE, find_peaks, summits
from napari_labelfix.methods.p_classification.given import NOWHERE, points_to_learn_from, without_offenders
from napari_labelfix.methods.p_classification.masks import asked_for_masks
from napari_labelfix.methods.p_classification.pages import Page
from napari_labelfix.metrics.detection import DetectionCounts, count_detections
from napari_labelfix.networks.device import choose_device
from napari_labelfix.snapshots import Detections, PointRole

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from napari_labelfix.annotations import Task
    from napari_labelfix.methods.p_classification.detector import Detector, Lesson
    from napari_labelfix.methods.p_classification.params import PClassificationParams

_UNHEEDED = 0.5  # share of the places marked as no cell that are found all the same
LOWEST_LEVEL = 0.1  # of the heatmap at marked cells; what is lower is no cell that the detector knows


class Session:
    """Everything about the planes of one run.

    Parameters
    ----------
    task
        Planes with `Points`, and planes without.
    params
        The run's parameters.

    Raises
    ------
    InputError
        If the task cannot be learned from.
    """

    def __init__(self, task: Task, params: PClassificationParams) -> None:
        points = points_to_learn_from(task, params.radius)
        self.params = params
        self.device = choose_device(params.device)
        given = zip(task.planes, points, strict=True)
        self.pages = [Page(plane_on(self.device, plane.image), marked) for plane, marked in given]
        self.level = 1.0
        self.seen = False
        self.redrawn = False

    @property
    def channels(self) -> int:
        """Channels of every image."""
        return int(self.pages[0].image.shape[0])

    @property
    def radius(self) -> float:
        """The median of the planes' radii, in pixels."""
        return float(np.median([page.points.radius for page in self.pages]))

    @property
    def marked_first(self) -> list[int]:
        """Indices of the planes, those with points before the others."""
        return sorted(range(len(self.pages)), key=lambda index: not len(self.pages[index].points.positions))

    def annotate(self, task: Task) -> None:
        """Take up changed points, all but those that contradict others or lie outside.

        Raises
        ------
        InputError
            What is held back: what offends, or all of it if the rest cannot be learned from.
        """
        fitting, wrong = without_offenders(task, [page.points for page in self.pages], self.params.radius)
        changed = points_to_learn_from(fitting, self.params.radius)
        for page, points in zip(self.pages, changed, strict=True):
            page.mark(points)
        self.redrawn = True
        if wrong is not None:
            raise wrong

    def lessons(self) -> list[Lesson]:
        """Return what there is to learn from the planes on which something is known.

        Far from all candidates there is background. Before the first look there are none, and nothing is known of it.
        """
        background = self.params.background if self.seen else 0
        undecided = [self.unmarked(index, CANDIDATE) for index in range(len(self.pages))]
        lessons = [page.lesson(background, places) for page, places in zip(self.pages, undecided, strict=True)]
        return [lesson for lesson in lessons if lesson.target[1].any()]

    def remember_first_look(self) -> None:
        """Keep the heatmaps of a detector that has not yet learned from what is marked."""
        for page in self.pages:
            page.untaught = page.heatmap

    def look(self, detector: Detector) -> Iterator[int]:
        """Let a detector predict every plane; yield each plane when it can be shown, a large one twice at first.

        The height of a typical marked cell becomes 1. It is known better with every plane, so that those with marks are
        yielded again when all of them have been seen.
        """
        heights: list[float] = []
        marked = [index for index in self.marked_first if len(self.pages[index].points.positions)]
        for index in self.marked_first:
            page = self.pages[index]
            for _ in page.looks(detector, first=not self.seen):
                known = [*heights, *page.given_heights().tolist()]
                self.level = max(float(np.median(known)), LOWEST_LEVEL) if known else self.level
                yield index
            heights = known
        self.seen = True
        yield from marked[:-1]

    def heatmap(self, index: int) -> NDArray[np.float32]:
        """Return the heatmap (Y, X) of a plane: 1 for a typical marked cell, and more for some."""
        return self.pages[index].heatmap / np.float32(self.level)

    def unmarked(self, index: int, threshold: float) -> NDArray[np.float32]:
        """Return positions (N, 2) of the maxima of a plane that are nothing known."""
        return self.pages[index].unmarked(self.heatmap(index), threshold)

    def found_of_marked(self) -> dict[str, float]:
        """Return the share of the marked cells that are found, and of the finds at marked places those that are cells.

        The latter only if a person has marked places without a cell, too: else it were 1.
        """
        cells, mistaken = self._found()
        told = {"marked cells found": cells.recall}
        if mistaken.true:
            told["precision at marks"] = DetectionCounts(cells.matched, cells.matched + mistaken.matched, 0).precision
        return told

    @property
    def is_unheeded(self) -> bool:
        """Whether most places are found still that a person has marked as no cell."""
        if not any(len(page.points.negatives) for page in self.pages):  # to look for peaks takes long in large planes
            return False
        _, mistaken = self._found()
        return mistaken.matched > _UNHEEDED * mistaken.true

    def _found(self) -> tuple[DetectionCounts, DetectionCounts]:
        """Count what is found of the marked cells, and of the places that are marked as none."""
        cells = mistaken = DetectionCounts(0, 0, 0)
        for index, page in enumerate(self.pages):
            found, _ = find_peaks(self.heatmap(index), page.points.radius, self.params.threshold)
            cells += count_detections(found, page.points.positions, page.points.radius)
            mistaken += count_detections(found, page.points.negatives, page.points.radius)
        return cells, mistaken

    def detections(self, index: int) -> Detections:
        """Return what is believed of a plane, as plain numpy."""
        page, heatmap = self.pages[index], self.heatmap(index)
        found = self.unmarked(index, self.params.threshold)
        by_role = {
            PointRole.GIVEN: page.points.positions,
            PointRole.PSEUDO_POSITIVE: page.pseudo.get(PointRole.PSEUDO_POSITIVE, NOWHERE),
            PointRole.DETECTED: found,
            PointRole.PSEUDO_NEGATIVE: page.pseudo.get(PointRole.PSEUDO_NEGATIVE, NOWHERE),
        }
        roles = np.concatenate([np.full(len(places), role, np.uint8) for role, places in by_role.items()])
        positions = np.concatenate(list(by_role.values())).astype(np.float32)
        heights = summits(positions, heatmap, page.points.radius)
        scores = np.where(roles == PointRole.GIVEN, 1, heights.clip(0, 1)).astype(np.float32)
        reliefs = {"heatmap": lambda: heatmap, "foreground": lambda: page.foreground}
        partial = page.piece is not None
        masks = "none" if partial else self.params.masks
        labels = asked_for_masks(masks, reliefs, positions, roles, page.points.radius)
        return Detections(positions, scores, roles, page.points.radius, heatmap.clip(0, 1), labels, partial)
