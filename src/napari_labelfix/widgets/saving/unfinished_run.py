"""A run that was interrupted, by a crash or a closed window: the next goes on from its model, with its parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_labelfix.errors import InputError
from napari_labelfix.widgets.parts import shortcuts
from napari_labelfix.widgets.viewer import layers

if TYPE_CHECKING:
    from napari.layers import Layer

    from napari_labelfix.methods.table import Method
    from napari_labelfix.params import Params
    from napari_labelfix.project.records import RunRecord
    from napari_labelfix.widgets.parts.message import Mood
    from napari_labelfix.widgets.parts.params_form import ParamsForm
    from napari_labelfix.widgets.running.region_box import RegionBox
    from napari_labelfix.widgets.saving.dock_saving import Saving


class UnfinishedRun:
    """Puts the parameters of a run that was cut off into the form, and lets the next one be on the same part.

    Parameters
    ----------
    method
        Of the dock.
    form
        Its parameters.
    region_box
        Whether its runs are on a part of the image.
    saving
        Knows the runs of the project.
    """

    def __init__(self, method: Method, form: ParamsForm, region_box: RegionBox, saving: Saving) -> None:
        self._method, self._form, self._region_box, self._saving = method, form, region_box, saving
        self._model = ""  # the folder that the next run starts from, and no later one

    def take_up(self, image: Layer) -> tuple[str, Mood] | None:
        """Show the parameters of a run on this image that was cut off; return what to say then, if there is one.

        It is no hint or warning: these would make way for the layers that come with the run.
        """
        run = self._saving.unfinished(self._method.name, layers.image_id(image))
        if run is None:
            return None
        told = self._show(run)
        self._saving.taken_up(run)
        return told

    def follow_model(self) -> None:
        """Find the model again where the project that keeps it has another name by now."""
        params = self._form.value()
        if self._model and params.start_from == self._model:
            self._model = self._saving.where_now(self._model)
            self._form.setValue(params.replace(start_from=self._model))

    def went_on(self, params: Params) -> None:
        """Let the run after this one, which was started with these parameters, begin anew."""
        self._region_box.forget()
        if params.start_from and params.start_from == self._model:
            self._form.setValue(params.replace(start_from=""))

    def _show(self, run: RunRecord) -> tuple[str, Mood]:
        model = self._saving.model_of(run)
        try:
            params = self._method.params.from_dict(run.params)
            self._form.setValue(params.replace(start_from=model) if model else params)
        except InputError as error:  # of another version
            return f"The parameters of the run that was interrupted no longer fit: {error}", "error"
        self._model = model
        what = "Its parameters are set"
        if run.part is None:
            self._region_box.go_on_with(None)
        else:
            top, left, bottom, right = run.part
            self._region_box.go_on_with(np.s_[top:bottom, left:right])
            what = f"Its parameters are set, and its part of the image, {bottom - top} x {right - left} pixels"
        pressed = shortcuts.with_key("Run", "run_or_stop")
        again = "go on from its model" if model else "start it again"
        return f"A run {run.interruption}. {what}: press {pressed} to {again}.", "done"
