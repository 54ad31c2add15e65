"""One case of the audit log in lines: what its texts say, and which passages of which documents were shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from appliance.api.schemas.audit import AuditDocument, AuditPassage, AuditRow
from appliance.models import Language
from appliance.places import place
from appliance.visible import one_line, visible
from appliance.words import Words

_MISSING = Words(ja="（欠落）", en="(missing)")
_DOCUMENT = Words(ja="{index} 文書: {document}", en="{index} document: {document}")
_ACCESS = Words(ja="{index} 閲覧範囲: {lists}", en="{index} access lists: {lists}")
_MANY = Words(ja="{count} 件（本文に記録）", en="{count} (beside the log)")
_SHOWN = Words(ja="表示した箇所", en="shown")
_NOT_SHOWN = Words(ja="表示しなかった箇所", en="not shown")
_PASSAGE = Words(
    ja="{index} {shown} [{number}]: {document}、{where}、版 {version}、閲覧範囲 {list}{score}",
    en="{index} {shown} [{number}]: {document}, {where}, version {version}, list {list}{score}",
)
_SCORE = Words(ja="、スコア {score:.3f}", en=", score {score:.3f}")
_PART = Words(ja="第 {part} 部分", en="part {part}")
_GONE = Words(ja="登録から削除済み", en="no longer in the registry")
_TEXTS = {
    "question": Words(ja="質問", en="question"),
    "answer": Words(ja="回答", en="answer"),
    "target": Words(ja="対象", en="target"),
}
_SHORT = 12  # hex digits of a version that tell it apart in a line


def story(events: Sequence[AuditRow], language: Language) -> Iterator[str]:
    """The lines below the table of a case."""
    for row in events:
        if row.document is not None:
            called = _document(row.document, row.document.key, language)
            yield _DOCUMENT.text(language, index=row.index, document=called)
        if (access := row.details.get("filter")) and isinstance(access, dict):
            yield _ACCESS.text(language, index=row.index, lists=_lists(access, language))
        for passage in row.passages:
            yield _passage(row.index, passage, language)
        for name, text in row.texts.items():
            said = _MISSING.text(language) if text is None else visible(text)
            yield f"{row.index} {_TEXTS[name].text(language) if name in _TEXTS else name}: {said}"


def _lists(access: dict[str, object], language: Language) -> str:
    lists = access.get("lists")
    return ", ".join(map(str, lists)) if isinstance(lists, list) else _MANY.text(language, count=access.get("count"))


def _passage(index: int, passage: AuditPassage, language: Language) -> str:
    kind, label = passage.part_kind, passage.part_label
    return _PASSAGE.text(
        language,
        index=index,
        shown=_SHOWN if passage.shown else _NOT_SHOWN,
        number=passage.number,
        document=_document(passage, passage.document, language),
        where=place(kind, label, language) if kind and label else _PART.text(language, part=passage.part),
        version=passage.version[:_SHORT],
        list=passage.list,
        score="" if passage.score is None else _SCORE.text(language, score=passage.score),
    )


def _document(of: AuditPassage | AuditDocument, key: str, language: Language) -> str:
    place = one_line(f"{of.collection}/{of.path}") if of.collection else _GONE.text(language)
    return f"{one_line(of.title or key)} ({place})"
