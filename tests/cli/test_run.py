"""`run`: what it writes, and what it says instead of writing."""

from __future__ import annotations

import dataclasses
import errno
import io
import json
import os
import sys
import tempfile

import numpy as np
import pytest
import tifffile

from napari_labelfix.methods.checkpoint import TrainedModel
from napari_labelfix.methods.table import METHODS


def run_words(files, *more):
    images, marks = files / "images", files / "marks"
    return ("run", "toy", "--image", images, "--annotations", marks, "--out", files / "out", *more)


def record_of(folder, name="run.json"):
    return json.loads((folder / name).read_text())


def test_run_writes_three_files_per_image_a_record_and_the_model(call, files):
    ended = call(*run_words(files, "--seed", 7))
    assert ended.code == 0, ended.err
    out = files / "out"
    names = [f"{stem}_{what}.tif" for stem in ("a", "c", "stack") for what in ("classes", "confidence", "labels")]
    assert sorted(os.listdir(out)) == sorted([*names, "model", "run.json"])
    for stem, shape in (("a", (20, 30)), ("c", (9, 11)), ("stack", (4, 20, 30))):
        labels, classes, confidence = (
            tifffile.imread(out / f"{stem}_{what}.tif") for what in ("labels", "classes", "confidence")
        )
        assert labels.shape == classes.shape == confidence.shape == shape
        assert (labels.dtype, classes.dtype, confidence.dtype) == (np.uint16, np.uint16, np.float32)
        assert (set(np.unique(labels)), set(np.unique(classes))) == ({0, 3}, {0, 1})
    assert TrainedModel.load(out / "model").weights == b"weights"
    assert ended.err == ""
    assert str(out) in ended.out


def test_the_record_tells_how_to_repeat_the_run_and_how_it_went(call, files):
    call(*run_words(files, "--seed", 7, "--device", "cpu"))
    record = record_of(files / "out")
    assert record["parameters"]["seed"] == record["seed"] == 7
    assert record["device"] == "cpu"
    assert {"python", "napari-labelfix", "torch"} <= record["versions"].keys()
    assert 0 <= record["seconds_to_first_proposal"] <= record["seconds"] < 60
    assert record["metrics"] == {"loss": pytest.approx(1 / 3)}
    assert record["messages"] == ["Toys are not science."]
    assert (record["ended"], record["steps"]) == ("finished", 3)
    assert len(record["fingerprint"]) == 64
    assert [len(names) for names in record["outputs"].values()] == [3, 3, 3]


def test_several_paths_may_follow_one_flag_or_each_its_own(call, files):
    images, marks = files / "images", files / "marks"
    one = ("run", "toy", "--image", images / "a.npy", images / "c.npy", "--annotations", marks / "a.npy")
    assert call(*one, "--out", files / "one").code == 0
    each = ("run", "toy", "--image", images / "a.npy", "--image", images / "c.npy", "--annotations", marks / "a.npy")
    assert call(*each, "--out", files / "each").code == 0
    assert sorted(os.listdir(files / "one")) == sorted(os.listdir(files / "each"))
    assert len(record_of(files / "one")["outputs"]) == 2


def test_flags_win_over_settings_and_settings_over_the_file(call, files):
    (files / "p.toml").write_text("steps = 5\npause = 0.001\nseed = 1\n")
    call(*run_words(files, "--params", files / "p.toml", "--set", "steps=4", "seed=2", "--seed", 3))
    parameters = record_of(files / "out")["parameters"]
    assert (parameters["steps"], parameters["pause"], parameters["seed"]) == (4, 0.001, 3)


def test_other_files_of_the_folder_stay_and_results_are_replaced(call, files):
    call(*run_words(files))
    (files / "out" / "notes.txt").write_text("mine")
    assert call(*run_words(files, "--set", "steps=2")).code == 0
    assert (files / "out" / "notes.txt").read_text() == "mine"
    assert tifffile.imread(files / "out" / "a_labels.tif").max() == 2
    assert not [name for name in os.listdir(files / "out") if name.startswith(".")]


def test_when_the_time_is_up_what_is_there_is_written(call, files):
    ended = call(*run_words(files, "--seconds", 0.3, "--set", "steps=100000", "pause=0.05"))
    assert ended.code == 0
    record = record_of(files / "out")
    assert record["ended"] == "time was up"
    assert 0.3 <= record["seconds"] < 5
    assert tifffile.imread(files / "out" / "a_labels.tif").max() == record["steps"]


def test_ctrl_c_stops_and_what_is_there_is_written(call, files):
    ended = call(*run_words(files, "--set", "fail=interrupt"))
    assert ended.code == 0
    assert record_of(files / "out")["ended"] == "interrupted"
    assert tifffile.imread(files / "out" / "a_labels.tif").max() == 1
    assert (files / "out" / "model" / "model.json").exists()


def test_an_error_of_the_method_is_a_sentence_and_what_had_come_until_then_is_written(call, files):
    ended = call(*run_words(files, "--set", "fail=error"))
    assert ended.code == 2
    assert "shapes differ" in ended.err
    assert "What had come until then is written." in ended.err
    assert ended.err.count("\n") == 1
    record = record_of(files / "out")
    assert record["ended"] == "failed"
    assert "shapes differ" in record["messages"][-1]
    assert tifffile.imread(files / "out" / "a_labels.tif").max() == 1
    assert (files / "out" / "model" / "model.json").exists()


def test_an_error_before_the_first_proposal_leaves_nothing(call, files):
    ended = call(*run_words(files, "--set", "fail=at once"))
    assert ended.code == 2
    assert "shapes differ" in ended.err
    assert not (files / "out").exists()


@pytest.mark.parametrize("again", ["run.json", "model/model.json"])
def test_a_run_is_repeated_with_the_parameters_in_its_record(call, files, again):
    assert call(*run_words(files, "--set", "steps=2", "--seed", "5")).code == 0
    words = ("--params", files / "out" / again, "--out", files / "again")
    ended = call("run", "toy", "--image", files / "images", "--annotations", files / "marks", *words)
    assert ended.code == 0, ended.err
    first, second = (record_of(files / name)["parameters"] for name in ("out", "again"))
    assert first == second
    assert (first["steps"], first["seed"]) == (2, 5)


def test_debugging_shows_the_traceback(files, monkeypatch):
    from napari_labelfix.cli import DEBUG, main
    from napari_labelfix.errors import InputError

    monkeypatch.setenv(DEBUG, "1")
    with pytest.raises(InputError):
        main(["run", "nothing", "--image", "a", "--annotations", "b", "--out", "c"])


def test_where_prediction_fails_as_the_training_did_what_there_is_is_written(call, files, toy, monkeypatch):
    def fail(*_):
        raise RuntimeError("out of memory")

    monkeypatch.setattr(sys.modules[toy.code], "predict", fail)
    ended = call(*run_words(files, "--set", "fail=error", "planes=2"))
    assert ended.code == 2
    assert "shapes differ" in ended.err, "what went wrong first"
    assert record_of(files / "out")["ended"] == "failed"
    assert (files / "out" / "a_labels.tif").exists()
    assert not (files / "out" / "stack_labels.tif").exists()


def test_planes_that_the_time_did_not_suffice_for_are_predicted(call, files):
    ended = call(*run_words(files, "--set", "planes=2"))
    assert "The run ended before 4 planes had a proposal: predicted by the model." in ended.out
    assert [tifffile.imread(files / "out" / f"{stem}_labels.tif").max() for stem in ("a", "c", "stack")] == [3, 3, 9]


def test_planes_whose_labels_are_still_as_they_were_given_are_finished_by_the_model(call, files, toy, monkeypatch):
    monkeypatch.setitem(METHODS, "toy", dataclasses.replace(toy, finish=toy.code))
    ended = call(*run_words(files, "--set", "given=yes"))
    assert "The run ended before 6 planes had a proposal: finished by the model." in ended.out
    assert [tifffile.imread(files / "out" / f"{stem}_labels.tif").max() for stem in ("a", "c", "stack")] == [8, 9, 8]


def test_planes_without_a_proposal_are_finished_with_their_annotation(call, files, toy, monkeypatch):
    monkeypatch.setitem(METHODS, "toy", dataclasses.replace(toy, finish=toy.code))
    ended = call(*run_words(files, "--set", "planes=1"))
    assert "The run ended before 5 planes had a proposal: finished by the model." in ended.out
    assert [tifffile.imread(files / "out" / f"{stem}_labels.tif").max() for stem in ("a", "c", "stack")] == [3, 9, 8]


def test_without_a_model_labels_stay_as_they_were_given_and_that_is_said(call, files):
    ended = call(*run_words(files, "--set", "given=yes", "model=no"))
    assert "Nothing has been made of the labels of 6 planes yet: they are as they were given." in ended.out
    assert ended.code == 0
    assert [tifffile.imread(files / "out" / f"{stem}_labels.tif").max() for stem in ("a", "c", "stack")] == [3, 3, 3]


def test_what_was_proposed_is_written_when_one_does_not_wait_for_the_rest_to_be_predicted(
    call, files, toy, monkeypatch
):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(sys.modules[toy.code], "predict", interrupt)
    ended = call(*run_words(files, "--set", "planes=2"))
    assert ended.code == 0
    assert "Interrupted. Writing what there is" in ended.out
    assert record_of(files / "out")["ended"] == "interrupted"
    assert [tifffile.imread(files / "out" / f"{stem}_labels.tif").max() for stem in "ac"] == [3, 3]
    assert not (files / "out" / "stack_labels.tif").exists()


def test_without_a_model_images_that_the_time_did_not_suffice_for_are_left_out(call, files):
    ended = call(*run_words(files, "--set", "planes=2", "model=no"))
    assert "The run ended before 4 planes had a proposal: not written." in ended.out
    assert "The run ended before there was a model" in ended.out
    assert sorted(record_of(files / "out")["outputs"]) == [str(files / "images" / f"{stem}.npy") for stem in "ac"]
    assert not (files / "out" / "stack_labels.tif").exists()
    assert not (files / "out" / "model").exists()


def test_a_run_without_a_model_sets_that_of_an_earlier_run_aside(call, files):
    call(*run_words(files))
    assert (files / "out" / "model" / "model.json").exists()
    for number in (1, 2):
        ended = call(*run_words(files, "--set", "model=no"))
        assert ended.code == 0
        assert not (files / "out" / "model").exists()
        assert (files / "out" / f"model_before_{number}" / "model.json").exists()
        assert f"now in {files / 'out' / f'model_before_{number}'}" in ended.out
        call(*run_words(files))


def test_files_that_no_run_has_written_are_not_replaced(call, files):
    (files / "out").mkdir()
    mine = files / "out" / "a_labels.tif"
    tifffile.imwrite(mine, np.full((20, 30), 7, np.int32))
    ended = call(*run_words(files))
    assert (ended.code, ended.err.count("\n")) == (2, 1)
    assert "a_labels.tif is there already and was not written by a run" in ended.err
    assert os.listdir(files / "out") == ["a_labels.tif"]
    assert tifffile.imread(mine).max() == 7


def test_results_that_a_person_has_corrected_since_are_not_replaced(call, files):
    call(*run_words(files))
    corrected = files / "out" / "a_labels.tif"
    tifffile.imwrite(corrected, np.full((20, 30), 7, np.int32))
    later = (files / "out" / "run.json").stat().st_mtime + 60
    os.utime(corrected, (later, later))
    for words in (run_words(files), ("predict", "--model", files / "out", "--image", files / "images" / "a.npy")):
        ended = call(*words, *(() if words[0] == "run" else ("--out", files / "out")))
        assert ended.code == 2
        assert "has been changed since" in ended.err
    assert tifffile.imread(corrected).max() == 7


def make_older(folder, seconds):
    """Let what lies in a folder be as old as if the next run came so much later."""
    for path in folder.rglob("*"):
        os.utime(path, (path.stat().st_mtime - seconds,) * 2)


def test_images_are_done_again_after_others_into_the_same_folder(call, files):
    out = files / "out"
    for stem in ("a", "stack") * 2:
        image, marks = files / "images" / f"{stem}.npy", files / "marks" / f"{stem}.npy"
        for words in (
            ("run", "toy", "--image", image, "--annotations", marks, "--out", out),
            ("predict", "--model", out, "--image", image, "--out", out / "new"),
        ):
            ended = call(*words)
            assert ended.code == 0, ended.err
        make_older(out, 100)
    for folder, name in ((out, "run.json"), (out / "new", "predict.json")):
        record = record_of(folder, name)
        assert list(record["outputs"]) == [str(files / "images" / "stack.npy")]
        assert list(record["earlier_outputs"]) == [str(files / "images" / "a.npy")]


def test_results_among_the_images_are_not_taken_for_images(call, files):
    images = files / "images"
    for _ in range(2):
        ended = call("run", "toy", "--image", images, "--annotations", files / "marks", "--out", images)
        assert ended.code == 0, ended.err
        ended = call("predict", "--model", images, "--image", images, "--out", images)
        assert ended.code == 0, ended.err
    assert len(list(images.glob("*_labels.tif"))) == len(list(images.glob("*.npy"))) == 3


def test_what_was_corrected_before_a_run_of_other_images_is_not_replaced_after_it(call, files):
    words = ("run", "toy", "--out", files / "out", "--image")
    assert call(*words, files / "images" / "a.npy", "--annotations", files / "marks" / "a.npy").code == 0
    make_older(files / "out", 100)
    tifffile.imwrite(files / "out" / "a_labels.tif", np.full((20, 30), 7, np.int32))
    make_older(files / "out", 100)
    assert call(*words, files / "images" / "stack.npy", "--annotations", files / "marks" / "stack.npy").code == 0
    ended = call(*words, files / "images" / "a.npy", "--annotations", files / "marks" / "a.npy")
    assert (ended.code, "a_labels.tif is there already" in ended.err) == (2, True)
    kept = record_of(files / "out")["earlier_outputs"][str(files / "images" / "a.npy")]
    assert kept == ["a_classes.tif", "a_confidence.tif"]


def test_files_of_an_image_that_only_an_earlier_run_wrote_go(call, files):
    call(*run_words(files))
    record = record_of(files / "out")
    record["outputs"][str(files / "images" / "a.npy")].append("a_heatmap.tif")
    (files / "out" / "a_heatmap.tif").write_bytes(b"of an earlier method")
    (files / "out" / "run.json").write_text(json.dumps(record))
    assert call(*run_words(files)).code == 0
    assert not (files / "out" / "a_heatmap.tif").exists()
    assert (files / "out" / "a_labels.tif").exists()


def test_what_a_run_reads_is_not_replaced_by_its_results(call, files):
    call(*run_words(files))
    earlier = files / "out" / "a_labels.tif"
    words = ("run", "toy", "--image", files / "images" / "a.npy", "--annotations", earlier, "--out", files / "out")
    ended = call(*words)
    assert (ended.code, ended.err.count("\n")) == (2, 1)
    assert "is what the run reads" in ended.err


def test_a_folder_named_model_that_is_not_ours_stays(call, files):
    (files / "out" / "model").mkdir(parents=True)
    (files / "out" / "model" / "model.safetensors").write_text("mine")
    assert call(*run_words(files, "--set", "model=no")).code == 0
    assert (files / "out" / "model" / "model.safetensors").read_text() == "mine"


def test_a_run_without_any_proposal_writes_nothing(call, files):
    ended = call(*run_words(files, "--set", "planes=0"))
    assert (ended.code, ended.err.count("\n")) == (2, 1)
    assert "before there was a proposal" in ended.err
    assert not (files / "out").exists()


def one_image(files, name, pixels):
    path = files / "bad" / name
    path.parent.mkdir(exist_ok=True)
    np.save(path, pixels)
    return ["--image", path]


BAD_INPUT = {
    "a missing image": (lambda f: ["--image", f / "nothing.tif"], "There is no file"),
    "a missing annotation": (lambda f: ["--annotations", f / "nothing.tif"], "There is no file"),
    "an empty folder": (lambda f: ["--image", f], "There is no image in"),
    "a text": (lambda f: ["--image", write(f / "a.png", "hello")], "not an image that can be read"),
    "an unknown kind": (lambda f: ["--image", write(f / "notes.txt", "hello")], "of a kind that cannot be read"),
    "sizes that differ": (lambda f: one_image(f, "a.npy", np.eye(21)), "is 21 x 21 but"),
    "NaN": (lambda f: one_image(f, "a.npy", np.full((20, 30), np.nan)), "every pixel is NaN or infinite"),
    "a constant image": (lambda f: one_image(f, "a.npy", np.ones((20, 30))), "is constant"),
    "annotations without an image": (lambda f: ["--image", f / "images" / "a.npy"], "annotations: stack"),
    "an unknown parameter": (lambda f: ["--set", "nonsense=3"], "Unknown parameter 'nonsense'"),
    "a parameter out of range": (lambda f: ["--set", "steps=0"], "Expected steps"),
    "a setting without a value": (lambda f: ["--set", "steps"], "Expected --set name=value"),
    "an unknown device": (lambda f: ["--device", "abacus"], "Expected device to be one of auto, cpu"),
    "a parameter file that is not there": (lambda f: ["--params", f / "no.toml"], "cannot be read (No such file"),
    "a record without parameters": (lambda f: ["--params", write(f / "p.json", "[1]")], "Expected the record of a run"),
    "parameters of another method": (
        lambda f: ["--params", write(f / "run.json", '{"method": "sissi", "parameters": {"seed": 3}}')],
        "run.json has the parameters of sissi, but toy is to be run. Give the run.json of a run of toy, or --set.",
    ),
    "a parameter file that is not TOML": (lambda f: ["--params", write(f / "p.toml", "steps: 3")], "Expected TOML"),
    "a folder that is a file": (lambda f: ["--out", write(f / "file", "")], "is a file, but a folder is wanted"),
}


def write(path, text):
    path.write_text(text)
    return path


@pytest.mark.parametrize("case", BAD_INPUT)
def test_bad_input_is_one_sentence_with_exit_code_2_and_nothing_is_written(call, files, case):
    make, sentence = BAD_INPUT[case]
    given = dict([make(files)])
    if case != "annotations without an image":
        given.setdefault("--annotations", files / "marks" / "a.npy")
    flags = {"--image": files / "images", "--annotations": files / "marks", "--out": files / "out"} | given
    before = sorted(files.rglob("*"))
    ended = call("run", "toy", *(word for pair in flags.items() for word in pair))
    assert ended.code == 2
    assert sentence in ended.err
    assert ended.err.count("\n") == 1
    assert ended.err.startswith("napari-labelfix: ")
    assert sorted(files.rglob("*")) == before


def test_an_unknown_method_is_told(call):
    ended = call("run", "magic", "--image", "a", "--annotations", "b", "--out", "c")
    assert (ended.code, ended.err.count("\n")) == (2, 1)
    assert "There is no method 'magic'. Choose from scribble2label" in ended.err


@pytest.mark.parametrize(
    ("code", "sentence"), [(errno.ENOSPC, "The disk is full"), (errno.EACCES, "There is no permission to write")]
)
def test_a_disk_that_fills_up_while_writing_leaves_nothing(call, files, monkeypatch, code, sentence):
    written = []
    really_write = tifffile.imwrite

    def write_some(path, *args, **kwargs):
        if len(written) == 4:
            raise OSError(code, os.strerror(code))
        written.append(path)
        really_write(path, *args, **kwargs)

    monkeypatch.setattr(tifffile, "imwrite", write_some)
    ended = call(*run_words(files))
    assert (ended.code, ended.err.count("\n")) == (2, 1)
    assert sentence in ended.err
    assert len(written) == 4
    assert not (files / "out").exists()
    assert "instead" not in ended.err


def test_what_a_run_has_found_is_kept_elsewhere_when_its_disk_is_full(call, files, monkeypatch):
    really_write = tifffile.imwrite

    def write_elsewhere(path, *args, **kwargs):
        if files / "out" in path.parents:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        really_write(path, *args, **kwargs)

    (files / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(files / "temporary"))
    monkeypatch.setattr(tifffile, "imwrite", write_elsewhere)
    ended = call(*run_words(files))
    assert (ended.code, ended.err.count("\n")) == (2, 1)
    assert not (files / "out").exists()
    [kept] = (files / "temporary").iterdir()
    assert f"The disk is full, so {files / 'out'}" in ended.err
    assert f"What the run has found is in {kept} instead" in ended.err
    assert {"run.json", "model", "a_labels.tif"} <= set(os.listdir(kept))


def test_a_folder_that_cannot_be_written_is_told_before_the_training(call, files, monkeypatch):
    def refuse(*args, **kwargs):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("tempfile.mkdtemp", refuse)
    ended = call(*run_words(files))
    assert (ended.code, ended.err.count("\n")) == (2, 1)
    assert "There is no permission to write" in ended.err
    assert "Toy" not in ended.out


@pytest.mark.parametrize("marks", [[], [1], [2]])
def test_scribbles_that_teach_nothing_are_told(call, files, marks):
    """With the real method: empty scribbles, and scribbles of one class only."""
    scribbles = np.zeros((20, 30), np.uint8)
    for value in marks:
        scribbles[5, 5:9] = value
    np.save(files / "marks" / "a.npy", scribbles)
    words = ("--image", files / "images" / "a.npy", "--annotations", files / "marks" / "a.npy", "--out", files / "out")
    ended = call("run", "scribble2label", *words)
    assert (ended.code, ended.err.count("\n")) == (2, 1)
    assert "scribble" in ended.err.lower()
    assert not (files / "out").exists()


def test_results_serve_as_annotations_and_may_lie_among_them(call, files):
    assert call(*run_words(files)).code == 0
    again = call("run", "toy", "--image", files / "images", "--annotations", files / "out", "--out", files / "again")
    assert again.code == 0, again.err
    among = ("run", "toy", "--image", files / "images", "--annotations", files / "marks", "--out", files / "marks")
    for _ in range(2):
        ended = call(*among)
        assert ended.code == 0, ended.err


def test_a_name_that_is_too_long_for_the_results_is_told_before_the_training(call, files):
    name = "x" * 245
    np.save(files / f"{name}.npy", np.random.default_rng(0).random((20, 30)))
    ended = call(
        "run",
        "toy",
        "--image",
        files / f"{name}.npy",
        files / "images",
        "--annotations",
        files / "marks",
        "--out",
        files / "out",
    )
    assert ended.code == 2
    assert "was not written: File name too long" in ended.err
    assert "Toy" not in ended.out
    assert not (files / "out").exists()


def test_out_that_is_a_file_is_told(call, files):
    (files / "out").write_text("notes")
    ended = call(*run_words(files))
    assert f"{files / 'out'} is a file, but a folder is wanted. Choose another place." in ended.err
    assert (files / "out").read_text() == "notes"


@pytest.mark.skipif(sys.platform != "linux", reason="there a file's name may be any bytes")
def test_names_that_are_not_utf_8_are_taken_and_printed(call, files, monkeypatch):
    name = os.fsdecode(b"z\xe4hl")
    for folder in ("images", "marks"):
        (files / folder / "a.npy").rename(files / folder / f"{name}.npy")
    (files / "images" / "c.npy").unlink()
    printed = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(printed, encoding="utf-8"))
    ended = call(*run_words(files, "--out", files / name))
    assert ended.code == 0, ended.err
    sys.stdout.flush()
    assert b"z\\udce4hl" in printed.getvalue()
    assert (files / name / f"{name}_labels.tif").exists()
    assert str(files / "images" / f"{name}.npy") in record_of(files / name)["outputs"]
    assert call("predict", "--model", files / name, "--image", files / "images", "--out", files / "out").code == 0


def test_pixels_without_a_number_are_told(call, files):
    stitched = np.load(files / "images" / "a.npy").astype(np.float32)
    stitched[:, :3] = np.nan
    np.save(files / "images" / "a.npy", stitched)
    flags = ["--image", files / "images", "--annotations", files / "marks", "--out", files / "out"]
    ended = call("run", "toy", *flags)
    sentence = "10 % of the pixels of a are NaN or infinite. They are taken as empty."
    assert sentence in " ".join(ended.out.split()), ended.err
    assert sentence in json.loads((files / "out" / "run.json").read_text())["messages"]
