"""Every figure of the house in one run: `make bench` (JSON=FILE: also written there).

Each bench is a process of its own, one after the other, so that the memory and the threads of one are not another's.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.bench.report import write

BENCHES = ("index", "question", "ingest", "audit")


def main() -> None:
    """Run them all; the first that fails ends the run with its code, after the others' figures are written."""
    figures: dict[str, object] = {}
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for name in BENCHES:
            file = Path(folder) / f"{name}.json"
            print(f"\n== {name}", flush=True)
            command = [sys.executable, "-m", f"tests.bench.{name}"]
            failed = failed or subprocess.run(command, env={**os.environ, "JSON": str(file)}, check=False).returncode
            if file.exists():
                figures[name] = json.loads(file.read_text(encoding="utf-8"))
    write(figures)
    sys.exit(failed)


if __name__ == "__main__":
    main()
