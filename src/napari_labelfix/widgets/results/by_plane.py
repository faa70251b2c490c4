"""What is worked out for the proposed objects of each plane, and kept until these are others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from napari_labelfix.review.objects import Objects
    from napari_labelfix.widgets.results.result_layers import ResultLayers
    from napari_labelfix.widgets.viewer.image_planes import Index

T = TypeVar("T")


class ByPlane(Generic[T]):
    """Works something out for each plane that has objects, once as long as they stay the same.

    Parameters
    ----------
    results
        The layers with the proposal.
    work_out
        Takes the number of a plane and its objects.
    """

    def __init__(self, results: ResultLayers, work_out: Callable[[int, Objects], T]) -> None:
        self._results, self._work_out = results, work_out
        self._known: dict[int, tuple[Objects, T]] = {}

    def __iter__(self) -> Iterator[tuple[Objects, T]]:
        """Yield the objects of each plane, and what is known of them."""
        for plane, objects in self._results.objects().items():
            if plane not in self._known or self._known[plane][0] is not objects:
                self._known[plane] = objects, self._work_out(plane, objects)
            yield self._known[plane]

    def forget(self, planes: Collection[Index] | None = None) -> None:
        """Work these planes, by their indices, or all, out again when asked for: what it depends on has changed."""
        known = self._results.planes
        self._known = {n: it for n, it in self._known.items() if planes is not None and known[n] not in planes}

    def forget_changed(self, event: Any) -> None:
        """Work out again what a `Changed` of a history has touched."""
        self.forget(event.value.planes)
