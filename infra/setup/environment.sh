#!/usr/bin/env bash
# Makes .venv from a lock with hashes, or leaves it alone when it is current.
#
#   infra/setup/environment.sh base|test|check     .venv with that lock, or one that holds it (base < test < check)
#   infra/setup/environment.sh tools               only var/setup, the installer and the build backend
#
# PYTHON=...        which interpreter (>= 3.11); otherwise python3.11, 3.12, 3.13, python3, the first that works
# INSTALLER=pip     do not use uv
# Registries, mirrors and certificates are those that pip and uv are configured for on this machine.
set -euo pipefail
unset VIRTUAL_ENV PYTHONHOME PYTHONPATH PIP_USER PIP_TARGET PIP_PREFIX __PYVENV_LAUNCHER__

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
cd "$root"
script=infra/setup/environment.sh
stamp=.venv/.stamp            # written last: lock, fingerprint, interpreter
unfinished=.venv/.unfinished  # there while .venv is being changed: a kill half-way leaves it, and the next call starts afresh
tools=var/setup

die() {
  printf '%s\n' "$@" >&2
  exit 1
}

# The interpreter's version and home, or nothing when it cannot be run (a pyenv shim of a version that is not active).
interpreter() {
  "$1" -I -c 'import sys; print("%d.%d.%d" % sys.version_info[:3], sys.base_prefix)' 2>/dev/null || true
}

# 0: usable; 1: cannot be run or too old; 2: lacks venv.
judge() {
  "$1" -I -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || return 1
  "$1" -I -c 'import ensurepip, venv' 2>/dev/null || return 2
}

find_python() {
  local candidate verdict lacking=""
  for candidate in ${PYTHON:+"$PYTHON"} ${PYTHON:-python3.11 python3.12 python3.13 python3}; do
    verdict=0
    judge "$candidate" || verdict=$?
    case $verdict in
      0) printf '%s\n' "$candidate"; return ;;
      2) lacking=$candidate ;;
    esac
  done
  [ -z "$lacking" ] || die "$lacking cannot make virtual environments: its venv module is missing." \
    "On Debian and Ubuntu, as root: apt-get install python3-venv. Or name another interpreter: PYTHON=/path/to/python3 make ..."
  if [ -n "${PYTHON:-}" ]; then
    verdict=$(interpreter "$PYTHON" | cut -d' ' -f1)
    [ -n "$verdict" ] || die "PYTHON=$PYTHON cannot be run. Name an interpreter that can: PYTHON=/path/to/python3 make ..."
    die "PYTHON=$PYTHON is not a Python of version 3.11 or newer: $verdict"
  fi
  die "Python 3.11 or newer is needed; python3 here is $("python3" -V 2>&1 || echo missing)." \
    "Install one, or name it: PYTHON=/path/to/python3 make ..."
}

fingerprint() {
  { cat "infra/locks/$1.txt" infra/locks/setup.txt infra/locks/installer.txt pyproject.toml "$script"; echo "$root"; } |
    sha256sum | cut -d' ' -f1
}

# The locks that contain the given one.
holders() {
  case $1 in
    base) echo base test check ;;
    test) echo test check ;;
    check) echo check ;;
    *) die "There is no environment '$1'. Environments: base, test, check; or: tools" ;;
  esac
}

holds() { case " $(holders "$2") " in *" $1 "*) ;; *) return 1 ;; esac; }

current() {
  local made print home
  [ -f "$stamp" ] && [ ! -e "$unfinished" ] || return 1
  read -r made print home <"$stamp"
  holds "$made" "$1" && [ "$print" = "$(fingerprint "$made")" ] || return 1
  [ "$home" = "$(interpreter .venv/bin/python)" ] || return 1
  [ -z "${PYTHON:-}" ] || [ "$home" = "$(interpreter "$PYTHON")" ]
}

# uv knows nothing of pip's settings: hand over the index that pip was given, unless uv has one of its own.
share_index() {
  local index
  [ -z "${UV_DEFAULT_INDEX:-}${UV_INDEX_URL:-}${UV_CONFIG_FILE:-}" ] || return 0
  index=${PIP_INDEX_URL:-$("$tools/bin/python" -m pip config get global.index-url 2>/dev/null || true)}
  [ -z "$index" ] || export UV_DEFAULT_INDEX=$index
}

make_tools() {
  local mark
  mark="$(cat infra/locks/setup.txt infra/locks/installer.txt | sha256sum | cut -d' ' -f1) ${INSTALLER:-uv}"
  if [ "$(cat "$tools/.stamp" 2>/dev/null)" = "$mark" ] && "$tools/bin/python" -I -c 'import hatchling' 2>/dev/null; then
    return
  fi
  rm -rf "$tools"
  "$python" -m venv "$tools"
  "$tools/bin/python" -m pip install -q --require-hashes --no-deps --only-binary :all: -r infra/locks/setup.txt ||
    die "The build backend could not be installed. Is a package registry reachable (pip config list)?"
  [ "${INSTALLER:-uv}" = pip ] ||
    "$tools/bin/python" -m pip install -q --require-hashes --no-deps --only-binary :all: -r infra/locks/installer.txt ||
    echo "uv cannot be had here; pip installs the same lock, in about a minute."
  printf '%s\n' "$mark" >"$tools/.stamp"
}

empty_venv() {
  if [ -e .venv ] && [ ! -e "$unfinished" ] && [ ! -e .venv/pyvenv.cfg ]; then
    die ".venv is not a virtual environment. Move it away and try again."
  fi
  rm -rf .venv
  mkdir .venv
  : >"$unfinished"
  "$python" -m venv --without-pip .venv
}

have_uv() { [ -x "$tools/bin/uv" ] && [ "${INSTALLER:-uv}" != pip ]; }

with_uv() {
  have_uv || return 1
  share_index
  "$tools/bin/uv" pip sync -q -p .venv/bin/python --require-hashes --no-build --compile-bytecode "infra/locks/$1.txt"
}

with_pip() {
  empty_venv
  "$tools/bin/python" -m pip --python .venv/bin/python install -q --require-hashes --no-deps --only-binary :all: \
    -r "infra/locks/$1.txt" || die "The packages of infra/locks/$1.txt could not be installed; the reason is above."
}

install_project() {
  local folder
  folder=$(mktemp -d)
  "$tools/bin/python" -c 'import sys; from hatchling.build import build_editable; build_editable(sys.argv[1])' "$folder"
  if have_uv; then
    "$tools/bin/uv" pip install -q -p .venv/bin/python --no-deps --no-index --reinstall "$folder"/*.whl
  else
    "$tools/bin/python" -m pip --python .venv/bin/python install -q --no-deps --no-index --force-reinstall "$folder"/*.whl
  fi
  rm -rf "$folder"
}

make_environment() {
  local name=$1 home made _
  home=$(interpreter "$python")
  echo "Making .venv from infra/locks/$name.txt with Python ${home%% *} ..."
  if [ -e "$unfinished" ] || [ ! -e .venv/pyvenv.cfg ] || [ "$(interpreter .venv/bin/python)" != "$home" ]; then
    empty_venv
  fi
  rm -f "$stamp"
  : >"$unfinished"
  with_uv "$name" || with_pip "$name"
  install_project
  printf '%s %s %s\n' "$name" "$(fingerprint "$name")" "$home" >"$stamp"
  rm "$unfinished"
  echo "Made .venv in $SECONDS s."
}

name=${1:-}
[ "$name" = tools ] || { holders "$name" >/dev/null && ! current "$name"; } || exit 0
mkdir -p var
exec 9>var/setup.lock
flock -n 9 || { echo "Waiting for another process that makes the environment ..."; flock 9; }
SECONDS=0
python=$(find_python)
make_tools
if [ "$name" != tools ] && ! current "$name"; then
  # An environment that was widened for tests or checks stays wide, so that demo and test do not undo each other.
  if [ -f "$stamp" ]; then
    read -r made _ <"$stamp"
    holds "$made" "$name" && name=$made
  fi
  make_environment "$name"
fi
