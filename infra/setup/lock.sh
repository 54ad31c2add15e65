#!/usr/bin/env bash
# Writes the locks under infra/locks from pyproject.toml, or checks that they are current.
#
#   infra/setup/lock.sh            refresh; pins that still fit stay
#   UPGRADE=all infra/setup/lock.sh    move every pin to its newest version;  UPGRADE=NAME  only that package
#   infra/setup/lock.sh check      write nothing; fail when a refresh would change something
#
# The locks hold for Python 3.11 and newer on every platform, with hashes and without the name of any registry.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
cd "$root"
infra/setup/environment.sh tools
uv=$root/var/setup/bin/uv
[ -x "$uv" ] || { echo "Locks are made with uv, which could not be installed (infra/locks/installer.txt)." >&2; exit 1; }
unset VIRTUAL_ENV

options=(--quiet --universal --python-version 3.11 --generate-hashes --no-build --no-emit-index-url --no-annotate --no-header)
case ${UPGRADE:-} in
  "") ;;
  all) options+=(--upgrade) ;;
  *) options+=(--upgrade-package "$UPGRADE") ;;
esac

# Each wider lock is constrained by the narrower one, so that a version is the same in all of them.
compile() {
  local folder=$1
  shift
  "$uv" pip compile "${options[@]}" "$@" --group setup -o "$folder/setup.txt" >/dev/null &&
    "$uv" pip compile "${options[@]}" "$@" --group installer -o "$folder/installer.txt" >/dev/null &&
    "$uv" pip compile "${options[@]}" "$@" pyproject.toml -o "$folder/base.txt" >/dev/null &&
    "$uv" pip compile "${options[@]}" "$@" pyproject.toml --group test -c "$folder/base.txt" -o "$folder/test.txt" >/dev/null &&
    "$uv" pip compile "${options[@]}" "$@" pyproject.toml --group test --group check -c "$folder/test.txt" \
      -o "$folder/check.txt" >/dev/null
}

if [ "${1:-}" != check ]; then
  compile infra/locks
  exit
fi

fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT
cp infra/locks/*.txt "$fresh"
# What uv remembers is enough where the pins still fit; only a change of pyproject.toml needs the registry.
compile "$fresh" --offline 2>/dev/null || { cp infra/locks/*.txt "$fresh"; compile "$fresh"; }
if ! diff -u infra/locks "$fresh"; then
  echo "The locks are not those of pyproject.toml. Run: make lock" >&2
  exit 1
fi
echo "locks: current ($(cat infra/locks/base.txt | grep -c '^[a-z0-9]') pins in base)"
