# make demo   a newcomer's first minute: napari with a sample, or, with no display, pictures in demo_out/
# make test   the whole test suite, under a virtual screen where there is no display
# make test-oldest   the same with the oldest versions that pyproject.toml allows, in .venv-oldest, with Python 3.11
# make lint   ruff and mypy
# make docs   the documentation, in site/
# The first of them sets everything up; PYTHON=... chooses the Python, ARGS=... is passed on.

VENV := .venv
BIN := $(VENV)/bin
PYTEST := $(BIN)/pytest --numprocesses auto --maxprocesses 4 --dist loadgroup
VIRTUAL_SCREEN := xvfb-run --auto-servernum --server-args="-screen 0 1600x1000x24"

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-oldest lint docs clean

help:
	@sed -n 's/^# //p' Makefile

setup: $(VENV)/.ready

$(VENV)/.ready: pyproject.toml tools/setup.sh
	@VENV="$(VENV)" PYTHON="$(PYTHON)" tools/setup.sh all,test
	@touch $@

$(VENV)/.ready-docs: $(VENV)/.ready
	@VENV="$(VENV)" PYTHON="$(PYTHON)" tools/setup.sh docs
	@touch $@

demo: $(VENV)/.ready
	@$(BIN)/napari-labelfix demo $(ARGS)

# Without any screen Qt cannot open a window: then the GUI tests are left out, and that is said.
test: $(VENV)/.ready
	@if [ "$$(uname -s)" != Linux ] || [ -n "$$DISPLAY$$WAYLAND_DISPLAY" ]; then \
		$(PYTEST) $(ARGS); \
	elif command -v xvfb-run >/dev/null; then \
		$(VIRTUAL_SCREEN) $(PYTEST) $(ARGS); \
	else \
		echo "No display and no xvfb-run: the GUI tests are left out. Install xvfb to run them."; \
		$(PYTEST) -m "not gui" $(ARGS); \
	fi

# What is old warns of what is new, so warnings are no errors; that the texts are readable is said of newer themes.
test-oldest:
	@PIP_CONSTRAINT=tools/constraints-oldest.txt $(MAKE) test VENV=.venv-oldest PYTHON="$(or $(PYTHON),python3.11)" \
		ARGS="-W default -k 'not button_that_leads_on_is_readable' $(ARGS)"

lint: $(VENV)/.ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: $(VENV)/.ready-docs
	$(BIN)/mkdocs build --strict

clean:
	rm -rf .venv .venv-oldest site demo_out .pytest_cache .mypy_cache .ruff_cache
