#!/usr/bin/env bash
# Makes a virtual environment, $VENV or else .venv, with the package and the extras given as $1, and, on Debian and
# Ubuntu, the system libraries that Qt and OpenGL need. Run by make; running it again is harmless.
set -euo pipefail
cd "$(dirname "$0")/.."

extras=${1:-all,test}
venv=${VENV:-.venv}
libraries=(
  xvfb xauth                                            # a virtual screen for the tests
  libegl1 libgl1 libglx-mesa0                           # OpenGL, in software where there is no GPU
  libglib2.0-0 libdbus-1-3 libfontconfig1               # Qt itself
  libxkbcommon-x11-0 libxcb-cursor0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-randr0
  libxcb-render-util0 libxcb-shape0 libxcb-xinerama0    # Qt on X11
)

say() { printf '%s\n' "setup: $*" >&2; }

# An array of the packages among "$@" that are not installed; newer releases add t64 to some names.
find_missing() {
  missing=()
  local package state
  for package in "$@"; do
    state=$(dpkg-query -W -f '${Status}\n' "$package" "${package}t64" 2>/dev/null || true)
    [[ $state == *"ok installed"* ]] || missing+=("$package")
  done
}

install_packages() {
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    sudo -n true 2>/dev/null || return 1
    as_root=(sudo -n)
  fi
  say "installing ${*}"
  "${as_root[@]}" apt-get update -qq &&
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

install_libraries() {
  [ "$(uname -s)" = Linux ] || return 0
  if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    say "If the window does not open, install what Qt and OpenGL need; on Debian: ${libraries[*]}."
    return 0
  fi
  find_missing "${libraries[@]}"
  [ ${#missing[@]} -eq 0 ] || install_packages "${missing[@]}" ||
    say "These system libraries are missing and could not be installed; ask for: sudo apt-get install ${missing[*]}"
}

find_python() {
  local candidate
  for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11 python}; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      echo "$candidate"
      return
    fi
  done
  say "Expected Python 3.11 or newer, but found none. Install it, or name it: make PYTHON=/path/to/python3.11"
  return 1
}

make_venv() {
  "$venv/bin/python" -m pip --version >/dev/null 2>&1 && return
  local python
  python=$(find_python)
  if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    local package
    package=$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
    if ! command -v apt-get >/dev/null || ! install_packages "$package"; then
      say "$python cannot make virtual environments. Install its venv module, on Debian: sudo apt-get install $package"
      return 1
    fi
  fi
  say "making $venv with $("$python" --version)"
  "$python" -m venv --clear "$venv"
}

install_libraries
make_venv
say "installing the package; the first time takes some minutes"
"$venv/bin/python" -m pip install --quiet --editable ".[$extras]"
say "done"
