"""The appliance's own check of its log: an export is made and examined, exactly as an auditor would examine it."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path

from appliance.audit.examine import examine
from appliance.audit.export import export, selection
from appliance.audit.log import AuditLog
from appliance.models import Language


def check_log(log: AuditLog, room: Path, language: Language) -> list[str]:
    """What is wrong with the log, a sentence each. `room` is a folder on a disk with space for an export."""
    with tempfile.TemporaryDirectory(prefix="audit-check-", dir=room) as folder:
        target = Path(folder) / "export"
        export(log, target, selection(start=None, end=None, person=None), created=datetime.now(UTC))
        verdict = examine(target, log.key, None)
        return [problem.text(language) for problem in verdict.problems]
