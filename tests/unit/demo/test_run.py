"""The demo ends whole: what it started does not go on behind it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
DEMO = """
import sys
from pathlib import Path
sys.path.insert(0, str(Path(sys.argv[1]) / "infra/demo"))
import run
here = Path(sys.argv[2])
run.BIN, run.HOME, run.questions, run.export = here, here / "home", list, lambda environ: None
run.ingest = lambda folder, environ: None
run.main()
"""
PORTAL = """#!/bin/sh
trap 'touch "$0.ended"; exit' TERM
echo http://127.0.0.1:1
while :; do sleep 0.1; done
"""


def test_a_sigterm_ends_the_portal_too(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home/settings.toml").touch()
    for name, script in (("portal", PORTAL), ("appliance", "#!/bin/sh\n")):
        (tmp_path / name).write_text(script)
        (tmp_path / name).chmod(0o755)
    environ = {**os.environ, "PYTHONUNBUFFERED": "1", "LANG": "C"}
    with subprocess.Popen(
        [sys.executable, "-c", DEMO, ROOT, tmp_path], env=environ, stdout=subprocess.PIPE, text=True
    ) as demo:
        assert demo.stdout is not None
        assert any("http://127.0.0.1:1" in line for line in demo.stdout)
        demo.send_signal(signal.SIGTERM)
        demo.stdout.read()

    assert (tmp_path / "portal.ended").exists()
