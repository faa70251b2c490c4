"""What the numbers of a run are called in the dock, where there is little room, and what they say."""

from __future__ import annotations

from typing import NamedTuple

_NEXT_TO_NOTHING = 1e-4


class MetricWords(NamedTuple):
    """What a number is called.

    Parameters
    ----------
    short
        For above a small plot.
    help
        What it says, in a sentence or two.
    share
        Whether it is told in per cent.
    aside
        Whether it is for those who ask only: it is told in a tooltip.
    """

    short: str
    help: str = ""
    share: bool = False
    aside: bool = False

    def told(self, value: float) -> str:
        """Return the number with its name."""
        return f"{self.short} {self.in_short(value)}"

    def in_short(self, value: float) -> str:
        """Return the number as a person says it: no powers of ten for what is next to nothing."""
        if self.share:
            return f"{value:.0%}"
        return f"{value:.2g}" if value == 0 or abs(value) >= _NEXT_TO_NOTHING else "≈ 0"


METRICS = {
    "loss": MetricWords("loss", "How far the network is from what it learns from. It should fall, if unevenly."),
    "confident": MetricWords("confident", "Of all pixels, so many are sure. It should rise.", share=True),
    "marked cells found": MetricWords(
        "marked cells found", "Of the cells that you have marked, so many are found.", share=True
    ),
    "precision at marks": MetricWords(
        "right at marks", "Of what is found where you have marked cells, or none, so many are cells.", share=True
    ),
    "prior": MetricWords(
        "cells among the rest",
        "Of what is found and you have not marked, so many seem to be cells (the class prior).",
        share=True,
    ),
    "risk": MetricWords("classifier loss", "How badly cells are told from the rest (risk): 0 at best.", aside=True),
    "residual": MetricWords(
        "ranking off by", "How far the ranking is from the best (residual): 0 at best.", aside=True
    ),
    "source loss": MetricWords("source loss", "The loss on cells with good boxes. If it rises, it learns mistakes."),
    "agreement with given": MetricWords("agreement", "How well what is found fits your boxes (AP50): 1 at best."),
    "slow-down": MetricWords(
        "slow-down",
        "How far the gain in agreement has slowed down: 0 not at all, 1 to nothing. From the parameter “Slow-down” on, "
        "boxes are corrected.",
    ),
    "held-out Dice": MetricWords(
        "agreement", "How well it fits right objects that it has not learned from (Dice): 1 at best."
    ),
    "segmentation loss": MetricWords("model loss", "The loss of the network for new images."),
}


def words_of(name: str) -> MetricWords:
    """Return what a number is called; by its own name where nobody has said."""
    return METRICS.get(name, MetricWords(name))
