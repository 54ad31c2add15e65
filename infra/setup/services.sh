#!/usr/bin/env bash
# Installs what some tests need from the machine: Chromium for the portal's journeys, a Japanese font for its pictures, and
# strace, which sees connections that Python does not.
# For root on Debian or Ubuntu; a second run finds everything there and does nothing.
set -euo pipefail

wanted=(chromium fonts-noto-cjk strace)
# Debian's python3 comes without the module that makes virtual environments.
for candidate in "${PYTHON:-}" python3.11 python3.12 python3.13 python3; do
  [ -z "$candidate" ] || ! "$candidate" -I -c 'import sys, ensurepip, venv; assert sys.version_info >= (3, 11)' 2>/dev/null || able=yes
done
[ -n "${able:-}" ] || wanted+=(python3 python3-venv)

missing=()
for package in "${wanted[@]}"; do
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
done
if [ ${#missing[@]} = 0 ]; then
  echo "services: ${wanted[*]} are installed"
  exit
fi
if ! command -v apt-get >/dev/null; then
  echo "This machine has no apt-get. Install by its own means: ${missing[*]}. Tests that need them are skipped until then." >&2
  exit 1
fi
if [ "$(id -u)" != 0 ]; then
  echo "Installing ${missing[*]} needs root. Run: sudo make services. Tests that need them are skipped until then." >&2
  exit 1
fi

export DEBIAN_FRONTEND=noninteractive
apt=(apt-get -qq -o Acquire::Retries=3 -o DPkg::Lock::Timeout=600 -o Dpkg::Use-Pty=0)
# An installation that was cut off leaves packages half configured, and apt then refuses everything.
dpkg --configure -a </dev/null
"${apt[@]}" update </dev/null
"${apt[@]}" install --no-install-recommends -y "${missing[@]}" </dev/null >/dev/null
echo "services: installed ${missing[*]}"
