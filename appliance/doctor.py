"""What is wrong with this installation, and what to do: one line a check, in the caller's language."""

from __future__ import annotations

import shutil
import stat
from collections.abc import Callable
from dataclasses import dataclass

from appliance import probe
from appliance.api.schemas.operation import Check, CheckState
from appliance.audit.refusal import sentence
from appliance.errors import ApplianceError
from appliance.errors.log import REMEDY_EN, REMEDY_JA
from appliance.lexical.sudachi import terms
from appliance.models import Language
from appliance.store import changes
from appliance.wiring import Services
from appliance.words import Words

_LITTLE_DISK = 2 << 30  # bytes

_BOTH: tuple[Language, ...] = ("ja", "en")
Finding = Words | None  # None where all is well
_OK = Words(ja="正常", en="OK")


@dataclass(frozen=True, slots=True)
class _Check:
    """`name` is for programs, `label` for people."""

    name: str
    label: Words
    look: Callable[[Services], Finding]
    remedy: Words


def examine(services: Services, language: Language) -> list[Check]:
    """Every check; one that raises is a failed one, and the others go on."""
    return [_check(check, services, language) for check in _CHECKS]


def _check(check: _Check, services: Services, language: Language) -> Check:
    found, state = _found(check, services)
    return Check(
        name=check.name,
        label=check.label.text(language),
        state=state,
        finding=(found or _OK).text(language),
        remedy="" if found is None else check.remedy.text(language),
    )


def _found(check: _Check, services: Services) -> tuple[Finding, CheckState]:
    try:
        found = check.look(services)
    except ApplianceError as error:
        return Words(ja=error.text("ja"), en=error.text("en")), "failed"
    except OSError as error:  # a file that is gone, or not ours any more: the others are examined all the same
        said = f"{error.filename}: {error.strerror}"
        return Words(ja=said, en=said), "failed"
    if found is None:
        return None, "ok"
    return found, "warning" if check.name == "disk" else "failed"


def _private(services: Services) -> Finding:
    for path in (services.settings.home, services.settings.home / "keys" / "audit.key"):
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o077:
            return Words(
                ja=f"{path} は他の利用者も使えます（{mode:04o}）", en=f"{path} may be used by others ({mode:04o})"
            )
    return None


def _disk(services: Services) -> Finding:
    free = shutil.disk_usage(services.settings.data).free
    if free >= _LITTLE_DISK:
        return None
    return Words(ja=f"空きは {free >> 20} MiB です", en=f"{free >> 20} MiB are free")


def _log(services: Services) -> Finding:
    found = services.audit.problems()
    said = {language: [sentence(problem, language) for problem in found] for language in _BOTH}
    return Words(ja="。".join(said["ja"]), en="; ".join(said["en"])) if found else None


def _unfinished(services: Services) -> Finding:
    left = changes.open_changes(services.registry)
    return Words(ja=f"未完了の変更 {len(left)} 件", en=f"{len(left)} unfinished changes") if left else None


def _agreement(services: Services) -> Finding:
    expected = set(services.registry.current_versions()) | {(probe.DOCUMENT, probe.VERSION)}
    held = {(document, version) for _, document, version, _ in services.index.inventory()}
    empty = {key for key in expected - held if not any(True for _ in services.registry.texts(*key))}
    lost, left = expected - held - empty, held - expected
    if not lost and not left:
        return None
    return Words(
        ja=f"索引にない版 {len(lost)} 件、登録にない版 {len(left)} 件",
        en=f"{len(lost)} versions missing from the index, {len(left)} left over in it",
    )


def _words(services: Services) -> Finding:
    if probe.found_by_words(services.index, services.documents.probe_list, terms):
        return None
    return Words(ja="語による検索が、既知の文を見つけません", en="the search by words does not find a known passage")


def _meaning(services: Services) -> Finding:
    if probe.found_by_meaning(services.index, services.documents.probe_list, services.embedder):
        return None
    return Words(
        ja="意味による検索が、既知の文を見つけません", en="the search by meaning does not find a known passage"
    )


_RESTART = Words(
    ja="サービスを再起動してください。起動時に登録と索引を照合します。",
    en="Restart the service: it compares registry and index.",
)
_CHECKS = (
    _Check(
        "permissions",
        Words(ja="アクセス権", en="permissions"),
        _private,
        Words(ja="chmod 0700（フォルダー）、0600（鍵）にしてください。", en="chmod 0700 the folder, 0600 the key."),
    ),
    _Check(
        "disk",
        Words(ja="ディスク", en="disk"),
        _disk,
        Words(ja="空きを作るか、ディスクを増やしてください。", en="Free some space, or add a disk."),
    ),
    _Check(
        "audit log",
        Words(ja="監査ログ", en="audit log"),
        _log,
        Words(ja=REMEDY_JA, en=REMEDY_EN),
    ),
    _Check("unfinished changes", Words(ja="未完了の変更", en="unfinished changes"), _unfinished, _RESTART),
    _Check("registry and index", Words(ja="登録と索引", en="registry and index"), _agreement, _RESTART),
    _Check("search by words", Words(ja="語による検索", en="search by words"), _words, _RESTART),
    _Check("search by meaning", Words(ja="意味による検索", en="search by meaning"), _meaning, _RESTART),
)
