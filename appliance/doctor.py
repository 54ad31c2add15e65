"""What is wrong with this installation, and what to do: one line a check, in the caller's language."""

from __future__ import annotations

import shutil
import stat
from collections.abc import Callable

from appliance import probe
from appliance.api.schemas.operation import Check
from appliance.audit.reading import EventFilter
from appliance.errors import ApplianceError
from appliance.lexical.sudachi import terms
from appliance.models import Language
from appliance.store import changes
from appliance.wiring import Services

_PAGE = 1000  # events read at once
_NAMED = 5  # documents that a finding names
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


def _people(services: Services) -> Finding:
    fault = services.people.fault()
    return (fault.text("ja"), fault.text("en")) if fault is not None else None


def _disk(services: Services) -> Finding:
    free = shutil.disk_usage(services.settings.data).free
    if free >= _LITTLE_DISK:
        return None
    return f"空きは {free >> 20} MiB です", f"{free >> 20} MiB are free"


def _log(services: Services) -> Finding:
    found = {language: services.audit.check(language) for language in _BOTH}
    return ("".join(found["ja"]), " ".join(found["en"])) if found["en"] else None


def _unfinished(services: Services) -> Finding:
    left = changes.open_changes(services.registry)
    return (f"未完了の変更 {len(left)} 件", f"{len(left)} unfinished changes") if left else None


def _agreement(services: Services) -> Finding:
    found = services.documents.differences()
    if not found:
        return None
    lost, left, wrong = len(found.incomplete), len(found.left_over), len(found.misplaced)
    return (
        f"索引にない、または不完全な版 {lost} 件、登録にない版 {left} 件、閲覧範囲が異なる版 {wrong} 件",
        f"{lost} versions missing from the index or incomplete, {left} left over, {wrong} under another access list",
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
    return (
        f"{len(wrong)} 件の文書の閲覧範囲が、監査ログの最後の記録と異なります（{named}）",
        f"{len(wrong)} documents stand under another access list than the log recorded last ({named})",
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
    (
        "people",
        _people,
        (
            "ファイルを直してください。直るまで、どなたもサインインできません（再起動は不要です）。",
            "Mend the file: until then nobody is let in. No restart is needed.",
        ),
    ),
    ("disk", _disk, ("空きを作るか、ディスクを増やしてください。", "Free some space, or add a disk.")),
    ("audit log", _log, ("書き出しを保全し、監査担当者に連絡してください。", "Keep an export, and tell the auditor.")),
    ("unfinished changes", _unfinished, _RESTART),
    ("registry and index", _agreement, _RESTART),
    (
        "access as recorded",
        _access,
        (
            "サービスを止め、監査担当者に連絡してください。閲覧範囲は ingest で設定し直せます。",
            "Stop the service and tell the auditor: the registry was changed past us. `ingest` sets it anew.",
        ),
    ),
    ("search by words", _words, _RESTART),
    ("search by meaning", _meaning, _RESTART),
)
