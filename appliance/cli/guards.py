"""Whether the sandbox of converters holds where this command runs, which is where `ingest` runs: containers differ."""

from __future__ import annotations

import subprocess
import sys

from appliance.api.schemas.operation import Check
from appliance.settings import Settings

# The converter's own child, with no file: it names the guards that hold, then the essential ones that do not.
_CHILD = (sys.executable, "-I", "-m", "ingest.convert", "--guards")
_SECONDS = 60.0
_NAME = "conversion guards"
_REMEDY = (
    "Landlock と seccomp が使える Linux 5.13 以降で実行してください。conversion_guards が既定の required なら、"
    "そろうまで文書は取り込めません。",
    "Run it on Linux 5.13 or newer with Landlock and seccomp. With conversion_guards = required, the default, no "
    "document is taken in until they hold.",
)


def examine(settings: Settings, child: tuple[str, ...] = _CHILD) -> Check:
    """The guards that hold; failed where files are refused for want of one, a warning where they are converted."""
    english = settings.language == "en"
    done = subprocess.run(child, capture_output=True, text=True, timeout=_SECONDS, check=False)
    held, _, missing = done.stdout.partition("\n")
    if done.returncode:
        missing = f"exit status {done.returncode}"
    if not missing:
        word = "OK" if english else "正常"
        return Check(name=_NAME, state="ok", finding=f"{word} ({held})", remedy="")
    weak = settings.conversion_guards == "as-available"
    finding = f"missing: {missing}" if english else f"使えないもの: {missing}"
    return Check(name=_NAME, state="warning" if weak else "failed", finding=finding, remedy=_REMEDY[english])
