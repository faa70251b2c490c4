"""The thread that writes: in order, told when saved, patient with a full disk."""

import signal
import sqlite3
import subprocess
import sys
import threading
import time

import pytest

from napari_labelfix.errors import DiskError, OutputError, ProjectError
from napari_labelfix.project import database, writer
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
            raise DiskError("The disk is full.")
        write(batch)

    monkeypatch.setattr(project, "write", write_if_there_is_room)
    thread = Writer(project, on_failed=failures.append)
    thread.submit(entry("1"))
    thread.submit(entry("2"))
    ends = time.monotonic() + 10
    while not thread.flush():  # it does not wait for a disk that is full
        assert time.monotonic() < ends
    assert not thread.stuck
    thread.close()
    assert failures == ["The disk is full."] * 2
    assert history_of(path) == ["1", "2"]


def test_a_batch_that_cannot_be_written_is_told_and_does_not_stop_the_next(path):
    failures, dropped = [], []

    def refuse(error):
        def work(_project):
            raise error

        return work

    thread = Writer(Project.create(path), on_failed=failures.append, on_dropped=lambda: dropped.append(1))
    for error in (ProjectError("No."), OutputError("Not there.")):  # neither will be otherwise the next time
        thread.call(refuse(error))
    thread.submit(entry("2"))
    thread.close()
    assert failures == ["No.", "Not there."]
    assert len(dropped) == 2
    assert history_of(path) == ["2"]


def test_a_disk_that_stays_full_does_not_keep_the_program_from_closing(path, monkeypatch):
    monkeypatch.setattr(writer, "_RETRY_SECONDS", 0.01)

    def refuse(_project):
        raise DiskError("The disk is full.")

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


@pytest.mark.parametrize("code", [sqlite3.SQLITE_IOERR | (3 << 8), sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_FULL])
def test_a_disk_that_is_away_is_waited_for_as_one_that_is_full(path, code):
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = code
    with pytest.raises(DiskError, match="what waits is saved then"), database.sentences(path):
        raise error
    if code != sqlite3.SQLITE_FULL:
        with pytest.raises(ProjectError, match="cannot be read or written"), database.sentences(path, opening=True):
            raise error


@pytest.mark.skipif(not hasattr(signal, "SIGXFSZ"), reason="There are no limits for files.")
def test_a_quota_that_is_exceeded_for_a_while_loses_nothing(path, tmp_path):
    """In a process of its own, whose files may not grow for a second."""
    script = tmp_path / "quota.py"
    script.write_text(QUOTA, encoding="utf-8")
    ended = subprocess.run([sys.executable, script, path], capture_output=True, text=True, check=False, timeout=60)
    assert ended.stdout.strip() == "told True, saved True", ended.stderr
    assert history_of(path)[-1] == "x" * 9_000_000


QUOTA = """
import resource, signal, sys, time
from pathlib import Path
from napari_labelfix.project import database, writer
from napari_labelfix.project.records import Batch, Entry
from napari_labelfix.project.store import Project
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
writer._RETRY_SECONDS = 0.1
told = []
thread = writer.Writer(Project.create(Path(sys.argv[1])), on_failed=told.append)
thread.flush()
_, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, hard))
thread.submit(Batch(history=[Entry("person", "a", "x" * 9_000_000, "hand")]))
time.sleep(1)
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
ends = time.monotonic() + 20
while not thread.flush() and time.monotonic() < ends:
    time.sleep(0.1)
saved = thread.waiting == 0
thread.close()
print(f"told {bool(told)}, saved {saved}")
"""


def test_a_file_that_is_to_be_replaced_stays_if_the_new_one_cannot_be_made(path, monkeypatch):
    with Project.create(path) as project:
        project.write(entry("old"))

    def refuse(_connection):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr("napari_labelfix.project.schema.create", refuse)
        with pytest.raises(OutputError, match="The disk is full"):
            Project.create_in_place_of(path)
    assert history_of(path) == ["old"]
    Project.create_in_place_of(path).close()
    assert history_of(path) == []


def test_a_project_that_cannot_be_made_at_first_is_made_when_it_can(path, monkeypatch):
    monkeypatch.setattr(writer, "_RETRY_SECONDS", 0.02)
    failures, full = [], [True]

    def make():
        if full:
            raise OutputError("There is no room.")
        return Project.create(path)

    thread = Writer(make, on_failed=failures.append)
    thread.submit(entry("1"))
    while not failures:
        assert not thread.flush(0.05)
    full.clear()
    ends = time.monotonic() + 10
    while not thread.flush() and time.monotonic() < ends:
        time.sleep(0.01)
    thread.close()
    assert history_of(path) == ["1"]


def test_another_error_after_a_full_disk_is_no_full_disk(path, monkeypatch):
    monkeypatch.setattr(writer, "_RETRY_SECONDS", 0.02)
    errors = [DiskError("Full."), ProjectError("No.")]

    def work(_project):
        raise errors.pop(0)

    thread = Writer(Project.create(path), on_failed=lambda _: None)
    thread.call(work)
    ends = time.monotonic() + 10
    while errors and time.monotonic() < ends:
        time.sleep(0.01)
    assert thread.flush()
    assert not thread.stuck
    with pytest.raises(ProjectError, match="Really"):
        thread.call_and_wait(lambda _: (_ for _ in ()).throw(ProjectError("Really.")), 5)
    thread.close()
