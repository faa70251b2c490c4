"""The planes of one run: what a person has marked, what has been found, and what is learned from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import torch

from napari_labelfix.annotations import Points, Task
from napari_labelfix.data.normalize import normalize
from napari_labelfix.data.patches import predict_probabilities
from napari_labelfix.errors import InputError
from napari_labelfix.methods.p_classification.candidates import away_from, find_peaks, grow_masks
from napari_labelfix.methods.p_classification.detector import Lesson
from napari_labelfix.methods.p_classification.targets import check_points, heatmap_target
from napari_labelfix.networks.device import choose_device, on_device
from napari_labelfix.networks.unet import FOREGROUND, SHIPPED, UnetSpec, pretrained_unet
from napari_labelfix.snapshots import Detections, Role

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from napari_labelfix.methods.p_classification.params import Masks, PClassificationParams

HEATMAP_EDGE = 0.1  # where a mask that is grown over the heatmap ends; a Gaussian's at about 0.9 radii

NOWHERE = np.zeros((0, 2), np.float32)


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
        (Y, X) float32 in [0, 1]; None before the first look.
    pseudo
        By role, (N, 2) row, column of the pseudo-labels.
    """

    image: Tensor
    points: Points
    heatmap: NDArray[np.float32] | None = None
    pseudo: dict[Role, NDArray[np.float32]] = field(default_factory=dict)

    @property
    def positives(self) -> NDArray[np.floating]:
        """(N, 2) cells that are learned from: marked by a person, or chosen."""
        return np.concatenate([self.points.positions, self.pseudo.get(Role.PSEUDO_POSITIVE, NOWHERE)])

    @property
    def negatives(self) -> NDArray[np.floating]:
        """(N, 2) places without a cell that are learned from."""
        return np.concatenate([self.points.negatives, self.pseudo.get(Role.PSEUDO_NEGATIVE, NOWHERE)])

    def lesson(self) -> Lesson:
        """Return what the detector learns from this plane."""
        target = heatmap_target(self.points.shape, self.positives, self.negatives, self.points.radius)
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
        check_points(task)
        self.params = params
        self.device = choose_device(params.device)
        self._masks = MaskGrower(params.masks, self.device)
        points = points_of_planes(task)
        images = [normalize(plane.image) for plane in task.planes]
        self.sheets = [
            Sheet(torch.from_numpy(image).permute(2, 0, 1).to(self.device), marked)
            for image, marked in zip(images, points, strict=True)
        ]
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
        """Take up changed points; those that cannot be learned from leave things as they are."""
        try:
            check_points(task)
        except InputError:
            return
        for sheet, points in zip(self.sheets, points_of_planes(task), strict=True):
            sheet.points = points
            for role, places in sheet.pseudo.items():
                marked = np.concatenate([points.positions, points.negatives])
                sheet.pseudo[role] = places[away_from(places, marked, points.radius)]
        self.redrawn = True

    def lessons(self) -> list[Lesson]:
        """Return what there is to learn from the planes on which something is known."""
        lessons = [sheet.lesson() for sheet in self.sheets]
        return [lesson for lesson in lessons if len(lesson.places)]

    def unmarked(self, index: int) -> NDArray[np.float32]:
        """Return positions (N, 2) of the maxima of a plane that are nothing known."""
        sheet = self.sheets[index]
        assert sheet.heatmap is not None  # asked after the first prediction
        positions, _ = find_peaks(sheet.heatmap, sheet.points.radius, self.params.threshold)
        known = np.concatenate([sheet.positives, sheet.negatives])
        return positions[away_from(positions, known, sheet.points.radius)]

    def detections(self, index: int) -> Detections:
        """Return what is believed of a plane, as plain numpy."""
        sheet = self.sheets[index]
        assert sheet.heatmap is not None
        found = self.unmarked(index)
        by_role = {
            Role.GIVEN: sheet.points.positions,
            Role.PSEUDO_POSITIVE: sheet.pseudo.get(Role.PSEUDO_POSITIVE, NOWHERE),
            Role.DETECTED: found,
            Role.PSEUDO_NEGATIVE: sheet.pseudo.get(Role.PSEUDO_NEGATIVE, NOWHERE),
        }
        roles = np.concatenate([np.full(len(places), role, np.uint8) for role, places in by_role.items()])
        positions = np.concatenate(list(by_role.values())).astype(np.float32)
        rows, columns = np.round(positions).astype(int).T
        scores = np.where(roles == Role.GIVEN, 1, sheet.heatmap[rows, columns]).astype(np.float32)
        labels = self._masks.grow(sheet.image, sheet.heatmap, positions, roles, sheet.points.radius)
        return Detections(positions, scores, roles, sheet.points.radius, sheet.heatmap.copy(), labels)


class MaskGrower:
    """Grows masks from points, if they are asked for.

    Parameters
    ----------
    kind
        Over what the watershed goes; none grows nothing.
    device
        Where to compute.
    """

    def __init__(self, kind: Masks, device: torch.device) -> None:
        self._kind = kind
        self._device = device
        self._network: torch.nn.Module | None = None  # of the foreground, when it is first asked for
        self._foregrounds: dict[int, NDArray[np.float32]] = {}

    def grow(
        self,
        image: Tensor,
        heatmap: NDArray[np.float32],
        positions: NDArray[np.float32],
        roles: NDArray[np.uint8],
        radius: float,
    ) -> NDArray[np.int32] | None:
        """Return (Y, X) masks with the number of their point plus one as id; None if none are asked for."""
        if self._kind == "none":
            return None
        relief, edge = (heatmap, HEATMAP_EDGE) if self._kind == "heatmap" else (self._foreground(image), 0.5)
        cells = np.flatnonzero(roles != Role.PSEUDO_NEGATIVE)
        masks = grow_masks(relief, positions[cells], radius, edge)
        return np.append(0, cells + 1).astype(np.int32)[masks]

    def _foreground(self, image: Tensor) -> NDArray[np.float32]:
        """Return (Y, X) the probability of a cell that the shipped weights see."""
        key = id(image)
        if key not in self._foregrounds:
            if self._network is None:
                spec = UnetSpec(SHIPPED.encoder, int(image.shape[0]), classes=2)
                self._network = on_device(pretrained_unet(spec).network, self._device)
            self._foregrounds[key] = predict_probabilities(self._network, image)[FOREGROUND].numpy(force=True)
        return self._foregrounds[key]


def points_of_planes(task: Task) -> list[Points]:
    """Return the points of every plane; a plane without gets none, and the median radius of the others."""
    given = [plane.annotation for plane in task.planes if isinstance(plane.annotation, Points)]
    radius = float(np.median([points.radius for points in given]))
    return [
        plane.annotation if isinstance(plane.annotation, Points) else Points(NOWHERE, plane.shape, radius)
        for plane in task.planes
    ]
