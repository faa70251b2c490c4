"""The planes of one run: what a person has marked, what has been found, and what is learned from."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import torch

from napari_labelfix.data.normalize import normalize
from napari_labelfix.methods.foreground import see_foreground
from napari_labelfix.methods.p_classification.candidates import CANDIDATE, away_from, climb, find_peaks
from napari_labelfix.methods.p_classification.detector import Lesson
from napari_labelfix.methods.p_classification.masks import asked_for_masks
from napari_labelfix.methods.p_classification.targets import (
    NOWHERE,
    far_from,
    heatmap_target,
    points_to_learn_from,
    without_offenders,
)
from napari_labelfix.metrics.detection import DetectionCounts, count_detections
from napari_labelfix.networks.device import choose_device
from napari_labelfix.snapshots import Detections, Role

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from torch import Tensor

    from napari_labelfix.annotations import Points, Task
    from napari_labelfix.methods.p_classification.detector import Detector
    from napari_labelfix.methods.p_classification.params import PClassificationParams

LOWEST_LEVEL = 0.1  # of the heatmap at marked cells; what is lower is no cell that the detector knows


@dataclass(eq=False)
class Sheet:
    """One plane: its image, what a person has marked on it, and what is believed.

    Parameters
    ----------
    image
        (C, H, W) float32, normalised, on the device.
    points
        What a person has marked; a radius is there even if nothing is marked.
    heatmap
        (Y, X) float32 as the detector gave it; all 0 before the first look.
    untaught
        (Y, X) the heatmap of a detector that knew cells before it had learned from the marked ones, which it has since
        learned to see higher than others; None if there was no such detector.
    pseudo
        By role, (N, 2) row, column of the pseudo-labels.
    """

    image: Tensor
    points: Points
    heatmap: NDArray[np.float32] = field(init=False)
    untaught: NDArray[np.float32] | None = None
    pseudo: dict[Role, NDArray[np.float32]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.heatmap = np.zeros(self.points.shape, np.float32)

    @cached_property
    def foreground(self) -> NDArray[np.float32]:
        """(Y, X) the probability of a cell, in which masks grow; seen when it is first needed."""
        return see_foreground(self.image)

    @property
    def positives(self) -> NDArray[np.floating]:
        """(N, 2) cells that are learned from: marked by a person, or chosen."""
        return np.concatenate([self.points.positions, self.pseudo.get(Role.PSEUDO_POSITIVE, NOWHERE)])

    @property
    def negatives(self) -> NDArray[np.floating]:
        """(N, 2) places without a cell that are learned from."""
        return np.concatenate([self.points.negatives, self.pseudo.get(Role.PSEUDO_NEGATIVE, NOWHERE)])

    def add_pseudo(self, role: Role, places: NDArray[np.float32]) -> None:
        """Let some places (N, 2) be pseudo-labels, too, but for those that a person has marked by now."""
        self.pseudo[role] = np.concatenate([self.pseudo.get(role, NOWHERE), self._unmarked(places)])

    def mark(self, points: Points) -> None:
        """Replace what a person has marked; it wins over what was chosen."""
        self.points = points
        self.pseudo = {role: self._unmarked(places) for role, places in self.pseudo.items()}

    def _unmarked(self, places: NDArray[np.float32]) -> NDArray[np.float32]:
        marked = np.concatenate([self.points.positions, self.points.negatives])
        return places[away_from(places, marked, self.points.radius)]

    def given_heights(self) -> NDArray[np.float32]:
        """Return (N,) the heights of the heatmap's maxima at the cells that a person has marked."""
        return _summits(self.points.positions, self.heatmap, self.points.radius)

    def heights(self, positions: NDArray[np.floating]) -> NDArray[np.float32]:
        """Return (N,) the heights of the summits at some positions (N, 2), before the detector was taught if known."""
        heatmap = self.heatmap if self.untaught is None else self.untaught
        return _summits(positions, heatmap, self.points.radius)

    def unmarked(self, heatmap: NDArray[np.float32], threshold: float) -> NDArray[np.float32]:
        """Return positions (N, 2) of the maxima of a heatmap (Y, X) from a threshold up that are nothing known."""
        positions, _ = find_peaks(heatmap, self.points.radius, threshold)
        return positions[away_from(positions, np.concatenate([self.positives, self.negatives]), self.points.radius)]

    def lesson(self, background: float, undecided: NDArray[np.floating]) -> Lesson:
        """Return what the detector learns from this plane.

        Parameters
        ----------
        background
            How much it counts, beside discs around what is known, that there is nothing elsewhere.
        undecided
            (N, 2) where there may be a cell: nothing is learned there.
        """
        target = heatmap_target(self.points.shape, self.positives, self.negatives, self.points.radius)
        if background:
            target[1] = np.maximum(target[1], background * far_from(undecided, self.points.shape, self.points.radius))
        places = np.concatenate([self.positives, self.negatives])
        return Lesson(self.image, torch.from_numpy(target).to(self.image.device), places)


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
        images = [normalize(plane.image) for plane in task.planes]
        self.sheets = [
            Sheet(torch.from_numpy(image).permute(2, 0, 1).to(self.device), marked)
            for image, marked in zip(images, points, strict=True)
        ]
        self.level = 1.0
        self.seen = False
        self.redrawn = False

    @property
    def channels(self) -> int:
        """Channels of every image."""
        return int(self.sheets[0].image.shape[0])

    @property
    def radius(self) -> float:
        """The median of the planes' radii, in pixels."""
        return float(np.median([sheet.points.radius for sheet in self.sheets]))

    @property
    def marked_first(self) -> list[int]:
        """Indices of the planes, those with points before the others."""
        return sorted(range(len(self.sheets)), key=lambda index: not len(self.sheets[index].points.positions))

    def annotate(self, task: Task) -> None:
        """Take up changed points, all but those that contradict others or lie outside.

        Raises
        ------
        InputError
            What is held back: what offends, or all of it if the rest cannot be learned from.
        """
        fitting, wrong = without_offenders(task, [sheet.points for sheet in self.sheets], self.params.radius)
        changed = points_to_learn_from(fitting, self.params.radius)
        for sheet, points in zip(self.sheets, changed, strict=True):
            sheet.mark(points)
        self.redrawn = True
        if wrong is not None:
            raise wrong

    def lessons(self) -> list[Lesson]:
        """Return what there is to learn from the planes on which something is known.

        Far from all candidates there is background. Before the first look there are none, and nothing is known of it.
        """
        background = self.params.background if self.seen else 0
        undecided = [self.unmarked(index, CANDIDATE) for index in range(len(self.sheets))]
        lessons = [sheet.lesson(background, places) for sheet, places in zip(self.sheets, undecided, strict=True)]
        return [lesson for lesson in lessons if lesson.target[1].any()]

    def remember_first_look(self) -> None:
        """Keep the heatmaps of a detector that has not yet learned from what is marked."""
        for sheet in self.sheets:
            sheet.untaught = sheet.heatmap

    def look(self, detector: Detector) -> Iterator[int]:
        """Let a detector predict every plane; yield each plane when it can be shown.

        The height of a typical marked cell becomes 1. It is known better with every plane, so that those with marks are
        yielded again when all of them have been seen.
        """
        heights: list[float] = []
        marked = [index for index in self.marked_first if len(self.sheets[index].points.positions)]
        for index in self.marked_first:
            sheet = self.sheets[index]
            sheet.heatmap = detector.heatmap(sheet.image)
            heights += sheet.given_heights().tolist()
            self.level = max(float(np.median(heights)), LOWEST_LEVEL)
            yield index
        self.seen = True
        yield from marked[:-1]

    def heatmap(self, index: int) -> NDArray[np.float32]:
        """Return the heatmap (Y, X) of a plane: 1 for a typical marked cell, and more for some."""
        return self.sheets[index].heatmap / np.float32(self.level)

    def unmarked(self, index: int, threshold: float) -> NDArray[np.float32]:
        """Return positions (N, 2) of the maxima of a plane that are nothing known."""
        return self.sheets[index].unmarked(self.heatmap(index), threshold)

    def found_of_marked(self) -> dict[str, float]:
        """Return the share of the marked cells that are found, and of the finds at marked places those that are cells.

        The latter only if a person has marked places without a cell, too: else it were 1.
        """
        cells = DetectionCounts(0, 0, 0)
        mistaken = DetectionCounts(0, 0, 0)
        for index, sheet in enumerate(self.sheets):
            found, _ = find_peaks(self.heatmap(index), sheet.points.radius, self.params.threshold)
            cells += count_detections(found, sheet.points.positions, sheet.points.radius)
            mistaken += count_detections(found, sheet.points.negatives, sheet.points.radius)
        told = {"marked cells found": cells.recall}
        if mistaken.true:
            told["precision at marks"] = DetectionCounts(cells.matched, cells.matched + mistaken.matched, 0).precision
        return told

    def detections(self, index: int) -> Detections:
        """Return what is believed of a plane, as plain numpy."""
        sheet, heatmap = self.sheets[index], self.heatmap(index)
        found = self.unmarked(index, self.params.threshold)
        by_role = {
            Role.GIVEN: sheet.points.positions,
            Role.PSEUDO_POSITIVE: sheet.pseudo.get(Role.PSEUDO_POSITIVE, NOWHERE),
            Role.DETECTED: found,
            Role.PSEUDO_NEGATIVE: sheet.pseudo.get(Role.PSEUDO_NEGATIVE, NOWHERE),
        }
        roles = np.concatenate([np.full(len(places), role, np.uint8) for role, places in by_role.items()])
        positions = np.concatenate(list(by_role.values())).astype(np.float32)
        rows, columns = np.round(positions).astype(int).T
        scores = np.where(roles == Role.GIVEN, 1, heatmap[rows, columns].clip(0, 1)).astype(np.float32)
        reliefs = {"heatmap": lambda: heatmap, "foreground": lambda: sheet.foreground}
        labels = asked_for_masks(self.params.masks, reliefs, positions, roles, sheet.points.radius)
        return Detections(positions, scores, roles, sheet.points.radius, heatmap.clip(0, 1), labels)


def _summits(positions: NDArray[np.floating], heatmap: NDArray[np.float32], radius: float) -> NDArray[np.float32]:
    """Return (N,) the heights of a heatmap's summits at some positions (N, 2)."""
    rows, columns = climb(positions, heatmap, radius).astype(int).T
    return heatmap[rows, columns]
