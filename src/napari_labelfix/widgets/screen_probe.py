"""What Qt and OpenGL say of themselves; `doctor` runs it in a process of its own, which a bad driver may crash.

`python -m napari_labelfix.widgets.screen_probe` prints a JSON object per line, each as soon as it is known.
"""

from __future__ import annotations

import json
import sys

OPENGL_VERSION, OPENGL_RENDERER = 0x1F02, 0x1F01


def probe_qt() -> str:
    """Return the Qt binding in use, as "PyQt6 6.11.0"."""
    from qtpy import API_NAME, QtCore

    return f"{API_NAME}, Qt {QtCore.qVersion()}"


def probe_opengl() -> str:
    """Return version and renderer of the OpenGL that a window would get.

    Raises
    ------
    RuntimeError
        If Qt gets no OpenGL context.
    """
    from qtpy.QtGui import QGuiApplication, QOffscreenSurface, QOpenGLContext

    application = QGuiApplication(sys.argv[:1])
    surface, context = QOffscreenSurface(), QOpenGLContext()
    surface.create()
    if not (context.create() and context.makeCurrent(surface)):
        raise RuntimeError("Qt gets no OpenGL context")
    from vispy.gloo import gl  # napari's way to OpenGL, and the same for every Qt binding

    found = f"{gl.glGetParameter(OPENGL_VERSION)}, {gl.glGetParameter(OPENGL_RENDERER)}"
    context.doneCurrent()
    application.quit()
    return found


def main() -> None:
    """Print what is found; a part that fails ends the process."""
    for name, probe in (("qt", probe_qt), ("opengl", probe_opengl)):
        sys.stdout.write(json.dumps({name: probe()}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
