"""A training that runs elsewhere, whatever elsewhere is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_labelfix.annotations import Task
    from napari_labelfix.methods.checkpoint import TrainedModel
    from napari_labelfix.snapshots import Snapshot

RunState = Literal["running", "finished", "stopped", "failed"]


class Run(Protocol):
    """One training. All methods are for one thread, and only `snapshots` ever waits.

    ```mermaid
    stateDiagram-v2
        [*] --> running
        running --> finished: poll() took the end in
        running --> failed: poll() raised TrainingError
        running --> stopped: stop()
    ```
    """

    model: TrainedModel | None
    """The best so far: the one of the last snapshot that carried one, and at the end the final one."""

    state: RunState
    """Changes only within `poll`, `snapshots` and `stop`, never behind the caller's back."""

    def poll(self) -> list[Snapshot]:
        """Return what has come since the last call, oldest first; nothing once the run has ended.

        Where several snapshots have come, a plane's proposal is in the newest that has one, and only there; so is the
        model. A caller that looks rarely thus misses no number and gets no stale picture.

        Raises
        ------
        TrainingError
            Once, after the last snapshot has been returned, if the run failed.
        """

    def snapshots(self) -> Iterator[Snapshot]:
        """Yield what comes until the run ends, waiting for it.

        Raises
        ------
        TrainingError
            If the run failed.
        """

    def send(self, task: Task) -> None:
        """Hand in new annotations of the same planes; of several sent in a hurry, the newest count.

        They are read after this returns: do not hand in arrays that the user still draws in. The images of a run are
        those it started with.

        Raises
        ------
        InputError
            If the planes are not those the run started with.
        """

    def stop(self) -> None:
        """End the run now; its process is gone within a second. Harmless once it has ended."""
