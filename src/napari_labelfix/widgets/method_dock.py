"""The dock of a method: choose, annotate, run, watch, accept. One class for all methods."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from qtpy.QtCore import QEvent, QTimer
from qtpy.QtWidgets import QWidget

from napari_labelfix.data.gaps import sentence_about
from napari_labelfix.errors import InputError, LabelfixError
from napari_labelfix.trainer import Trainer
from napari_labelfix.widgets.accepting.control import AcceptControl
from napari_labelfix.widgets.accepting.view import AcceptView
from napari_labelfix.widgets.annotating.input_view import InputView
from napari_labelfix.widgets.annotating.kinds import KINDS
from napari_labelfix.widgets.annotating.preview import PreviewButton
from napari_labelfix.widgets.annotating.suggestion import SuggestionButton
from napari_labelfix.widgets.parts.dock_frame import fill_dock, in_sections
from napari_labelfix.widgets.parts.dock_keys import DockKeys
from napari_labelfix.widgets.parts.message import Message, primary_style
from napari_labelfix.widgets.parts.params_form import ParamsForm
from napari_labelfix.widgets.results.output_layers import OUTPUTS
from napari_labelfix.widgets.results.run_results import RunResults
from napari_labelfix.widgets.running.computer_choice import ComputerButton
from napari_labelfix.widgets.running.guidance import Guidance
from napari_labelfix.widgets.running.model_row import ModelRow
from napari_labelfix.widgets.running.next_step import NextStep
from napari_labelfix.widgets.running.region_box import RegionBox
from napari_labelfix.widgets.running.run_view import RunView
from napari_labelfix.widgets.running.session import Session
from napari_labelfix.widgets.running.taking_up import TakingUp
from napari_labelfix.widgets.saving.dock_saving import Saving
from napari_labelfix.widgets.saving.unfinished_run import UnfinishedRun
from napari_labelfix.widgets.viewer import layers
from napari_labelfix.widgets.viewer.covers import watch_covers
from napari_labelfix.widgets.viewer.one_in_view import OneInView

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from napari.components import ViewerModel
    from napari.layers import Layer
    from qtpy.QtGui import QHideEvent, QShowEvent

    from napari_labelfix.annotations import Task
    from napari_labelfix.data.region import Region
    from napari_labelfix.methods.checkpoint import TrainedModel
    from napari_labelfix.methods.table import Method
    from napari_labelfix.snapshots import Snapshot
    from napari_labelfix.widgets.results.result_layers import ResultLayers

_WARM_UP_AFTER_MS = 200  # when the dock has been painted
_WIDTH = 300


class MethodDock(QWidget):
    """Everything a person needs for one method.

    Parameters
    ----------
    viewer
        The viewer it is docked in.
    method
        A row of the table of methods.
    trainer
        Where runs are started; by default a process of this machine.
    """

    def __init__(self, viewer: ViewerModel, method: Method, trainer: Trainer | None = None) -> None:
        super().__init__()
        viewer = layers.behind_the_proxy(viewer)
        self._viewer, self._method = viewer, method
        self._kind, self._output = KINDS[method.annotation], OUTPUTS[method.output]
        self._results: ResultLayers | None = None  # of the chosen image
        self._run: RunResults | None = None  # what the last run learns from, and where it shows
        self._one_in_view = OneInView(viewer)
        self._image: Layer | None = None  # that was in hand last
        self._open = True

        self.message = Message(viewer.theme)
        self.inputs = InputView(viewer, self._kind)
        self.form = ParamsForm(method.params)
        self.preview_button = PreviewButton(viewer, method, self.inputs)
        self.suggestion_button = SuggestionButton(viewer, method, self._kind, self.inputs)
        self.region_box = RegionBox(viewer, self._kind, self.inputs)
        self.run_view = RunView()
        self.accept_view = AcceptView(self._output.threshold)
        self.session = Session(trainer or Trainer(), self)
        said = (lambda: self.accept_view.doubt), (lambda: self.accept_view.how_to_click)
        self._next_step = NextStep(self._kind, self.inputs, self.session, *said)
        self._guidance = Guidance(self.message, self._next_step, self.session)
        self.taking_up = TakingUp(viewer, self.inputs, self.session, self._next_step, self._guidance, lambda: self._run)
        self.accepts = AcceptControl(viewer, self.accept_view, self.message, self._kind, self.session, self)
        self.computer_button = ComputerButton(self.session, viewer.theme)
        self.models = ModelRow(method, self.session)
        self.saving = Saving(viewer, self, self.session)
        self._unfinished = UnfinishedRun(method, self.form, self.region_box, self.saving)
        actions: dict[str, Callable[[], object]] = {
            "run_or_stop": self.run_or_stop,
            "draw": self.inputs.draw,
            "next_brush": self.inputs.draw_with_next_brush,
            "toggle_proposal": self.toggle_proposal,
            "accept_object": self.accepts.accept_under_cursor,
            "reject_object": self.accepts.reject_under_cursor,
            "accept_confident": self.accepts.accept_above,
        }
        if len(self.inputs.brushes) < 2:
            del actions["next_brush"]
        self._keys = DockKeys(viewer, actions, self)
        self._arrange()
        self._connect()
        self._on_input_changed()
        self._keys.take()
        QTimer.singleShot(_WARM_UP_AFTER_MS, self._warm_up)

    def run(self) -> None:
        """Start a run from what is chosen; what is wrong with it is said in a sentence."""
        if self.session.running:
            return
        self._look_again()
        try:
            if missing := self.inputs.missing():
                raise InputError(missing)
            task = self.inputs.task()
            task.check()
            region = self.region_box.region(task)
            self._unfinished.follow_model()
            params = self.form.value()
            self.session.start(self._method, region.of(task), params)
        except LabelfixError as error:
            self._guidance.refuse(error)
            return
        self._unfinished.went_on(params)
        images = self._begin(task, region)
        ids = [layers.image_id(image) for image in images]
        self.saving.run_started(self._method.name, ids, params, region.part)
        self.inputs.link()
        self.models.begin(images)

    def apply(self, model: TrainedModel, name: str) -> None:
        """Show what a trained model says of the images in hand; nothing is learned, and nothing need be drawn."""
        if self.session.running:
            return
        self._look_again()
        try:
            task = self.inputs.bare_task()
            task.check()
            region = self.region_box.region(task, learns=False)
            self.session.apply(self._method, model, region.of(task), self.form.value().device)
        except LabelfixError as error:
            self._guidance.refuse(error)
            return
        images = self._begin(task, region, name)
        self.saving.model_applied(self._method.name, [layers.image_id(image) for image in images], name)

    def stop(self) -> None:
        """End the run; what it proposed stays."""
        self.session.stop(listen=True)

    def run_or_stop(self) -> None:
        """Do what the key does."""
        if self.session.running:
            self.stop()
        else:
            self.run()

    def toggle_proposal(self) -> None:
        """Hide the proposal, or show it again."""
        if self._results is not None:
            self._results.toggle()

    def close_session(self) -> None:
        """End the run, the trainer's process and everything that listens to the viewer. The dock is of no more use."""
        self._open = False
        self.session.close()
        self.taking_up.leave()
        self.inputs.blockSignals(True)  # nothing of a closed dock touches the viewer
        self._one_in_view.show(None, [])
        self.accepts.blockSignals(True)
        self.accepts.set_results(None, [])
        self._keys.release()

    def showEvent(self, event: QShowEvent) -> None:
        """See the image in hand again: another dock may have shown another one meanwhile."""
        self._one_in_view.look_again()
        self._show_one()
        super().showEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        """Leave the clicks on the canvas to the dock that is seen."""
        self.accepts.stop_picking()
        super().hideEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        """Notice that the dock was closed: napari then takes the widget out of its dock and drops it."""
        if event.type() == QEvent.Type.ParentChange and self.parent() is None:
            self.close_session()
        super().changeEvent(event)

    def _look_again(self) -> None:
        """See what is chosen now, before something is begun with it."""
        self.inputs.refresh()
        self._on_input_changed()
        self._guidance.renew()

    def _begin(self, task: Task, region: Region, model: str = "") -> list[Layer]:
        """Show that a run begins, or that a model is applied; return the images, that in hand first."""
        results = [self._results_of(image) for image in self.inputs.images.together]
        self._run = RunResults(results, task, region, f"{datetime.now():%Y-%m-%d %H:%M}", model)
        self._next_step.begin()
        self._run.create()
        self._hand_on_classes()
        self._show_one()
        remark = f"{region.sentence(task)} {sentence_about(task.planes)}".strip()
        self.run_view.show_started(remark, learns=self.session.learning)
        self._set_running(True)
        self._guidance.renew()
        return sorted(self._run.images, key=lambda image: image is not self.inputs.image)

    def _warm_up(self) -> None:
        if self._open:  # else the process would be left over
            self.session.warm_up()

    def _on_input_changed(self) -> None:
        there = layers.all_layers(self._viewer)
        gone = [image for image in (self._run.images if self._run is not None else []) if image not in there]
        if gone:
            self.taking_up.stop_because(f"its image “{gone[0].name}” was removed")
            self._run = None
        self._results = self._results_of(self.inputs.image) if self.inputs.image is not None else None
        self._guidance.results = self._results
        self._show_one()
        self._show_last_run()
        self.taking_up.follow_chosen()
        self.accepts.set_results(self._results, [part.layer for part in self.inputs.parts])
        image_before, self._image = self._image, self.inputs.image
        is_another = self._image is not None and self._image is not image_before and not gone
        if self._image is not image_before:
            self.region_box.forget()
        self._guidance.choice_changed(is_another=is_another)
        self._lead_on()
        self._take_up_unfinished()

    def _results_of(self, image: Layer) -> ResultLayers:
        """Return the layers of an image: those of now, those of the last run, or new ones."""
        if self._results is not None and self._results.belong_to(image):
            return self._results
        of_run = self._run.of(image) if self._run is not None else None
        return of_run or self._output.layers(self._viewer, image, self._method.name)

    def _hand_on_classes(self) -> None:
        """Let the layers of the images in hand, and of the run, know what classes of objects are called."""
        in_hand = [self._results_of(image) for image in self.inputs.images.together]
        for results in (*in_hand, *(self._run.parts if self._run is not None else ())):
            self.inputs.hand_on_classes(results.image, results.layer("proposal"))

    def _show_one(self) -> None:
        """Let the image in hand be seen: others may lie upon it."""
        self._one_in_view.show(self.inputs.image, self.inputs.images.one_of)

    def _show_last_run(self) -> None:
        """Show what the last run has told while an image of it is in hand: of another one it says nothing."""
        self.run_view.show_last_run(self._run is not None and self.inputs.image in self._run.images)
        self.models.show_beside(self.inputs.image)

    def _take_up_unfinished(self) -> None:
        """Show the parameters of a run of this method on this image that was cut off, so that Run goes on with them."""
        image = self.inputs.image
        if image is not None and not self.session.running and (told := self._unfinished.take_up(image)):
            self._guidance.say(*told)

    def _on_layers_changed(self, _event: object = None) -> None:
        """Notice that a layer with what is proposed came or went, or one that hides the image; or other pixels."""
        if self._open:
            watch_covers(self._viewer, self._on_layers_changed)
            self.taking_up.look_soon()  # once for many layers

    def _on_snapshots(self, snapshots: Sequence[Snapshot]) -> None:
        self.run_view.show_snapshots(snapshots)
        newest = {plane: proposal for snapshot in snapshots for plane, proposal in snapshot.proposals.items()}
        if newest and self._run is not None:
            first = not self._run.has_proposal
            self._run.write(newest, f"step {snapshots[-1].step}" if self.session.learning else "")
            self._show_one()
            self.accepts.show_counts()
            if first:
                self._run.update_thumbnails()
                self.inputs.make_way()
            self._guidance.proposals_shown()
            self._next_step.note(snapshots)

    def _on_ended(self, state: str) -> None:
        self.run_view.show_ended(state)
        if self._run is not None:
            self._run.update_thumbnails()
        self._set_running(False)
        self._guidance.run_ended()
        QTimer.singleShot(0, self._go_on_from_run)  # it may have ended while napari removes a layer

    def _go_on_from_run(self) -> None:
        """Take away what it has left empty, and bring in sight what comes next: in a low dock it is below the rest."""
        if not self._open or self._run is None or self.session.running:
            return
        self._run.remove_empty()
        if self._run.has_proposal:
            self._scrolling.ensureWidgetVisible(self.accept_view, 0, 0)

    def _set_running(self, running: bool) -> None:
        self.run_view.set_running(running)
        self.inputs.set_choosable(not running)
        self.form.setEnabled(not running)
        self.computer_button.setEnabled(not running)
        self.region_box.setEnabled(not running)
        self.models.apply_button.setEnabled(not running)
        self.suggestion_button.set_usable(not running)

    def _on_theme(self, _event: object = None) -> None:
        self.message.set_theme(self._viewer.theme)
        self.run_view.set_theme(self._viewer.theme)
        self.computer_button.set_theme(self._viewer.theme)
        self._lead_on()

    def _lead_on(self) -> None:
        """Let the button of the next step stand out: a layer to draw in comes before Run, unless it can do without."""
        first = not self.inputs.create_button.isHidden() and bool(self.inputs.missing())
        none = self.inputs.lacks_labels  # first come labels, which no button makes
        leading = ((self.inputs.create_button, first and not none), (self.run_view.run_button, not (first or none)))
        for button, leads in leading:
            button.setStyleSheet(primary_style(self._viewer.theme) if leads else "")

    def _connect(self) -> None:
        self.inputs.changed.connect(self._on_input_changed)
        self.inputs.drawingStarted.connect(self.accepts.stop_picking)
        self.inputs.refused.connect(self._guidance.refuse_to_draw)
        self.inputs.classesChanged.connect(self._hand_on_classes)
        self.run_view.runClicked.connect(self.run)
        self.run_view.stopClicked.connect(self.stop)
        self.session.started.connect(self.preview_button.hide_example)
        self.session.snapshotsReceived.connect(self._on_snapshots)
        self.session.failed.connect(self._guidance.tell)
        self.session.ended.connect(self._on_ended)
        self.saving.leaving.connect(
            lambda: self.taking_up.stop_because("its project was closed, which keeps what it proposed")
        )
        self.saving.opened.connect(self._take_up_unfinished)
        self.accepts.told.connect(self._guidance.say)
        self.preview_button.told.connect(self._guidance.say)
        self.models.told.connect(self._guidance.say)
        self.models.chosen.connect(self.apply)
        self.computer_button.told.connect(self._guidance.say)
        self.preview_button.clicked.connect(lambda: self.preview_button.show_example(self.form.value()))
        self.suggestion_button.told.connect(self._guidance.say)
        self.suggestion_button.clicked.connect(lambda: self.suggestion_button.find(self.form.value()))
        self.accept_view.thresholdChanged.connect(self.taking_up.look_soon)  # what is doubtful is another number
        self._viewer.events.theme.connect(self._on_theme)
        layers.on_list_change(self._viewer, self._on_layers_changed)
        trainer = self.session.trainer
        self.destroyed.connect(lambda *_: trainer.close())  # the window was closed with the dock in it

    def _arrange(self) -> None:
        """Put the parts under one another."""
        parts = in_sections(
            [
                ("1  Image and annotation", [self.inputs], None),
                ("2  Parameters", [self.form, self.preview_button, self.suggestion_button], None),
                ("3  Train", [self.region_box, self.run_view, self.models], self.computer_button),
                ("4  Accept", [self.accept_view], None),
            ]
        )
        self._scrolling = fill_dock(self, self.message, parts, _WIDTH, self._keys)
        self._on_theme()
