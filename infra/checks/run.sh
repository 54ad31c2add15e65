#!/usr/bin/env bash
# Every check of the house, to the end, so that one run shows all that is wrong.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
failed=()

check() {
  local name=$1
  shift
  "$@" </dev/null || { failed+=("$name"); echo "^^^ $name failed: $*" >&2; }
}

python=.venv/bin/python
check lint "$python" -m ruff check -q .
check format "$python" -m ruff format -q --check .
check types "$python" -m mypy
check locks infra/setup/lock.sh check
check licences "$python" -m infra.checks.licences
check telemetry "$python" -m infra.checks.telemetry
check rules "$python" -m pytest -q -p no:cacheprovider tests/unit/house/test_imports.py tests/unit/house/test_words.py \
  tests/unit/house/test_sizes.py
check reference "$python" infra/reference/generate.py --check

if [ ${#failed[@]} != 0 ]; then
  echo "make check: failed: ${failed[*]}" >&2
  exit 1
fi
echo "make check: all good"
