"""Which images without labels to trust: those of which the network says the same while it learns.

ST++: Yang et al., "ST++: Make Self-training Work Better for Semi-supervised Semantic Segmentation", CVPR 2022; Xue 2022
compares objects by their F1 where that compares pixels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_labelfix.metrics.instances import f1_score

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray


def stability(states: Sequence[NDArray[np.integer]]) -> float:
    """Return how far earlier answers for an image agree with the last one, from 0 to 1.

    Parameters
    ----------
    states
        (Y, X) objects at each checkpoint.

    Returns
    -------
    float
        Mean F1 of objects at IoU 0.5; 1 if there is no earlier one, and 0 where nothing is found at last: there is
        nothing to learn from.
    """
    *earlier, last = states
    if not last.any():
        return 0.0
    return float(np.mean([f1_score(state, last) for state in earlier or [last]]))


def most_reliable(scores: Mapping[int, float], share: float) -> list[int]:
    """Return the images with the highest scores, the best first: a share of them, one at least."""
    count = max(1, round(share * len(scores)))
    return sorted(scores, key=lambda index: -scores[index])[:count]
