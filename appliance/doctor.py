"""What is wrong with this installation, and what to do: one line a check, in the caller's language."""

from __future__ import annotations

import shutil
import stat
from collections.abc import Callable

from appliance import probe
from appliance.api.schemas.operation import Check
from appliance.audit.refusal import sentence
from appliance.errors import ApplianceError
from appliance.errors.log import REMEDY_EN, REMEDY_JA
from appliance.lexical.sudachi import terms
from appliance.models import Language
from appliance.store import changes
from appliance.wiring import Services

_LITTLE_DISK = 2 << 30  # bytes

_BOTH: tuple[Language, ...] = ("ja", "en")
Finding = tuple[str, str] | None  # Japanese and English; None where all is well
Examination = Callable[[Services], Finding]


def examine(services: Services, language: Language) -> list[Check]:
    """Every check; one that raises is a failed one, and the others go on."""
    return [_check(name, look, remedy, services, language) for name, look, remedy in _CHECKS]


def _check(name: str, look: Examination, remedy: tuple[str, str], services: Services, language: Language) -> Check:
    english = language == "en"
    try:
        found = look(services)
    except ApplianceError as error:
        return Check(name=name, state="failed", finding=error.text(language), remedy=remedy[english])
    except OSError as error:  # a file that is gone, or not ours any more: the others are examined all the same
        return Check(name=name, state="failed", finding=f"{error.filename}: {error.strerror}", remedy=remedy[english])
    if found is None:
        return Check(name=name, state="ok", finding="OK" if english else "正常", remedy="")
    return Check(
        name=name, state="warning" if name == "disk" else "failed", finding=found[english], remedy=remedy[english]
    )


def _private(services: Services) -> Finding:
    for path in (services.settings.home, services.settings.home / "keys" / "audit.key"):
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o077:
            return f"{path} は他の利用者も使えます（{mode:04o}）", f"{path} may be used by others ({mode:04o})"
    return None


def _disk(services: Services) -> Finding:
    free = shutil.disk_usage(services.settings.data).free
    if free >= _LITTLE_DISK:
        return None
    return f"空きは {free >> 20} MiB です", f"{free >> 20} MiB are free"


def _log(services: Services) -> Finding:
    found = services.audit.problems()
    said = {language: [sentence(problem, language) for problem in found] for language in _BOTH}
    return ("。".join(said["ja"]), "; ".join(said["en"])) if found else None


def _unfinished(services: Services) -> Finding:
    left = changes.open_changes(services.registry)
    return (f"未完了の変更 {len(left)} 件", f"{len(left)} unfinished changes") if left else None


def _agreement(services: Services) -> Finding:
    expected = set(services.registry.current_versions()) | {(probe.DOCUMENT, probe.VERSION)}
    held = {(document, version) for _, document, version, _ in services.index.inventory()}
    empty = {key for key in expected - held if not any(True for _ in services.registry.texts(*key))}
    lost, left = expected - held - empty, held - expected
    if not lost and not left:
        return None
    return (
        f"索引にない版 {len(lost)} 件、登録にない版 {len(left)} 件",
        f"{len(lost)} versions missing from the index, {len(left)} left over in it",
    )


def _words(services: Services) -> Finding:
    if probe.found_by_words(services.index, services.documents.probe_list, terms):
        return None
    return "語による検索が、既知の文を見つけません", "the search by words does not find a known passage"


def _meaning(services: Services) -> Finding:
    if probe.found_by_meaning(services.index, services.documents.probe_list, services.embedder):
        return None
    return "意味による検索が、既知の文を見つけません", "the search by meaning does not find a known passage"


_RESTART = (
    "サービスを再起動してください。起動時に登録と索引を照合します。",
    "Restart the service: it compares registry and index.",
)
_CHECKS: tuple[tuple[str, Examination, tuple[str, str]], ...] = (
    (
        "permissions",
        _private,
        ("chmod 0700（フォルダー）、0600（鍵）にしてください。", "chmod 0700 the folder, 0600 the key."),
    ),
    ("disk", _disk, ("空きを作るか、ディスクを増やしてください。", "Free some space, or add a disk.")),
    ("audit log", _log, (REMEDY_JA, REMEDY_EN)),
    ("unfinished changes", _unfinished, _RESTART),
    ("registry and index", _agreement, _RESTART),
    ("search by words", _words, _RESTART),
    ("search by meaning", _meaning, _RESTART),
)
