"""Training on another computer, of which a stand-in for SSH makes this one."""

import sys

import pytest
from stand_in_ssh import install_stand_in
from toy_methods import ToyParams, toy_method, toy_model, toy_task
from waiting import gone, wait_for

from napari_labelfix.errors import InputError, ModelError, TrainingError
from napari_labelfix.trainer import known_computers
from napari_labelfix.trainer.computers import Computer
from napari_labelfix.trainer.known_computers import KnownComputers
from napari_labelfix.trainer.trial import start_trial

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a shell script")

LAB = Computer("anna@lab", "~/venv/python")
OTHER = Computer("gpu-server")


@pytest.fixture
def away(trainer, tmp_path, monkeypatch):
    """A trainer whose runs are on another computer."""
    install_stand_in(tmp_path, monkeypatch)
    trainer.move_to(LAB)
    return trainer


def start_toy(trainer, behaviour, **params):
    return trainer.start(toy_method(), toy_task(), ToyParams(behaviour=behaviour, **params))


def why_it_failed(run) -> str:
    with pytest.raises(TrainingError) as caught:
        list(run.snapshots())
    return str(caught.value)


def test_a_run_on_another_computer_is_as_one_on_this(away):
    run = start_toy(away, "count", steps=4)
    run.send(toy_task(marked=5))
    snapshots = list(run.snapshots())
    assert [snapshot.step for snapshot in snapshots] == [1, 2, 3, 4]
    assert snapshots[-1].metrics["marked"] == 5
    assert (snapshots[-1].proposals[0].labels == 4).all()
    assert (run.state, run.model.method) == ("finished", "toy")


def test_stop_ends_the_trainer_there_too(away):
    run = start_toy(away, "count", steps=100_000, pause=0.01)
    there = int(next(run.snapshots()).metrics["pid"])
    run.stop()
    wait_for(lambda: gone(there), 1)
    assert run.model is not None


def test_a_model_to_start_from_is_taken_along(away, tmp_path):
    folder = toy_model().save(tmp_path / "model")
    run = start_toy(away, "start_from_a_model", start_from=str(folder))
    (folder / "model.json").unlink()  # the other computer has no such file
    (snapshot,) = run.snapshots()
    assert snapshot.message == f"Started from toy, 1048576 bytes, in {folder}."


def test_a_model_that_is_not_there_is_told_before_anything_is_sent(away, tmp_path):
    with pytest.raises(ModelError, match=r"model\.json is missing"):
        start_toy(away, "start_from_a_model", start_from=str(tmp_path / "none"))


def test_one_moves_away_and_back(away, monkeypatch):
    away.warm_up()
    wait_for(lambda: away.ready)
    warm = away._warm
    away.move_to(LAB)  # where it is
    assert away._warm is warm
    away.move_to(None)
    assert not away.ready
    assert gone(warm.pid) or wait_for(lambda: not warm.alive, 1)
    monkeypatch.setenv("PATH", "")  # no SSH is needed here
    assert list(start_toy(away, "count", steps=1).snapshots())
    assert away.computer is None


def test_a_trial_tells_what_the_other_computer_trains_on(away):
    (snapshot,) = start_trial(LAB).snapshots()
    assert snapshot.message in ("processor, no GPU", "Apple GPU") or "NVIDIA" in snapshot.message


@pytest.mark.parametrize(
    ("computer", "sentence"),
    [
        (
            Computer("nowhere"),
            "The connection to nowhere failed or was lost (ssh: connect to host nowhere port 22: Connection refused). "
            "Your annotations are unchanged. Try it in a terminal: ssh nowhere",
        ),
        (
            Computer("closed"),
            "closed does not let this computer in without a password (closed: Permission denied (publickey).). Set up "
            "a key, in a terminal: ssh-copy-id closed",
        ),
        (
            Computer("lab", "no/such/python"),
            "There is no 'no/such/python' on lab. Give the path of the Python that napari-labelfix is installed for.",
        ),
    ],
    ids=["no answer", "no key", "no Python"],
)
def test_what_keeps_one_from_another_computer_is_told_with_what_to_do(away, computer, sentence):
    away.move_to(computer)
    assert why_it_failed(start_toy(away, "count")) == sentence


@pytest.mark.parametrize(
    ("status", "log", "part"),
    [
        (1, "/usr/bin/python3: No module named napari_labelfix", "is not installed for python3 on gpu-server"),
        (1, "ModuleNotFoundError: No module named 'napari_labelfix.trainer'", "is not installed for python3"),
        (3, "", "On gpu-server: The trainer ended unexpectedly (exit code 3)."),
        (137, "", "On gpu-server: The trainer was ended by the system (signal 9), most likely because memory ran out."),
        (139, "", "On gpu-server: The trainer crashed (signal 11, SIGSEGV)."),
        (255, "", "The connection to gpu-server failed or was lost (no reason was given)."),
    ],
)
def test_how_a_trainer_ended_elsewhere_is_told(status, log, part):
    assert part in OTHER.explain_exit(status, log)


@pytest.mark.parametrize("address", ["", "-oProxyCommand=rm", "two words", " lab"])
def test_an_address_that_cannot_be_one_is_refused(address):
    with pytest.raises(InputError, match="Expected an address such as"):
        Computer(address)


def test_without_a_python_there_is_no_computer():
    with pytest.raises(InputError, match="Expected the Python"):
        Computer("lab", " ")


def test_a_computer_without_ssh_says_so(monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(TrainingError, match="Install OpenSSH"):
        OTHER.command([])


def test_the_words_of_the_command_reach_the_other_shell_as_they_are(monkeypatch):
    monkeypatch.setattr("shutil.which", lambda _: "/bin/ssh")
    *_, dashes, address, line = Computer("lab", "~/my env/bin/python").command(["a.b"])
    assert (dashes, address) == ("--", "lab")
    assert line == "'my env/bin/python' -P -m napari_labelfix.trainer a.b; exit $?"


@pytest.fixture
def config(tmp_path, monkeypatch):
    monkeypatch.setattr(known_computers, "user_config_path", lambda *_, **__: tmp_path / "config")
    return tmp_path / "config" / "computers.json"


def test_chosen_computers_are_kept(config):
    assert KnownComputers.load() == KnownComputers()
    known = KnownComputers().choose(LAB).choose(OTHER)
    known.save()
    assert KnownComputers.load() == known == KnownComputers((LAB, OTHER), OTHER)
    known.choose(None).save()
    assert KnownComputers.load() == KnownComputers((LAB, OTHER), None)


def test_a_computer_with_another_python_takes_the_place_of_the_old_one(config):
    better = Computer(LAB.address, "other/python")
    assert KnownComputers().choose(LAB).choose(better).others == (better,)


def test_a_forgotten_computer_trains_no_longer(config):
    known = KnownComputers().choose(LAB).choose(OTHER)
    assert known.forget(OTHER) == KnownComputers((LAB,), None)
    assert known.forget(LAB) == KnownComputers((OTHER,), OTHER)


@pytest.mark.parametrize(
    "text",
    [
        "", "[]", "{}", '{"computers": [{"address": "-x"}], "chosen": null}',
        '{"computers": [{"address": "a", "python": null}], "chosen": "a"}',
    ],
)  # fmt: skip
def test_a_damaged_file_is_as_none(config, text):
    config.parent.mkdir()
    config.write_text(text)
    assert KnownComputers.load() == KnownComputers()


def test_a_choice_that_cannot_be_kept_is_no_error(config, caplog):
    config.parent.write_text("a file in the place of the folder")
    KnownComputers().choose(LAB).save()
    assert "cannot be kept" in caplog.text
