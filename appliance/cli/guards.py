"""Whether the sandbox of converters holds where this command runs, which is where `ingest` runs: containers differ."""

from __future__ import annotations

import subprocess
import sys

from appliance.api.schemas.operation import Check
from appliance.settings import Settings
from appliance.words import Words

# The converter's own child, with no file: it names the guards that hold, then the essential ones that do not.
_CHILD = (sys.executable, "-I", "-m", "ingest.convert", "--guards")
_SECONDS = 60.0
_NAME = "conversion guards"
_LABEL = Words(ja="変換の隔離", en="conversion guards")
_OK = Words(ja="正常（{held}）", en="OK ({held})")
_MISSING = Words(ja="使えないもの: {missing}", en="missing: {missing}")
_STATUS = Words(ja="終了コード {status}", en="exit status {status}")
_REMEDY = Words(
    ja="Landlock と seccomp が使える Linux 5.13 以降で実行してください。conversion_guards が既定の required なら、"
    "そろうまで文書は取り込めません。",
    en="Run it on Linux 5.13 or newer with Landlock and seccomp. With conversion_guards = required, the default, no "
    "document is taken in until they hold.",
)


def examine(settings: Settings, child: tuple[str, ...] = _CHILD) -> Check:
    """The guards that hold; failed where files are refused for want of one, a warning where they are converted."""
    done = subprocess.run(child, capture_output=True, text=True, timeout=_SECONDS, check=False)
    held, _, named = done.stdout.partition("\n")
    missing = _STATUS.filled(status=done.returncode) if done.returncode else named
    label, language = _LABEL.text(settings.language), settings.language
    if not missing:
        return Check(name=_NAME, label=label, state="ok", finding=_OK.text(language, held=held), remedy="")
    return Check(
        name=_NAME,
        label=label,
        state="warning" if settings.conversion_guards == "as-available" else "failed",
        finding=_MISSING.text(language, missing=missing),
        remedy=_REMEDY.text(language),
    )
