"""The laws of docs/architecture.md that can be checked without a window; each checker is shown to fail, too."""

import ast
import pickle
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from textwrap import dedent
from typing import NamedTuple

import pytest

import napari_labelfix

PACKAGE = "napari_labelfix"
ROOT = Path(napari_labelfix.__file__).parent
SOURCES = {
    ".".join(path.relative_to(ROOT.parent).with_suffix("").parts).removesuffix(".__init__"): path.read_text("utf-8")
    for path in ROOT.rglob("*.py")
}

# Law 1. A part imports from its own floor and from those below it, which are written above it.
FLOORS = [
    {"params", "annotations", "snapshots", "errors"},
    {"data", "networks", "losses", "metrics", "sample_data"},
    {"methods"},
    {"trainer"},
    {"project", "review", "io"},
    {"widgets"},
    {"cli", "__main__"},
]
FLOOR_OF = {part: floor for floor, parts in enumerate(FLOORS) for part in parts}
MAY_IMPORT_ONLY = {"sample_data": {"annotations", "errors", "sample_data"}}
WIDGET_FLOORS = [
    {"viewer"},
    {"parts"},
    {"annotating"},
    {"results"},
    {"running"},
    {"accepting", "editing"},
    {"reviewing", "saving", "exporting"},
]
WIDGETS = f"{PACKAGE}.widgets"
ONLY_FOR_A_TYPE = {("snapshots", f"{PACKAGE}.methods.checkpoint")}  # a snapshot carries a model
GUI = {"napari", "qtpy", "magicgui", "superqt", "pyqtgraph", "vispy", "PyQt5", "PyQt6", "PySide2", "PySide6"}


class Import(NamedTuple):
    module: str
    names: tuple[str, ...]
    typing_only: bool


def imports_of(source):
    """List the imports of a module, also those inside functions, under TYPE_CHECKING and by import_module("...")."""
    tree = ast.parse(source)
    guarded = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            guarded |= {inner for statement in node.body for inner in ast.walk(statement)}
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [Import(alias.name, (), node in guarded) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            found.append(Import(node.module, tuple(alias.name for alias in node.names), node in guarded))
        elif isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in ("import_module", "__import__"):
            found += [Import(arg.value, (), False) for arg in node.args[:1] if isinstance(arg, ast.Constant)]
    return found


def parts_of(imported):
    """Name the parts of the package that an import reaches: `from napari_labelfix import io` reaches io."""
    first, *rest = imported.module.split(".")
    if first != PACKAGE:
        return set()
    return {rest[0]} if rest else set(imported.names) & FLOOR_OF.keys()


def import_violations(sources):
    """Say which imports of these modules (name: source) break law 1."""
    found = []
    for module, source in sources.items():
        part = "".join(module.split(".")[1:2])
        if part not in FLOOR_OF and part != "":
            found.append(f"{module} stands on no floor")
            continue
        for imported in imports_of(source):
            if imported.module.split(".")[0] in GUI and part != "widgets":
                found.append(f"{module} imports {imported.module}")
            if imported.typing_only and (part, imported.module) in ONLY_FOR_A_TYPE:
                continue
            allowed = MAY_IMPORT_ONLY.get(part) or {p for p in FLOOR_OF if FLOOR_OF[p] <= FLOOR_OF.get(part, -1)}
            found += [f"{module} imports {PACKAGE}.{reached}" for reached in sorted(parts_of(imported) - allowed)]
    return found


def widget_violations(sources):
    """Say which modules in a folder of the widgets (name: source) import from a floor that is not below their own."""
    floor_of = {folder: floor for floor, folders in enumerate(WIDGET_FLOORS) for folder in folders}
    found = []
    for module, source in sources.items():
        folder, *inner = module.removeprefix(f"{WIDGETS}.").split(".")
        if not (module.startswith(f"{WIDGETS}.") and (inner or folder in floor_of)):
            continue  # a dock, or a window: it stands above all folders
        if folder not in floor_of:
            found.append(f"{module} stands on no floor")
            continue
        for imported in imports_of(source):
            if not imported.module.startswith(WIDGETS):
                continue
            paths = [imported.module] if imported.module != WIDGETS else [f"{WIDGETS}.{n}" for n in imported.names]
            reached = {path.split(".")[2] for path in paths} - {folder}
            found += [f"{module} imports {r}" for r in sorted(reached) if floor_of.get(r, 99) >= floor_of[folder]]
    return found


def find_circle(sources):
    """Return modules that import each other in a circle when they run, or []."""
    graph = {
        module: {
            target
            for imported in imports_of(source)
            if not imported.typing_only
            for target in (imported.module, *(f"{imported.module}.{name}" for name in imported.names))
            if target in sources and target != module
        }
        for module, source in sources.items()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return error.args[1]
    return []


def test_arrows_point_one_way():
    assert len(SOURCES) > 40
    assert import_violations(SOURCES) == []


def test_arrows_between_the_widgets_point_one_way():
    folders = {module.split(".")[2] for module in SOURCES if module.startswith(f"{WIDGETS}.") and module.count(".") > 2}
    assert folders == set().union(*WIDGET_FLOORS)
    assert widget_violations(SOURCES) == []


@pytest.mark.parametrize(
    ("module", "source", "violation"),
    [
        ("viewer.layers", "from napari_labelfix.widgets.parts.message import Message", "viewer.layers imports parts"),
        ("accepting.view", "def f():\n  from napari_labelfix.widgets import editing", "accepting.view imports editing"),
        ("saving.opening", "import napari_labelfix.widgets.project_dock", "saving.opening imports project_dock"),
        ("elsewhere.a", "", "elsewhere.a stands on no floor"),
    ],
)
def test_the_law_of_the_widgets_catches(module, source, violation):
    [found] = widget_violations({f"{WIDGETS}.{module}": source})
    assert violation in found


def test_no_modules_import_each_other_in_a_circle():
    assert find_circle(SOURCES) == []


@pytest.mark.parametrize(
    ("module", "source", "violation"),
    [
        (
            "io.read",
            "from napari_labelfix.widgets.viewer.layers import find",
            "io.read imports napari_labelfix.widgets",
        ),
        ("data.patches", "import napari_labelfix.methods.table", "data.patches imports napari_labelfix.methods"),
        ("params", "from napari_labelfix import cli", "params imports napari_labelfix.cli"),
        ("methods.a.run", "def f():\n  from napari_labelfix.trainer import x", "imports napari_labelfix.trainer"),
        ("metrics.overlap", "if TYPE_CHECKING:\n  import napari_labelfix.io.read", "imports napari_labelfix.io"),
        ("snapshots", "from napari_labelfix.methods.checkpoint import TrainedModel", "imports napari_labelfix.methods"),
        ("trainer.trainer", "import_module('napari_labelfix.io.read')", "trainer.trainer imports napari_labelfix.io"),
        ("sample_data.synthetic", "from napari_labelfix.metrics import overlap", "imports napari_labelfix.metrics"),
        ("cli.jobs", "def demo():\n    import napari", "cli.jobs imports napari"),
        ("io.napari_io", "import typing\nif typing.TYPE_CHECKING:\n  from napari.layers import Layer", "napari.layers"),
        ("review.actions", "from qtpy.QtCore import Signal", "review.actions imports qtpy.QtCore"),
        ("trainer.runs", "importlib.import_module('PyQt6.QtCore')", "trainer.runs imports PyQt6"),
        ("helpers", "", "helpers stands on no floor"),
        ("", "import napari_labelfix.params", "napari_labelfix imports napari_labelfix.params"),
    ],
)
def test_the_import_law_catches(module, source, violation):
    [found] = import_violations({f"{PACKAGE}.{module}".removesuffix("."): source})
    assert violation in found


def test_the_import_law_lets_good_modules_pass():
    good = {
        "napari_labelfix.widgets.dock": "import napari\nfrom napari_labelfix.trainer import start",
        "napari_labelfix.snapshots": "if TYPE_CHECKING:\n  from napari_labelfix.methods.checkpoint import TrainedModel",
        "napari_labelfix.methods.a.run": "import torch\nfrom napari_labelfix.networks.unet import build_unet",
        "napari_labelfix": "import importlib.metadata",
    }
    assert import_violations(good) == []


def test_the_circle_finder_catches_a_circle_and_leaves_types_out():
    circle = {
        "napari_labelfix.io.a": "from napari_labelfix.io import b",
        "napari_labelfix.io.b": "def f():\n  import napari_labelfix.io.a",
    }
    assert set(find_circle(circle)) == set(circle)
    circle["napari_labelfix.io.b"] = "if TYPE_CHECKING:\n  import napari_labelfix.io.a"
    assert find_circle(circle) == []


# Law 2. Another Python, so that what other tests have imported does not count.
HEAVY = {"torch", "torchvision", "segmentation_models_pytorch", "monai", "triton"}
SCIENCE = {"data", "networks", "losses", "methods"}  # the parts that may import torch ...
NO_TORCH_ALTHOUGH_THERE = {"table", "checkpoint", "params", "preview"}  # ... but not these modules of methods
NOT_FOR_IMPORT = "__main__"


def may_import_torch(module):
    parts = module.split(".")
    return parts[1:2] and parts[1] in SCIENCE and not (len(parts) > 2 and parts[-1] in NO_TORCH_ALTHOUGH_THERE)


MODULES = [module for module in sorted(SOURCES) if not module.endswith(NOT_FOR_IMPORT)]
GUI_PROCESS = [module for module in MODULES if not may_import_torch(module)]


def run_python(code, *arguments):
    """Run code in another Python and return what it prints."""
    command = [sys.executable, "-c", dedent(code), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout.strip()


def loaded_after_importing(modules, among):
    code = """
        import sys
        from importlib import import_module
        modules, among = (argument.split(",") for argument in sys.argv[1:])
        for module in modules:
            import_module(module)
        print(",".join(name for name in among if name in sys.modules))
    """
    return set(run_python(code, ",".join(modules), ",".join(sorted(among))).split(",")) - {""}


def test_the_list_of_modules_in_the_gui_process_is_whole():
    """The list is made by leaving out; these must be in it."""
    must = """params annotations snapshots methods.table methods.checkpoint methods.scribble2label.params trainer
    trainer.trainer trainer.runs trainer.messages io.read review.actions widgets.method_dock cli.jobs"""
    assert set(GUI_PROCESS) >= {f"{PACKAGE}.{module}" for module in must.split()}
    assert f"{PACKAGE}.methods.scribble2label.run" not in GUI_PROCESS


def test_what_the_gui_process_imports_leaves_torch_out(monkeypatch):
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    assert loaded_after_importing(GUI_PROCESS, HEAVY) == set()


def test_the_torch_check_sees_what_a_module_brings_along():
    assert loaded_after_importing([f"{PACKAGE}.methods.checkpoint"], {"json", "torch"}) == {"json"}


def test_the_package_is_imported_within_a_tenth_of_a_second_and_brings_nothing():
    code = f"""
        import sys, time
        before = set(sys.modules)
        started = time.perf_counter()
        import {PACKAGE}
        print(time.perf_counter() - started, *sorted(set(sys.modules) - before))
    """
    runs = [run_python(code).split() for _ in range(5)]
    assert min(float(seconds) for seconds, *_ in runs) < 0.1
    assert runs[0][1:] == [PACKAGE]


def test_the_science_runs_where_napari_is_not_installed():
    code = """
        import sys
        from importlib import import_module
        sys.modules |= dict.fromkeys(sys.argv[1].split(","))  # None: importing it raises ImportError
        for module in sys.argv[2].split(","):
            import_module(module)
    """
    without_gui = [module for module in MODULES if f"{PACKAGE}.widgets" not in module]
    assert len(without_gui) > 25
    run_python(code, ",".join(GUI), ",".join(without_gui))
    with pytest.raises(subprocess.CalledProcessError) as raised:
        run_python(code, ",".join(GUI), f"{PACKAGE}.widgets.layers")
    assert "ModuleNotFoundError" in raised.value.stderr


# Law 7. What reads a file must not run what is in it.
RUNS_CODE = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
MAY_UNPICKLE = {f"{PACKAGE}.trainer.messages"}  # from a process that we started, over its own pipe


def unsafe_loads(source):
    """List what could run code out of a file: pickle and its kin, torch.load and numpy.load without their locks."""
    found = []
    for imported in imports_of(source):
        if imported.module.split(".")[0] in RUNS_CODE:
            found.append(f"import {imported.module}")
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func)
        settings = {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords}
        if name == "torch.load" and settings.get("weights_only") != "True":
            found.append(ast.unparse(node))
        if name in ("np.load", "numpy.load") and settings.get("allow_pickle", "False") != "False":
            found.append(ast.unparse(node))
        if name in ("eval", "exec", "yaml.load", "yaml.unsafe_load", "pandas.read_pickle", "pd.read_pickle"):
            found.append(ast.unparse(node))
    return found


def test_no_module_can_run_code_out_of_a_file():
    unsafe = {module: found for module, source in SOURCES.items() if (found := unsafe_loads(source))}
    assert unsafe.keys() <= MAY_UNPICKLE
    for module in unsafe:
        assert unsafe[module] == ["import pickle"]


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from pickle import loads",
        "def f():\n    import joblib",
        "torch.load(path)",
        "torch.load(path, weights_only=False)",
        "torch.load(path, weights_only=trusted)",
        "np.load(path, allow_pickle=True)",
        "eval(text)",
        "yaml.load(text)",
    ],
)
def test_the_loading_law_catches(source):
    assert unsafe_loads(source)


@pytest.mark.parametrize(
    "source", ["torch.load(path, weights_only=True)", "np.load(path)", "np.load(path, allow_pickle=False)"]
)
def test_the_loading_law_lets_safe_loading_pass(source):
    assert unsafe_loads(source) == []


class Trap:
    """Leaves a file behind when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def test_a_pickle_given_as_weights_is_refused_and_not_run(tmp_path):
    from napari_labelfix.errors import ModelError
    from napari_labelfix.networks.unet import NetworkSpec, build_unet, load_unet, save_weights

    sprung = tmp_path / "sprung"
    trap = pickle.dumps(Trap(sprung))
    spec = NetworkSpec("microscopy", channels=1, classes=2)
    with pytest.raises(ModelError, match="saved weights do not fit"):
        load_unet(spec, trap)
    assert not sprung.exists()
    load_unet(spec, save_weights(build_unet(spec)))
    pickle.loads(trap)  # the trap does work
    assert sprung.exists()


def lambdas_on_timers(source):
    """List what is connected to a timer and is no method: garbage collection may take it to pieces while it waits.

    Qt deletes a widget later than Python forgets it; a timer that fires between the two would call into freed memory.
    """
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    return [
        ast.unparse(call)
        for call in calls
        if (ast.unparse(call.func).endswith(".timeout.connect") and not isinstance(call.args[0], ast.Attribute))
        or (ast.unparse(call.func).endswith(".singleShot") and isinstance(call.args[-1], ast.Lambda))
    ]


def test_timers_call_methods():
    assert {module: found for module, source in SOURCES.items() if (found := lambdas_on_timers(source))} == {}
    assert lambdas_on_timers("t.timeout.connect(lambda: self.look())") == ["t.timeout.connect(lambda: self.look())"]
    assert lambdas_on_timers("QTimer.singleShot(5, lambda: look())") == ["QTimer.singleShot(5, lambda: look())"]
    assert lambdas_on_timers("t.timeout.connect(self.look)\nQTimer.singleShot(5, self.look)") == []
