"""The trainer's process: what comes back, and that it is gone when it should be."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest
from toy_methods import WEIGHTS, ToyParams, toy_method, toy_model, toy_task
from waiting import gone, wait_for

from napari_labelfix.annotations import Plane, Scribbles, Task
from napari_labelfix.errors import InputError, TrainingError
from napari_labelfix.snapshots import Snapshot
from napari_labelfix.trainer import process, start
from napari_labelfix.trainer.__main__ import step_back
from napari_labelfix.trainer.mailbox import Mailbox
from napari_labelfix.trainer.messages import Failed, Progress
from napari_labelfix.trainer.trainer import Trainer, TrainerRun

on_unix = pytest.mark.skipif(sys.platform == "win32", reason="signals")


def start_toy(trainer, behaviour, task=None, code="toy_methods", **params):
    return trainer.start(toy_method(code), task or toy_task(), ToyParams(behaviour=behaviour, **params))


def poll_until_it_fails(run) -> TrainingError:
    with pytest.raises(TrainingError) as caught:
        wait_for(lambda: run.poll() and False)
    assert run.state == "failed"
    assert run.poll() == []
    return caught.value


def test_a_run_yields_its_snapshots_and_ends_with_the_model(trainer):
    run = start_toy(trainer, "count", steps=4)
    snapshots = list(run.snapshots())
    assert [snapshot.step for snapshot in snapshots] == [1, 2, 3, 4]
    assert snapshots[-1].proposals[0].labels.flags.writeable
    assert (snapshots[-1].proposals[0].labels == 4).all()
    assert run.state == "finished"
    assert run.model.method == "toy"
    assert run.poll() == []
    wait_for(lambda: gone(run.pid), 1)


def test_a_model_is_applied_in_the_other_process_to_each_plane(trainer):
    run = trainer.apply(toy_method(), toy_model(), toy_task(), "cpu")
    snapshots = list(run.snapshots())
    assert [list(snapshot.proposals) for snapshot in snapshots] == [[0], [1]]
    for snapshot in snapshots:
        [belief] = snapshot.proposals.values()
        assert (belief.labels == len(WEIGHTS)).all()
        assert (belief.confidence == run.pid).all()
        assert run.pid != os.getpid()
    assert run.state == "finished"
    assert run.model.weights == WEIGHTS
    wait_for(lambda: gone(run.pid), 1)


def test_polling_never_waits_and_sees_every_step(trainer):
    run, steps = start_toy(trainer, "count", steps=3, pause=0.5), []
    while run.state == "running":
        began = time.perf_counter()
        steps += [snapshot.step for snapshot in run.poll()]
        assert time.perf_counter() - began < 0.25
        time.sleep(0.01)
    assert steps == [1, 2, 3]


def test_the_trainer_leaves_the_processor_to_others(trainer):
    (snapshot, *_) = start_toy(trainer, "count").snapshots()
    assert snapshot.metrics["niceness"] == (0 if sys.platform == "win32" else min(19, os.nice(0) + 10))


@pytest.mark.skipif(sys.platform != "linux", reason="Linux's way")
@pytest.mark.parametrize(("waiting", "policy"), [(1.4, "SCHED_IDLE"), (1.6, "SCHED_OTHER")])
def test_among_many_busy_programs_the_trainer_still_gets_its_share(monkeypatch, waiting, policy):
    monkeypatch.setattr(os, "getloadavg", lambda: (waiting * os.cpu_count(), 0, 0))
    chosen = [os.SCHED_OTHER]
    monkeypatch.setattr(os, "sched_setscheduler", lambda _pid, policy, _param: chosen.append(policy))
    monkeypatch.setattr(os, "nice", lambda _by: 10)
    monkeypatch.setattr(Path, "write_text", lambda *_: None)
    step_back()
    assert chosen[-1] == getattr(os, policy)


@pytest.mark.skipif(sys.platform != "linux", reason="Linux's way")
def test_when_memory_runs_out_the_system_ends_the_trainer_and_not_napari(trainer):
    run = start_toy(trainer, "sleep")
    wait_for(run.poll)
    assert Path(f"/proc/{run.pid}/oom_score_adj").read_text().strip() == "1000"


def test_new_annotations_are_taken_up_and_the_newest_win(trainer):
    run = start_toy(trainer, "count", toy_task(marked=1), steps=1000, pause=0.02)
    wait_for(run.poll)
    for marked in (5, 6, 7):
        run.send(toy_task(marked=marked))
    marked = [
        snapshot.metrics["marked"] for snapshot in wait_for(lambda: [s for s in run.poll() if s.metrics["marked"] > 1])
    ]
    assert set(marked) <= {5, 6, 7}
    wait_for(lambda: [s for s in run.poll() if s.metrics["marked"] == 7])


def test_annotations_sent_before_the_trainer_is_up_are_not_lost(trainer):
    run = start_toy(trainer, "count", toy_task(marked=1), steps=2)
    run.send(toy_task(marked=5))
    assert list(run.snapshots())[-1].metrics["marked"] == 5


def test_annotations_of_other_planes_are_refused(trainer):
    run = start_toy(trainer, "sleep")
    with pytest.raises(InputError, match="planes"):
        run.send(toy_task(shape=(7, 7)))
    with pytest.raises(InputError, match="planes"):
        run.send(Task(toy_task().planes[:1]))


@pytest.mark.parametrize("behaviour", ["count", "sleep", "compute_without_a_pause"])
def test_stop_ends_the_process_within_a_second_and_keeps_the_model(trainer, behaviour):
    run = start_toy(trainer, behaviour, steps=100_000, pause=0.001)
    wait_for(run.poll)
    began = time.monotonic()
    run.stop()
    assert time.monotonic() - began < 0.5
    wait_for(lambda: not psutil.pid_exists(run.pid), 1 - (time.monotonic() - began))
    assert run.state == "stopped"
    assert (run.model is None) == (behaviour == "compute_without_a_pause")
    run.stop()
    assert (run.state, run.poll(), list(run.snapshots())) == ("stopped", [], [])


def test_stop_before_anything_was_polled_still_has_the_model(trainer):
    run = start_toy(trainer, "count", steps=100_000, pause=0.001)
    wait_for(lambda: len(run._process.inbox))
    run.stop()
    assert run.model is not None


@pytest.mark.parametrize("warm", [True, False], ids=["warming up", "cold"])
def test_stop_ends_a_process_that_still_imports(trainer, warm, monkeypatch):
    trainer = Trainer(preload=["slow_toy_method"] if warm else [])
    run = start_toy(trainer, "count", code="slow_toy_method")
    wait_for(lambda: psutil.Process(run.pid).status() == psutil.STATUS_SLEEPING)
    time.sleep(0.3)
    run.stop()
    wait_for(lambda: not psutil.pid_exists(run.pid), 1)


@on_unix
def test_a_process_killed_from_outside_is_told_in_a_sentence(trainer):
    run = start_toy(trainer, "sleep")
    wait_for(run.poll)
    os.kill(run.pid, signal.SIGKILL)
    error = poll_until_it_fails(run)
    assert "ended by the system (signal 9), most likely because memory ran out" in error.reason
    assert run.model is not None


@on_unix
def test_a_crash_is_told_with_the_end_of_the_log(trainer):
    error = poll_until_it_fails(start_toy(trainer, "die_in_a_library"))
    assert "crashed (signal 11, SIGSEGV)" in error.reason
    assert "terminate called after throwing" in error.details
    assert "die_in_a_library" in error.details
    assert len(error.details) <= 20_000


@pytest.mark.parametrize(
    ("behaviour", "reason", "details"),
    [
        ("raise_runtime_error", "mat1 and mat2 shapes cannot be multiplied.", "in raise_runtime_error"),
        ("raise_memory_error", "ran out of memory", "MemoryError"),
        ("raise_input_error", "a has no scribbles. Draw some.", "in raise_input_error"),
        ("leave", "ended unexpectedly (exit code 3)", ""),
        ("no_such_function", "KeyError: 'no_such_function'", "in train"),
    ],
)
def test_an_error_of_the_method_arrives_as_a_sentence_with_its_traceback(trainer, behaviour, reason, details):
    error = poll_until_it_fails(start_toy(trainer, behaviour))
    assert reason in error.reason
    assert details in error.details


def test_a_method_that_does_not_load_is_told(trainer):
    error = poll_until_it_fails(start_toy(trainer, "count", code="no_such_package.run"))
    assert "does not load (No module named 'no_such_package')" in error.reason


def test_a_module_that_does_not_preload_harms_nobody_who_does_not_need_it(trainer):
    trainer = Trainer(preload=["no_such_package.run"])
    assert len(list(start_toy(trainer, "count").snapshots())) == 5


def test_a_run_does_not_wait_for_modules_that_it_does_not_need(trainer, tmp_path, monkeypatch):
    (tmp_path / "half_a_second.py").write_text("import time; time.sleep(0.5)")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), os.environ["PYTHONPATH"]]))
    trainer = Trainer(preload=["half_a_second", "slow_toy_method"])  # the latter takes ten minutes
    assert len(list(start_toy(trainer, "count").snapshots())) == 5


def test_what_came_before_an_error_is_not_lost(trainer):
    run = start_toy(trainer, "raise_runtime_error")
    wait_for(lambda: len(run._process.inbox) >= 2)
    assert [snapshot.step for snapshot in run.poll()] == [1]
    with pytest.raises(TrainingError):
        run.poll()
    assert run.model is not None


def test_snapshots_raise_the_error_too(trainer):
    with pytest.raises(TrainingError, match="ran out of memory"):
        list(start_toy(trainer, "raise_memory_error").snapshots())


class StandIn:
    """A process that says what it is told to say."""

    def __init__(self, *messages):
        self.inbox = Mailbox()
        for message in messages:
            self.inbox.put(message)

    def kill(self):
        self.inbox.close()


def test_the_first_reason_is_told_although_the_end_of_the_process_comes_while_it_waits():
    process = StandIn(Progress(Snapshot("toy", 0, 1)), Failed(TrainingError("the true reason")))
    run = TrainerRun(process, toy_task(), lambda _: None)
    assert len(run.poll()) == 1
    process.inbox.put(Failed(TrainingError("The trainer ended unexpectedly (exit code 0).")))
    assert poll_until_it_fails(run).reason == "the true reason"


def test_a_reason_that_waits_keeps_nobody_waiting():
    process = StandIn(Progress(Snapshot("toy", 0, 1)), Failed(TrainingError("the true reason")))
    snapshots = TrainerRun(process, toy_task(), lambda _: None).snapshots()
    assert next(snapshots).stage == "toy"
    with pytest.raises(TrainingError, match="the true reason"):
        next(snapshots)


def test_what_libraries_print_does_not_disturb(trainer):
    run = start_toy(trainer, "print_rubbish")
    assert [snapshot.step for snapshot in run.snapshots()] == [1, 2, 3, 4, 5]


def test_what_is_printed_before_the_trainer_is_up_does_not_disturb(trainer, tmp_path, monkeypatch):
    (tmp_path / "sitecustomize.py").write_text("print('Hello from', end=' ')")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), os.environ["PYTHONPATH"]]))
    assert len(list(start_toy(trainer, "count").snapshots())) == 5


def test_files_in_the_working_directory_are_not_imported(trainer, tmp_path, monkeypatch):
    (tmp_path / "numpy.py").write_text("raise SystemExit(7)")
    monkeypatch.chdir(tmp_path)
    assert len(list(start_toy(trainer, "count").snapshots())) == 5


def test_a_big_task_is_sent_without_waiting_even_while_the_trainer_imports(trainer, monkeypatch):
    monkeypatch.setenv("SLOW_IMPORT", "1")
    image = np.ones((10_000, 10_000), np.uint16)  # 200 MB
    task = Task((Plane("big", image, Scribbles(np.zeros(image.shape, np.uint8))),))
    trainer = Trainer(preload=["slow_toy_method"])
    began = time.perf_counter()
    run = start_toy(trainer, "weigh", task)
    run.send(task)
    run.poll()
    assert time.perf_counter() - began < 0.5
    (snapshot,) = run.snapshots()
    assert snapshot.metrics["image"] == image.size


def test_runs_follow_each_other_in_fresh_processes(trainer):
    first = list(start_toy(trainer, "count").snapshots())
    second = list(start_toy(trainer, "count").snapshots())
    assert first[0].metrics["pid"] != second[0].metrics["pid"]


def test_two_runs_do_not_see_each_other(trainer):
    runs = [start_toy(trainer, "count", toy_task(marked=marked)) for marked in (1, 2)]
    marked = [{snapshot.metrics["marked"] for snapshot in run.snapshots()} for run in runs]
    assert marked == [{1}, {2}]


def test_a_warm_process_is_used_and_replaced_when_its_run_ends(trainer):
    trainer.warm_up()
    trainer.warm_up()
    wait_for(lambda: trainer.ready)
    (warm,) = psutil.Process().children()
    run = start_toy(trainer, "sleep")
    assert run.pid == warm.pid
    assert not trainer.ready
    run.stop()
    wait_for(lambda: trainer.ready)
    assert [child.pid for child in psutil.Process().children()] != [warm.pid]


def test_a_warm_process_that_died_is_replaced(trainer):
    trainer.warm_up()
    wait_for(lambda: trainer.ready)
    psutil.Process().children()[0].kill()
    wait_for(lambda: not trainer.ready)
    assert len(list(start_toy(trainer, "count").snapshots())) == 5


def test_closing_the_trainer_stops_its_runs(trainer):
    run = start_toy(trainer, "sleep")
    wait_for(run.poll)
    trainer.close()
    assert run.state == "stopped"
    wait_for(lambda: not psutil.pid_exists(run.pid), 1)


def test_a_single_run_needs_no_trainer(trainer):
    run = start(toy_method(), toy_task(), ToyParams())
    assert len(list(run.snapshots())) == 5
    wait_for(lambda: not psutil.pid_exists(run.pid), 1)


_PARENT = """
import sys, time
from toy_methods import WEIGHTS, ToyParams, toy_method, toy_model, toy_task
from waiting import gone, wait_for
from napari_labelfix.trainer import Trainer
from napari_labelfix.trainer.__main__ import step_back
trainer = Trainer(preload=["slow_toy_method"] if sys.argv[1] == "importing" else [])
run = trainer.start(toy_method(), toy_task(), ToyParams(behaviour="sleep"))
while sys.argv[1] == "sleeping" and not run.poll():
    time.sleep(0.01)
print(run.pid, flush=True)
if sys.argv[2] == "lives":
    time.sleep(600)
"""


@on_unix
@pytest.mark.parametrize("moment", ["sleeping", "importing"])
@pytest.mark.parametrize("parent", ["lives", "ends"])
def test_no_trainer_outlives_the_program_that_started_it(trainer, moment, parent):
    with subprocess.Popen([sys.executable, "-c", _PARENT, moment, parent], stdout=subprocess.PIPE) as program:
        pid = int(program.stdout.readline())
        if parent == "lives":
            time.sleep(0.5 if moment == "importing" else 0)
            program.kill()
    wait_for(lambda: gone(pid), 3)


@on_unix
def test_ctrl_c_in_the_terminal_does_not_reach_the_trainer(trainer):
    run = start_toy(trainer, "count", steps=50, pause=0.01)
    wait_for(run.poll)
    assert os.getpgid(run.pid) != os.getpgid(0)
    assert os.getsid(run.pid) == os.getsid(0)  # in a session of its own, its low priority would not count
    os.kill(run.pid, signal.SIGINT)
    assert list(run.snapshots())[-1].step == 50


@pytest.mark.parametrize("executable", ["", None, "/opt/napari.app/napari"])
def test_a_program_without_a_python_is_told_what_to_do(monkeypatch, tmp_path, executable):
    monkeypatch.setattr(sys, "executable", executable)
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    trainer = Trainer(preload=[])
    trainer.warm_up()
    assert not trainer.ready
    with pytest.raises(TrainingError, match=r"needs a Python of its own.* Install napari and napari-labelfix with pip"):
        start_toy(trainer, "count")


@on_unix
def test_python_is_found_where_napari_runs_under_a_name_of_its_own(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "executable", str(tmp_path / "napari"))
    assert Path(process.find_python()).name in ("python3", "python")
    (tmp_path / "napari").symlink_to(Path(os.path.realpath(sys.prefix)) / "bin" / "python")
    assert process.find_python() == str(tmp_path / "napari")


def test_a_system_that_starts_no_process_is_told(monkeypatch):
    def refuse(*args, **options):
        raise OSError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(process.subprocess, "Popen", refuse)
    with pytest.raises(TrainingError, match=r"could not be started .*temporarily unavailable"):
        start_toy(Trainer(preload=[]), "count")


def test_a_task_that_cannot_be_sent_fails_the_run(trainer):
    task = toy_task()
    unsendable = Task((replace(task.planes[0], name=lambda: "a"),))
    assert "local object" in poll_until_it_fails(start_toy(trainer, "count", unsendable)).details


def test_only_planes_whose_annotation_is_another_are_sent(trainer, monkeypatch):
    task, sent = toy_task(), []
    run = start_toy(trainer, "count", task, steps=1000, pause=0.02)
    monkeypatch.setattr(run._process, "send", sent.append)
    run.send(task)
    assert sent == []
    first, second = task.planes
    changed = Task((first, replace(second, annotation=toy_task(marked=2).planes[0].annotation)))
    run.send(changed)
    run.send(changed)
    [message] = sent
    assert message.annotations == {1: changed.planes[1].annotation}
    run.stop()
