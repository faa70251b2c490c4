"""Help, tables, progress, doctor: what people read."""

from __future__ import annotations

import io
import subprocess
import sys
import urllib.request
from dataclasses import replace
from types import SimpleNamespace

import pytest
from rich.console import Console

import napari_labelfix
from napari_labelfix import cli
from napari_labelfix.cli import examination, tables
from napari_labelfix.cli.arguments import expand_patterns, read_params, repeat_flags
from napari_labelfix.cli.progress import Bar, Lines
from napari_labelfix.errors import InputError
from napari_labelfix.methods.checkpoint import TrainedModel
from napari_labelfix.methods.table import METHODS
from napari_labelfix.networks.shipped import FOLDER
from napari_labelfix.params import param_fields
from napari_labelfix.snapshots import Snapshot


def test_the_version_is_said_alone(call):
    ended = call("--version")
    assert (ended.code, ended.out) == (0, f"napari-labelfix {napari_labelfix.__version__}\n")


def test_every_job_is_in_the_help(call):
    ended = call("--help")
    assert ended.code == 0
    for job in ("run", "predict", "export", "compare", "open", "info", "verify", "demo", "doctor", "methods"):
        assert f" {job} " in ended.out


@pytest.mark.parametrize("job", ["doctor", "methods"])
def test_every_job_has_help(call, job):
    assert call(job, "--help").code == 0


@pytest.mark.parametrize("job", ["run", "predict", "export", "compare", "open", "info", "verify", "demo"])
def test_the_help_of_what_takes_something_ends_with_an_example(call, job, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    ended = call(job, "--help")
    assert ended.code == 0
    assert f"Example: napari-labelfix {job} " in " ".join(ended.out.split())


def test_sentences_of_the_help_go_on_to_the_end_of_the_line(call, monkeypatch):
    monkeypatch.setenv("COLUMNS", "400")
    sentence = "Those of label_upgrade and hovernet_stpp are labels. An image without annotations is labelled too."
    assert sentence in call("run", "--help").out


def test_methods_lists_every_parameter_with_its_default(call, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    ended = call("methods")
    assert ended.code == 0
    for method in METHODS.values():
        assert method.title in ended.out
        for described in param_fields(method.params):
            lines = [line for line in ended.out.splitlines() if line.split()[:1] == [described.name]]
            assert any(described.spec.help[:20] in line for line in lines)  # two methods may have one of that name


def test_help_and_methods_come_without_torch_and_napari():
    code = (
        "import sys\nfrom napari_labelfix.cli import main\n"
        "for words in (['run', '--help'], ['methods']):\n"
        "    try: main(words)\n"
        "    except SystemExit as end: assert not end.code\n"
        "assert not {'torch', 'napari', 'sklearn'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_parameters_may_begin_with_a_mark_of_the_byte_order(tmp_path):
    (tmp_path / "params.toml").write_text("seed = 7\n", encoding="utf-8-sig")
    assert read_params(METHODS["sissi"], tmp_path / "params.toml", []).seed == 7


def test_a_run_starts_from_the_results_of_another(tmp_path):
    from napari_labelfix.methods.starting import saved_start  # brings torch
    from napari_labelfix.networks.unet import NetworkSpec

    TrainedModel("another", {}, {}, b"").save(tmp_path / "results" / "model")
    for folder in ("results", "results/model"):
        with pytest.raises(InputError, match="has method 'another'"):  # so it was found
            saved_start(METHODS["sissi"].params(start_from=str(tmp_path / folder)), "toy", NetworkSpec("small", 1, 2))


@pytest.mark.parametrize(
    ("words", "repeated"),
    [
        ("run m --image a b --out c", "run m --image a --image b --out c"),
        ("--image a --image b c", "--image a --image b --image c"),
        ("--set a=1 b=-2 --seed 3", "--set a=1 --set b=-2 --seed 3"),
        ("--image=a b", "--image=a b"),
        ("methods", "methods"),
    ],
)
def test_several_values_of_a_flag_become_several_flags(words, repeated):
    assert repeat_flags(words.split()) == repeated.split()


def snapshots():
    for step in range(4):
        yield Snapshot("warm-up" if step < 2 else "self-labelling", step, 4, {"loss": 0.5, "confident": 0.25})


def test_patterns_become_the_files_that_they_fit(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("b.tif", "a.tif", "a [1].tif", "c.png"):
        (tmp_path / name).touch()
    words = ["run", "--image", "*.tif", "c.p?g", "a [[]1].tif", "a [*.tif", "--set", "note=*", "-*", "a.tif"]
    files = ["a [1].tif", "a.tif", "b.tif", "c.png", "a [[]1].tif", "a [1].tif"]
    assert expand_patterns(words) == ["run", "--image", *files, "--set", "note=*", "-*", "a.tif"]


@pytest.mark.parametrize(("system", "seen"), [("nt", ["a.tif", "b.tif"]), ("posix", ["*.tif"])])
def test_patterns_are_left_to_the_shell_where_it_knows_them(tmp_path, monkeypatch, system, seen):
    monkeypatch.chdir(tmp_path)
    for name in ("a.tif", "b.tif"):
        (tmp_path / name).touch()
    given = []
    monkeypatch.setattr(cli, "app", lambda words, **_: given.extend(words))
    monkeypatch.setattr(cli, "os", SimpleNamespace(name=system, environ={}))
    monkeypatch.setattr(sys, "argv", ["napari-labelfix", "predict", "--image", "*.tif"])
    cli.main()
    assert given == ["predict", *(word for path in seen for word in ("--image", path))]


def test_a_log_gets_a_line_per_stage(capsys):
    with Lines() as lines:
        lines.say("Loading.")
        for snapshot in snapshots():
            lines.show(snapshot)
    read = [line.split("s  ", 1)[1] for line in capsys.readouterr().out.splitlines()]
    assert read == [
        "Loading.",
        "warm-up  loss 0.500  confident 0.250",
        "self-labelling  2 of 4  loss 0.500  confident 0.250",
    ]


def test_a_terminal_gets_a_bar_that_fills():
    terminal = io.StringIO()
    with Bar(Console(file=terminal, force_terminal=True, width=120), budget=None) as bar:
        for snapshot in snapshots():
            bar.show(snapshot)
        bar.say("A sentence that stays.")
        task = bar._progress.tasks[0]
        assert task.completed == 0.75
    assert "A sentence that stays." in terminal.getvalue()
    assert "self-labelling  3 of 4" in terminal.getvalue()


def test_the_bar_fills_with_the_time_where_that_ends_sooner():
    with Bar(Console(file=io.StringIO(), force_terminal=True), budget=1e-9) as bar:
        bar.show(Snapshot("warm-up", 1, 100))
        assert bar._progress.tasks[0].completed == 1


def test_doctor_looks_at_everything(call, monkeypatch):
    def no_network(*args, **kwargs):
        raise OSError("no network")

    monkeypatch.setattr(urllib.request, "urlopen", no_network)
    monkeypatch.setenv("COLUMNS", "200")
    ended = call("doctor")
    assert ended.code == 0
    for what in (
        "Python",
        "torch",
        "device",
        "display",
        "Qt",
        "OpenGL",
        "weights: microscopy",
        "weights: guided",
        "weights: hover",
    ):
        assert f" {what} " in ended.out


def test_doctor_says_how_to_get_what_is_missing(monkeypatch):
    monkeypatch.setattr(examination, "PACKAGES", ("a-package-that-nobody-wrote",))
    monkeypatch.setattr(examination, "has_display", lambda: True)
    monkeypatch.setattr(examination, "_probe", lambda: ({}, "libEGL.so.1: cannot open shared object file"))
    findings = {finding.what: finding for finding in [*examination._packages(), *examination._screen()]}
    assert "pip install" in findings["a-package-that-nobody-wrote"].advice
    assert "libEGL.so.1" in findings["OpenGL"].found
    assert findings["OpenGL"].advice
    assert findings["Qt"].advice


def test_what_is_in_brackets_is_printed(monkeypatch, capsys, toy):
    monkeypatch.setenv("COLUMNS", "200")
    examination.report(iter([examination.Finding("Qt [x]", "[none] C:\\[y]", examination._INSTALL)]))
    printed = capsys.readouterr().out
    for text in ("Qt [x]", "[none] C:\\[y]", 'pip install "napari-labelfix[all]"'):
        assert text in printed
    monkeypatch.setattr(tables, "METHODS", {"toy": replace(toy, summary="Learns [red]nothing[/].", paper="[/ a]")})
    tables.print_methods()
    printed = capsys.readouterr().out
    assert "Learns [red]nothing[/]." in printed
    assert "[/ a]" in printed


def test_doctor_misses_weights_and_names_the_folder_of_others(monkeypatch, tmp_path):
    monkeypatch.setattr(urllib.request, "urlopen", lambda *_, **__: io.BytesIO())
    monkeypatch.setenv(FOLDER, str(tmp_path))
    (tmp_path / "guided.safetensors").write_bytes(b"mine")
    findings = {finding.what: finding for finding in examination._weights()}
    assert findings["weights: guided"].found == str(tmp_path)
    assert findings["weights: microscopy"].found == "missing"
    assert FOLDER in findings["weights: microscopy"].advice


def test_a_driver_that_crashes_is_a_finding(monkeypatch):
    monkeypatch.setattr(examination.sys, "executable", "false")
    assert examination._probe() == ({}, "ended with 1")
