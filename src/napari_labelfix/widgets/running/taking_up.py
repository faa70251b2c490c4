"""From a stroke to the run: what a person draws is handed over a moment after the last of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, QTimer

from napari_labelfix.errors import InputError
from napari_labelfix.widgets.annotating.drawn_layers import DrawnLayers

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.components import ViewerModel

    from napari_labelfix.widgets.annotating.input_view import InputView
    from napari_labelfix.widgets.results.run_results import RunResults
    from napari_labelfix.widgets.running.guidance import Guidance
    from napari_labelfix.widgets.running.next_step import NextStep
    from napari_labelfix.widgets.running.session import Session

_AFTER_A_STROKE_MS = 300


class TakingUp(QObject):
    """Hands new annotations to the run, or lets the dock say what is still missing for one.

    Parameters
    ----------
    viewer
        The viewer.
    inputs
        What is drawn.
    session
        The run. This object lies in it.
    next_step, guidance
        Are told of it.
    run
        Returns what the last run learns from, and where it shows; None where there is none.
    """

    def __init__(
        self,
        viewer: ViewerModel,
        inputs: InputView,
        session: Session,
        next_step: NextStep,
        guidance: Guidance,
        run: Callable[[], RunResults | None],
    ) -> None:
        super().__init__(session)
        self._inputs, self._session = inputs, session
        self._next_step, self._guidance, self._run = next_step, guidance, run
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_AFTER_A_STROKE_MS)
        self._timer.timeout.connect(self.look_now)
        self._drawn = DrawnLayers(viewer, self.look_soon)
        inputs.planeLeft.connect(self.look_soon)
        inputs.classesChanged.connect(self.look_soon)  # names may have been what was doubtful

    def look_soon(self) -> None:
        """Look what is different in a moment; again later, if something more is drawn until then."""
        self._timer.start()

    def look_now(self) -> None:
        """Hand new strokes to the run, or see what is still missing for one."""
        with self._inputs.read_once():
            run = self._run()
            if self._session.running and run is not None:
                if (changed_size := run.image_of_other_size) is not None:
                    self.stop_because(f"its image “{changed_size.name}” has another size now")
                elif self._session.learning:
                    self._hand_over(run)
            self._guidance.drawing_changed()

    def follow_chosen(self) -> None:
        """Follow the layers that are chosen now, and no others."""
        self._drawn.follow(self._inputs.chosen)

    def leave(self) -> None:
        """Look at nothing any more."""
        self._timer.stop()
        self._drawn.follow([])

    def stop_because(self, reason: str) -> None:
        """End a run that cannot go on, and say why."""
        if self._session.running:
            self._session.stop()
            self._guidance.say(f"The run was stopped because {reason}.", "error")

    def _hand_over(self, run: RunResults) -> None:
        """Send the run what is different in the annotations, unless it could not start from that."""
        try:
            changed = self._inputs.with_changes(run.task)
        except InputError as error:
            self._guidance.hold_back(error)
            return
        self._guidance.delivered()
        if changed is not None and (task := run.take_up(changed)) is not None:
            self._session.send(task)
            self._next_step.await_answer()
