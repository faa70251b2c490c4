"""The thread that writes: in order, told when saved, patient with a full disk."""

import threading

import pytest

from napari_labelfix.errors import OutputError, ProjectError
from napari_labelfix.project import writer
from napari_labelfix.project.records import Batch, Entry
from napari_labelfix.project.store import Project
from napari_labelfix.project.writer import Writer


def entry(what):
    return Batch(history=[Entry("person", "a", what, "hand")])


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a.labelfix"


def history_of(path):
    with Project.look(path) as project:
        return [entry.what for entry in reversed(project.history())]


def test_batches_are_written_in_their_order_and_the_file_is_closed(path):
    saved = []
    thread = Writer(Project.create(path), lambda: saved.append(1))
    for number in range(20):
        thread.submit(entry(str(number)))
    assert thread.flush()
    assert thread.waiting == 0
    thread.submit(entry("last"))
    thread.close()
    assert len(saved) == 21
    assert history_of(path) == [*map(str, range(20)), "last"]
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_handing_over_does_not_wait_for_the_disk(path):
    thread = Writer(Project.create(path))
    gate = threading.Event()
    thread.call(lambda _: gate.wait(10))
    thread.submit(entry("later"))
    assert not thread.flush(0.05)
    assert thread.waiting == 2
    gate.set()
    assert thread.flush()
    thread.close()


def test_what_a_full_disk_refused_is_written_once_there_is_room(path, monkeypatch):
    monkeypatch.setattr(writer, "_RETRY_SECONDS", 0.01)
    failures, full = [], [True, True, False]
    project = Project.create(path)
    write = project.write

    def write_if_there_is_room(batch):
        if full.pop(0) if full else False:
            raise OutputError("The disk is full.")
        write(batch)

    monkeypatch.setattr(project, "write", write_if_there_is_room)
    thread = Writer(project, on_failed=failures.append)
    thread.submit(entry("1"))
    thread.submit(entry("2"))
    assert thread.flush()
    thread.close()
    assert failures == ["The disk is full."] * 2
    assert history_of(path) == ["1", "2"]


def test_a_batch_that_cannot_be_written_is_told_and_does_not_stop_the_next(path):
    failures = []

    def refuse(_project):
        raise ProjectError("No.")

    thread = Writer(Project.create(path), on_failed=failures.append)
    thread.call(refuse)
    thread.submit(entry("2"))
    thread.close()
    assert failures == ["No."]
    assert history_of(path) == ["2"]


def test_a_disk_that_stays_full_does_not_keep_the_program_from_closing(path, monkeypatch):
    monkeypatch.setattr(writer, "_RETRY_SECONDS", 0.01)

    def refuse(_project):
        raise OutputError("The disk is full.")

    thread = Writer(Project.create(path), on_failed=lambda _: None)
    thread.call(refuse)
    thread.close(5)
    assert not thread._thread.is_alive()


def test_a_mistake_of_ours_does_not_end_the_saving(path, caplog):
    failures = []
    thread = Writer(Project.create(path), on_failed=failures.append)
    thread.call(lambda _project: {}["no such key"])
    thread.submit(entry("2"))
    thread.close()
    assert failures == ["Something could not be saved: 'no such key'."]
    assert "Traceback" in caplog.text
    assert history_of(path) == ["2"]
