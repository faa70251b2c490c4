"""What is installed, what is missing, and how to get it."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import urllib.request
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from rich.console import Console

from napari_labelfix.cli.display import has_display
from napari_labelfix.cli.looked_at import print_looked_at
from napari_labelfix.errors import ModelError
from napari_labelfix.networks.shipped import FOLDER, WEIGHTS, shipped_weights

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGES = (
    "napari-labelfix", "napari", "npe2", "qtpy", "numpy", "scipy", "scikit-image", "scikit-learn", "tifffile", "zarr",
    "torch", "torchvision", "segmentation-models-pytorch", "monai",
)  # fmt: skip
PROBE_SECONDS = 60
NETWORK_SECONDS = 4
_INSTALL = 'pip install "napari-labelfix[all]"'
_LIBRARIES = (
    "sudo apt-get install libegl1 libgl1 libglx-mesa0 libxkbcommon-x11-0 libdbus-1-3 libfontconfig1 libxcb-cursor0 "
    "libxcb-icccm4 libxcb-keysyms1 libxcb-shape0"
)


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at; `advice` says what to do about it, and is empty if all is well."""

    what: str
    found: str
    advice: str = ""


def examine() -> Iterator[Finding]:
    """Look at everything, one thing after the other; nothing here changes anything."""
    yield Finding("Python", f"{platform.python_version()}, {sys.executable}")
    yield Finding("system", f"{platform.platform()}, {os.cpu_count()} cores")
    yield from _packages()
    yield _device()
    yield from _screen()
    yield from _weights()


def report(findings: Iterator[Finding]) -> None:
    """Print the findings as a table, and how many need a person."""
    troubles = print_looked_at((finding.what, finding.found, finding.advice) for finding in findings)
    Console(highlight=False).print(f"{troubles} to look at." if troubles else "Everything is there.")


def _packages() -> Iterator[Finding]:
    for package in PACKAGES:
        try:
            yield Finding(package, version(package))
        except PackageNotFoundError:
            yield Finding(package, "not installed", f"Run: {_INSTALL}")


def _device() -> Finding:
    try:
        import torch
    except (ImportError, OSError) as error:  # OSError: a library that torch is linked with is missing
        return Finding("device", f"PyTorch does not load: {error}", f"Run: {_INSTALL}")
    if torch.cuda.is_available():
        properties = torch.cuda.get_device_properties(0)
        return Finding("device", f"cuda: {properties.name}, {properties.total_memory / 2**30:.0f} GiB")
    if torch.backends.mps.is_available():
        return Finding("device", "mps: the graphics processor of this Mac")
    return Finding("device", f"cpu, {torch.get_num_threads()} threads; no GPU, which is fine for small images")


def _screen() -> Iterator[Finding]:
    """Look at display, Qt and OpenGL; the last two in another process, which may crash."""
    display = has_display()
    no_display = (
        "" if display else "Work at a desktop, or under a virtual one: xvfb-run -a napari. The rest needs none."
    )
    yield Finding("display", "there is one" if display else "none", no_display)
    found, complaint = _probe()
    qt_advice = "" if "qt" in found else f"napari needs a Qt. Run: {_INSTALL}"
    yield Finding("Qt", found.get("qt", complaint), qt_advice)
    if not display:
        yield Finding("OpenGL", "not looked at, for want of a display")
    elif "opengl" in found:
        yield Finding("OpenGL", found["opengl"])
    else:
        update = f"Run: {_LIBRARIES}" if sys.platform == "linux" else "Update the graphics driver."
        yield Finding("OpenGL", complaint, update)


def _probe() -> tuple[dict[str, str], str]:
    """Return what the probe found, by name, and the last line of what it complained about."""
    command = [sys.executable, "-m", "napari_labelfix.widgets.screen_probe"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PROBE_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return {}, f"no answer within {PROBE_SECONDS} s"
    found: dict[str, str] = {}
    for line in done.stdout.splitlines():
        found |= json.loads(line)
    complaints = [line for line in done.stderr.splitlines() if line.strip()]
    return found, complaints[-1] if complaints else f"ended with {done.returncode}"


def _weights() -> Iterator[Finding]:
    """Look for the weights that the package ships, and for ImageNet weights of the larger encoders."""
    for shipped in WEIGHTS:
        try:
            shipped_weights(shipped)
        except ModelError as error:
            yield Finding(f"weights: {shipped}", "missing", str(error))
        else:
            yield Finding(f"weights: {shipped}", os.environ.get(FOLDER) or "in the package")
    name = "weights: ImageNet"
    try:
        from huggingface_hub import hf_hub_url, try_to_load_from_cache
        from segmentation_models_pytorch.encoders import encoders
    except ImportError as error:
        yield Finding(name, str(error), f"Run: {_INSTALL}")
        return
    where = encoders["resnet34"]["pretrained_settings"]["imagenet"]
    if isinstance(try_to_load_from_cache(filename="model.safetensors", **where), str):
        yield Finding(name, "resnet34 is on this machine")
        return
    request = urllib.request.Request(hf_hub_url(filename="config.json", **where), method="HEAD")
    try:
        urllib.request.urlopen(request, timeout=NETWORK_SECONDS).close()
    except OSError as error:
        advice = "Only needed for encoders other than microscopy; without them these start from scratch."
        reason = getattr(error, "reason", error)
        yield Finding(name, f"not on this machine, and their hub is not reached ({reason})", advice)
    else:
        yield Finding(name, "loaded from their hub on first use")
