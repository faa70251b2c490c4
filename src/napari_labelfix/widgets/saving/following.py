"""The layers of a viewer that are kept in its project file, by their ids."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, Signal

from napari_labelfix.widgets.saving.followed_layers import follow
from napari_labelfix.widgets.viewer.layer_states import by_id, id_of, is_kept

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from napari.layers import Layer

    from napari_labelfix.project.records import ImageRecord, LayerRecord
    from napari_labelfix.widgets.saving.followed import Followed, Make
    from napari_labelfix.widgets.saving.followed_layers import NoteStep

logger = logging.getLogger(__name__)


class Following(QObject):
    """Follows the layers that are kept. One that cannot be read, whatever others have put into it, holds up no other.

    Parameters
    ----------
    note_step
        Called with each step of a person's: the layer, what was done, the ids of the objects.
    parent
        The Qt parent.
    """

    unreadable = Signal(str)  # a sentence, once for a layer

    def __init__(self, note_step: NoteStep, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._note_step = note_step
        self._followed: dict[str, Followed] = {}
        self._told: set[str] = set()

    def __iter__(self) -> Iterator[Followed]:
        return iter(self._followed.values())

    def __len__(self) -> int:
        return len(self._followed)

    @property
    def ids(self) -> set[str]:
        """The layers' ids."""
        return set(self._followed)

    @property
    def troubled(self) -> bool:
        """Whether one of them cannot be read."""
        return bool(self._told)

    @property
    def annotated(self) -> bool:
        """Whether a person has made something in one of the layers."""
        return any(followed.annotated for followed in self)

    @property
    def hurries(self) -> bool:
        """Whether of one of the layers something was copied in part."""
        return any(followed.hurries for followed in self)

    def update(self, there: Sequence[Layer]) -> list[tuple[str, Followed]]:
        """Follow these layers and no others; return those that are followed no more."""
        kept = by_id(filter(is_kept, there), [followed.layer for followed in self])
        positions = _positions(there)
        gone = [(id_, one) for id_, one in self._followed.items() if kept.get(id_) is not one.layer]
        for id_, followed in gone:
            del self._followed[id_]
            followed.stop()
        self._told &= kept.keys()
        for id_, layer in kept.items():
            if id_ not in self._followed:
                with self.reading(layer):
                    self._followed[id_] = follow(layer, self._note_step)
                    self._followed[id_].position = positions[id_]
        return gone

    def take_up(self, known: dict[str, LayerRecord], images: dict[str, ImageRecord]) -> None:
        """Note that another project is being written, which knows these layers and images."""
        for id_, followed in self._followed.items():
            followed.take_up(known.get(id_), images.get(id_))

    def take(self, there: Sequence[Layer]) -> list[Make]:
        """Copy what is not in the file yet; `there` are the viewer's layers from bottom to top."""
        positions = _positions(there)
        makers: list[Make] = []
        for id_, followed in self._followed.items():
            with self.reading(followed.layer):
                make = followed.take(positions.get(id_, 0))
                makers += [make] if make is not None else []
                self._told.discard(id_)
        return makers

    def take_later(self) -> Make | None:
        """Return the next part of what is big and can wait."""
        for followed in self:
            with self.reading(followed.layer):
                if (make := followed.take_later()) is not None:
                    return make
        return None

    @contextmanager
    def reading(self, layer: Layer) -> Iterator[None]:
        """Let a block read a layer. If that goes wrong it is told, once; it may go right the next time."""
        try:
            yield
        except Exception as error:
            if id_of(layer) not in self._told:
                self._told.add(id_of(layer))
                logger.exception("A layer is not saved.")
                self.unreadable.emit(
                    f"“{layer.name}” cannot be read ({error!r}). Save this layer apart; all others are saved."
                )


def _positions(there: Sequence[Layer]) -> dict[str, int]:
    """Return where each layer that is kept lies in the list, by its id."""
    return {id_of(layer): at for at, layer in enumerate(there) if is_kept(layer)}
