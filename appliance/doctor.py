"""What is wrong with this installation, and what to do: one line a check, in the caller's language."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from appliance import home as folder
from appliance import probe
from appliance.api.schemas.operation import Check, CheckState
from appliance.errors import ApplianceError, IndexUnavailable
from appliance.examples import read_examples
from appliance.home import Finding, Warned
from appliance.lexical.sudachi import terms
from appliance.models import Language
from appliance.store import changes
from appliance.wiring import Parts
from appliance.words import Words

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
    if parts.people.all():
        return None
    return Warned(Words(ja="サインインできる利用者がいません", en="there is nobody who may sign in"))


def _examples(parts: Parts) -> Finding:
    if parts.settings.examples is not None:
        read_examples(parts.settings.home / parts.settings.examples)
    return None


def _log(parts: Parts) -> Finding:
    parts.audit.require_writable()
    found = {language: parts.audit.check(language) for language in _BOTH}
    return Words(ja="".join(found["ja"]), en=" ".join(found["en"])) if found["en"] else None


def _unfinished(parts: Parts) -> Finding:
    left = changes.open_changes(parts.registry)
    return Words(ja=f"未完了の変更 {len(left)} 件", en=f"{len(left)} unfinished changes") if left else None


def _agreement(parts: Parts) -> Finding:
    expected = set(parts.registry.current_versions()) | {(probe.DOCUMENT, probe.VERSION)}
    held = {(document, version) for _, document, version, _ in parts.index.inventory()}
    empty = {key for key in expected - held if not any(True for _ in parts.registry.texts(*key))}
    lost, left = expected - held - empty, held - expected
    if not lost and not left:
        return None
    return Words(
        ja=f"索引にない版 {len(lost)} 件、登録にない版 {len(left)} 件",
        en=f"{len(lost)} versions missing from the index, {len(left)} left over in it",
    )


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
    _Check("people", Words(ja="利用者", en="people"), _people, _MEND),
    _Check("examples", Words(ja="質問の例", en="examples"), _examples, _MEND),
    _Check(
        "audit log",
        Words(ja="監査ログ", en="audit log"),
        _log,
        Words(ja="書き出しを保全し、監査担当者に連絡してください。", en="Keep an export, and tell the auditor."),
    ),
    _Check("unfinished changes", Words(ja="未完了の変更", en="unfinished changes"), _unfinished, _RESTART),
    _Check("registry and index", Words(ja="登録と索引", en="registry and index"), _agreement, _RESTART),
    _Check("search by words", Words(ja="語による検索", en="search by words"), _words, _RESTART),
    _Check("search by meaning", Words(ja="意味による検索", en="search by meaning"), _meaning, _RESTART),
)
