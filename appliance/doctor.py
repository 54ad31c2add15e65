"""What is wrong with this installation, and what to do: one line a check, in the caller's language."""

from __future__ import annotations

import shutil
import stat
from collections.abc import Callable
from dataclasses import dataclass

from appliance import probe
from appliance.api.schemas.operation import Check, CheckState
from appliance.audit.reading import EventFilter
from appliance.audit.refusal import sentence
from appliance.errors import ApplianceError
from appliance.errors.log import REMEDY_EN, REMEDY_JA
from appliance.lexical.sudachi import terms
from appliance.models import Language
from appliance.store import changes
from appliance.wiring import Services
from appliance.words import Words

_PAGE = 1000  # events read at once
_NAMED = 5  # documents that a finding names
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


def _people(services: Services) -> Finding:
    fault = services.people.fault()
    return Words(ja=fault.text("ja"), en=fault.text("en")) if fault is not None else None


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
    found = services.documents.differences()
    if not found:
        return None
    lost, left, wrong = len(found.incomplete), len(found.left_over), len(found.misplaced)
    return Words(
        ja=f"索引にない、または不完全な版 {lost} 件、登録にない版 {left} 件、閲覧範囲が異なる版 {wrong} 件",
        en=f"{lost} versions missing from the index or incomplete, {left} left over, {wrong} under another access list",
    )


def _access(services: Services) -> Finding:
    """Whoever writes the registry's file past the appliance leaves no event: the log and the registry then differ."""
    underway = {change.document for change in changes.open_changes(services.registry)}
    recorded = _recorded_lists(services)
    wrong = sorted(
        document
        for (document, _), acl_id in services.registry.current_versions().items()
        if document not in underway and recorded.get(document, acl_id) != acl_id
    )
    if not wrong:
        return None
    named = ", ".join(wrong[:_NAMED])
    return Words(
        ja=f"{len(wrong)} 件の文書の閲覧範囲が、監査ログの最後の記録と異なります（{named}）",
        en=f"{len(wrong)} documents stand under another access list than the log recorded last ({named})",
    )


def _recorded_lists(services: Services) -> dict[str, int]:
    """The access list of each document as its last event has it."""
    last: dict[str, tuple[int, int]] = {}
    for action in ("document.stored", "access.changed", "document.resolved"):
        before: int | None = None
        while page := services.audit.reader.events(EventFilter(action=action), limit=_PAGE, before=before):
            for event in page:
                document, acl_id = event.details.get("document"), event.details.get("list")
                if isinstance(document, str) and isinstance(acl_id, int):
                    last[document] = max(last.get(document, (-1, 0)), (event.index, acl_id))
            before = page[-1].index
    return {document: acl_id for document, (_, acl_id) in last.items()}


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
        "people",
        Words(ja="利用者", en="people"),
        _people,
        Words(
            ja="ファイルを直してください。直るまで、どなたもサインインできません（再起動は不要です）。",
            en="Mend the file: until then nobody is let in. No restart is needed.",
        ),
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
    _Check(
        "access as recorded",
        Words(ja="記録どおりの閲覧範囲", en="access as recorded"),
        _access,
        Words(
            ja="サービスを止め、監査担当者に連絡してください。閲覧範囲は ingest で設定し直せます。",
            en="Stop the service and tell the auditor: the registry was changed past us. `ingest` sets it anew.",
        ),
    ),
    _Check("search by words", Words(ja="語による検索", en="search by words"), _words, _RESTART),
    _Check("search by meaning", Words(ja="意味による検索", en="search by meaning"), _meaning, _RESTART),
)
