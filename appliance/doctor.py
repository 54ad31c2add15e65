"""What is wrong with this installation, and what to do: one line a check, in the caller's language."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from appliance import home as folder
from appliance import probe
from appliance.api.schemas.operation import Check, CheckState
from appliance.audit.reading import EventFilter
from appliance.audit.refusal import sentence
from appliance.documents import differences
from appliance.errors import ApplianceError, IndexUnavailable
from appliance.errors.log import REMEDY_EN, REMEDY_JA
from appliance.examples import read_examples
from appliance.home import Finding, Warned
from appliance.lexical.sudachi import terms
from appliance.models import Language
from appliance.store import changes
from appliance.wiring import Parts
from appliance.words import Words

_PAGE = 1000  # events read at once
_NAMED = 5  # documents that a finding names
_BOTH: tuple[Language, ...] = ("ja", "en")
_OK = Words(ja="正常", en="OK")
_MEND = Words(
    ja="所見に挙げたものを直し、サービスを再起動してください。",
    en="Put right what the finding names, then restart the service.",
)
_Looked = TypeVar("_Looked")


@dataclass(frozen=True, slots=True)
class _Check(Generic[_Looked]):
    """`name` is for programs, `label` for people."""

    name: str
    label: Words
    look: Callable[[_Looked], Finding]
    remedy: Words


def examine(parts: Parts, language: Language) -> list[Check]:
    """Every check, each on its own: one that raises is a failed one, and the others go on."""
    of_folder = [_check(check, parts.settings.home, language) for check in _OF_FOLDER]
    return of_folder + [_check(check, parts, language) for check in _CHECKS]


def examine_folder(home: Path, why: Check, language: Language) -> list[Check]:
    """What can be said where nothing can be opened, behind `why` that is."""
    return [why, *(_check(check, home, language) for check in _OF_FOLDER)]


def refused(name: str, error: ApplianceError, language: Language) -> Check:
    """The row of an installation that refuses as a whole: its `settings`, its `start` or its `service`."""
    label = _REFUSALS[name].text(language)
    finding = _said(error).text(language)
    return Check(name=name, label=label, state="failed", finding=finding, remedy=_MEND.text(language))


def _check(check: _Check[_Looked], looked_at: _Looked, language: Language) -> Check:
    state: CheckState = "failed"
    remedy = check.remedy
    try:
        found = check.look(looked_at)
    except ApplianceError as error:
        found = _said(error)
        remedy = check.remedy if isinstance(error, IndexUnavailable) else _MEND
    except OSError as error:  # a file that is gone, or not ours any more: the others are examined all the same
        said = f"{error.filename}: {error.strerror}"
        found = Words(ja=said, en=said)
    if isinstance(found, Warned):
        found, state = found.words, "warning"
    return Check(
        name=check.name,
        label=check.label.text(language),
        state=state if found else "ok",
        finding=(found or _OK).text(language),
        remedy=remedy.text(language) if found else "",
    )


def _said(error: ApplianceError) -> Words:
    """The error's sentence; without the advice to run what is running."""
    if isinstance(error, IndexUnavailable):
        said = "{where}: {why}".format(**error.values)
        return Words(ja=said, en=said)
    return Words(ja=error.text("ja"), en=error.text("en"))


def _people(parts: Parts) -> Finding:
    if (fault := parts.people.fault()) is not None:
        return Words(ja=fault.text("ja"), en=fault.text("en"))
    if parts.people.all():
        return None
    return Warned(Words(ja="サインインできる利用者がいません", en="there is nobody who may sign in"))


def _examples(parts: Parts) -> Finding:
    if parts.settings.examples is not None:
        read_examples(parts.settings.home / parts.settings.examples)
    return None


def _log(parts: Parts) -> Finding:
    parts.audit.require_writable()
    found = parts.audit.problems()
    said = {language: [sentence(problem, language) for problem in found] for language in _BOTH}
    return Words(ja="。".join(said["ja"]), en="; ".join(said["en"])) if found else None


def _unfinished(parts: Parts) -> Finding:
    left = changes.open_changes(parts.registry)
    return Words(ja=f"未完了の変更 {len(left)} 件", en=f"{len(left)} unfinished changes") if left else None


def _agreement(parts: Parts) -> Finding:
    found = differences(parts.registry, parts.index, parts.probe_list)
    if not found:
        return None
    lost, left, wrong = len(found.incomplete), len(found.left_over), len(found.misplaced)
    return Words(
        ja=f"索引にない、または不完全な版 {lost} 件、登録にない版 {left} 件、閲覧範囲が異なる版 {wrong} 件",
        en=f"{lost} versions missing from the index or incomplete, {left} left over, {wrong} under another access list",
    )


def _access(parts: Parts) -> Finding:
    """Whoever writes the registry's file past the appliance leaves no event: the log and the registry then differ."""
    underway = {change.document for change in changes.open_changes(parts.registry)}
    recorded = _recorded_lists(parts)
    wrong = sorted(
        document
        for (document, _), acl_id in parts.registry.current_versions().items()
        if document not in underway and recorded.get(document, acl_id) != acl_id
    )
    if not wrong:
        return None
    named = ", ".join(wrong[:_NAMED])
    return Words(
        ja=f"{len(wrong)} 件の文書の閲覧範囲が、監査ログの最後の記録と異なります（{named}）",
        en=f"{len(wrong)} documents stand under another access list than the log recorded last ({named})",
    )


def _recorded_lists(parts: Parts) -> dict[str, int]:
    """The access list of each document as its last event has it."""
    last: dict[str, tuple[int, int]] = {}
    for action in ("document.stored", "access.changed", "document.resolved"):
        before: int | None = None
        while page := parts.audit.reader.events(EventFilter(action=action), limit=_PAGE, before=before):
            for event in page:
                document, acl_id = event.details.get("document"), event.details.get("list")
                if isinstance(document, str) and isinstance(acl_id, int):
                    last[document] = max(last.get(document, (-1, 0)), (event.index, acl_id))
            before = page[-1].index
    return {document: acl_id for document, (_, acl_id) in last.items()}


def _words(parts: Parts) -> Finding:
    if probe.found_by_words(parts.index, parts.probe_list, terms):
        return None
    return Words(ja="語による検索が、既知の文を見つけません", en="the search by words does not find a known passage")


def _meaning(parts: Parts) -> Finding:
    if probe.found_by_meaning(parts.index, parts.probe_list, parts.embedder):
        return None
    return Words(
        ja="意味による検索が、既知の文を見つけません", en="the search by meaning does not find a known passage"
    )


_RESTART = Words(
    ja="サービスを再起動してください。起動時に登録と索引を照合します。",
    en="Restart the service: it compares registry and index.",
)
_REFUSALS = {
    "settings": Words(ja="設定", en="settings"),
    "start": Words(ja="起動", en="start"),
    "service": Words(ja="サービス", en="service"),
}
_OF_FOLDER: tuple[_Check[Path], ...] = (
    _Check(
        "owners",
        Words(ja="所有者", en="owners"),
        folder.owners,
        Words(ja="root として chown -R を実行してください。", en="Run the chown -R that the finding names, as root."),
    ),
    _Check(
        "permissions",
        Words(ja="アクセス権", en="permissions"),
        folder.permissions,
        Words(ja="chmod 0700（フォルダー）、0600（鍵）にしてください。", en="chmod 0700 the folder, 0600 the key."),
    ),
    _Check(
        "inner permissions",
        Words(ja="内部のアクセス権", en="inner permissions"),
        folder.inner_modes,
        Words(ja="chmod go-rwx を実行してください。", en="Run chmod go-rwx on them."),
    ),
    _Check(
        "disk",
        Words(ja="ディスク", en="disk"),
        folder.disk,
        Words(ja="空きを作るか、ディスクを増やしてください。", en="Free some space, or add a disk."),
    ),
)
_CHECKS: tuple[_Check[Parts], ...] = (
    _Check(
        "people",
        Words(ja="利用者", en="people"),
        _people,
        Words(
            ja="ファイルを直してください。直るまで、どなたもサインインできません（再起動は不要です）。",
            en="Mend the file: until then nobody is let in. No restart is needed.",
        ),
    ),
    _Check("examples", Words(ja="質問の例", en="examples"), _examples, _MEND),
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
