"""One case of the log on a terminal: documents, pages and versions instead of ids."""

from __future__ import annotations

from datetime import UTC, datetime

from appliance.api.schemas.audit import AuditDocument, AuditPassage, AuditRow
from appliance.cli.story import story

PASSAGE = AuditPassage(
    number=1, document="d" * 32, version="ab12" + "0" * 60, part=2, list=7, shown=True, text="e" * 64, salt="f" * 64,
    score=0.8731, cosine=0.8, coverage=0.5, collection="hr", path="hr/evaluation.pdf", title="人事評価・賞与規程",
    part_kind="page", part_label="2",
)  # fmt: skip


def row(**changed: object) -> AuditRow:
    made = AuditRow(
        index=9, id="i", time=datetime.now(UTC), action="question.retrieved", label="l", outcome="success",
        actor_kind="person", actor="yamada", actor_name="山田", case="c", details={}, texts={},
    )  # fmt: skip
    return made.model_copy(update=changed)


def test_a_passage_is_told_by_title_place_page_and_version() -> None:
    assert list(story([row(passages=[PASSAGE])], "ja")) == [
        "9 表示した箇所 [1]: 人事評価・賞与規程 (hr/hr/evaluation.pdf)、2 ページ、版 ab1200000000、閲覧範囲 7、スコア 0.873"
    ]


def test_a_passage_that_was_not_shown_says_so_and_needs_no_score() -> None:
    (line,) = story([row(passages=[PASSAGE.model_copy(update={"shown": False, "score": None})])], "en")

    assert line.startswith("9 not shown [1]: ")
    assert "score" not in line


def test_a_document_that_is_gone_is_told_by_its_key() -> None:
    gone = {"collection": None, "path": None, "title": None, "part_label": None}
    (line,) = story([row(passages=[PASSAGE.model_copy(update=gone)])], "en")

    assert f"{'d' * 32} (no longer in the registry), part 2, version" in line


def test_a_change_names_its_document_and_a_search_its_access_lists() -> None:
    document = AuditDocument(key="k", collection="hr", path="a\x1b.pdf", title="規程")
    lines = list(
        story(
            [
                row(document=document),
                row(details={"filter": {"lists": [1, 4], "count": 2}}),
                row(details={"filter": {"lists": None, "count": 3000}}),
                row(texts={"question": "質問\x1b[2J"}),
            ],
            "en",
        )
    )

    assert lines == [
        "9 document: 規程 (hr/a⟨U+001B⟩.pdf)",
        "9 access lists: 1, 4",
        "9 access lists: 3000 (beside the log)",
        "9 question: 質問⟨U+001B⟩[2J",
    ]
