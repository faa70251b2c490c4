# make demo   a newcomer's first minute: napari with a sample, or, with no display, pictures in demo_out/
# make test   the whole test suite, under a virtual screen where there is no display
# make lint   ruff and mypy
# make docs   the documentation, in site/
# The first of them sets everything up; PYTHON=... chooses the Python, ARGS=... is passed on.

BIN := .venv/bin
PYTEST := $(BIN)/pytest --numprocesses auto --maxprocesses 4 --dist loadgroup
VIRTUAL_SCREEN := xvfb-run --auto-servernum --server-args="-screen 0 1600x1000x24"

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint docs clean

help:
	@sed -n 's/^# //p' Makefile

setup: .venv/.ready

.venv/.ready: pyproject.toml tools/setup.sh
	@PYTHON="$(PYTHON)" tools/setup.sh all,test
	@touch $@

.venv/.ready-docs: .venv/.ready
	@PYTHON="$(PYTHON)" tools/setup.sh docs
	@touch $@

demo: .venv/.ready
	@$(BIN)/napari-labelfix demo $(ARGS)

# Without any screen Qt cannot open a window: then the GUI tests are left out, and that is said.
test: .venv/.ready
	@if [ "$$(uname -s)" != Linux ] || [ -n "$$DISPLAY$$WAYLAND_DISPLAY" ]; then \
		$(PYTEST) $(ARGS); \
	elif command -v xvfb-run >/dev/null; then \
		$(VIRTUAL_SCREEN) $(PYTEST) $(ARGS); \
	else \
		echo "No display and no xvfb-run: the GUI tests are left out. Install xvfb to run them."; \
		$(PYTEST) -m "not gui" $(ARGS); \
	fi

lint: .venv/.ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: .venv/.ready-docs
	$(BIN)/mkdocs build --strict

clean:
	rm -rf .venv site demo_out .pytest_cache .mypy_cache .ruff_cache
