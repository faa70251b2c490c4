"""A layer that is kept in the project file, and what of it is not in the file yet."""

from __future__ import annotations

import itertools
from abc import ABC, abstractmethod
from functools import partial
from typing import TYPE_CHECKING

from napari_labelfix.project.records import Batch, together
from napari_labelfix.widgets.viewer.layer_states import author_of, describe_layer, kind_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from napari.layers import Layer

    from napari_labelfix.project.records import Block, ImageRecord, LayerRecord

    Make = Callable[[], Batch]  # called in the thread that writes

_BLOCKS_AT_ONCE = 8


class Followed(ABC):
    """A layer, and what of it is not in the file yet.

    Parameters
    ----------
    layer
        The layer.

    Attributes
    ----------
    annotated
        Whether a person has made something in it since it is followed.
    in_file
        Whether the file has it.
    position
        Where it lay in the list of layers when that was looked at last.
    """

    def __init__(self, layer: Layer) -> None:
        self.layer = layer
        self.kind = kind_of(layer)
        self.author = author_of(layer)
        self.annotated = False
        self.in_file = False
        self.position = 0
        self._sent: LayerRecord | None = None
        self._later: Iterator[Make] = iter(())

    @property
    def hurries(self) -> bool:
        """Whether something was copied in part, and the rest should follow in a moment."""
        return False

    def take_up(self, record: LayerRecord | None, image: ImageRecord | None = None) -> None:
        """Note that another project is being written, which has the layer as it is, or (None) does not have it."""
        if record is None:
            self.in_file, self._sent = False, None
            self._forget()
        elif not self.in_file:
            self.in_file, self._sent = True, record
            self._settle(image)

    def take(self, position: int) -> Make | None:
        """Copy what is not in the file yet; None if all is. What is returned makes a batch of the copy.

        Parameters
        ----------
        position
            In the list of layers.
        """
        self.position = position
        record = describe_layer(self.layer, position)
        makers = list(self._changes(record))
        if record == self._sent and not makers:
            return None
        self.in_file, self._sent = True, record
        return lambda: together([Batch(layers=[record]), *(make() for make in makers)])

    def take_all(self) -> Batch:
        """Copy all that is not in the file yet, however long it takes: the layer goes."""
        makers = [self.take(self.position)]
        while self.hurries:
            makers.append(self.take(self.position))
        return together(make() for make in makers if make is not None)

    def take_later(self) -> Make | None:
        """Return the next part of what is big and can wait, so that strokes in between are not kept waiting."""
        return next(self._later, None)

    def touch(self) -> None:  # noqa: B027
        """Note that a model shows something new."""

    def wait(self, seconds: float) -> None:  # noqa: B027
        """Wait until everything is known that is to be saved of the layer."""

    def stop(self) -> None:  # noqa: B027
        """Listen no more."""

    @abstractmethod
    def _changes(self, record: LayerRecord) -> Iterator[Make]:
        """Copy what has changed in the layer, and note that it has been."""

    @abstractmethod
    def _forget(self) -> None:
        """Note that nothing is in the file."""

    @abstractmethod
    def _settle(self, image: ImageRecord | None) -> None:
        """Note that everything is in the file."""


def in_parts(blocks: Iterator[Block]) -> Iterator[Make]:
    """Yield batches of a few blocks each, whose writing takes about a tenth of a second."""
    while part := list(itertools.islice(blocks, _BLOCKS_AT_ONCE)):
        yield partial(Batch, blocks=part)
