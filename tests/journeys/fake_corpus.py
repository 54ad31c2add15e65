"""Invented documents, passages and quotes of the portal's fake API, in both languages, some of them hostile."""

from dataclasses import dataclass
from datetime import UTC, datetime

from appliance.api.schemas.answers import Box, CitationEvent, Source
from appliance.api.schemas.documents import DocumentRow, PartView

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
HOSTILE = (
    '<img src=x onerror="alert(1)"> [click](https://evil.example/?q=1) https://evil.example/x '
    "![i](https://evil.example/i.png) $x$ \u202eevil\x1b[31m"
)

# By document and part; a line each, as the fake draws them on a page.
LINES = {
    ("k1", 1): (
        "旅費規程（第 7 版）",
        "",
        "第 1 条 この規程は、社員が業務のために旅行する場合の旅費を定める。",
        "旅費の種類は、交通費、日当、宿泊費とする。",
        "出張を命じられた者は、事前に申請し、所属長の承認を得る。",
    ),
    ("k1", 2): (
        "第 18 条（海外出張の日当）",
        "",
        "海外出張の日当は、出発の日から帰着の日までの日数に応じて支給する。",
        "一般職の日当は 1 日 5,000 円とする。",
        "管理職の日当は 1 日 6,500 円とする。",
        "精算は、帰着の日から 10 営業日以内に行う。",
    ),
    ("k2", 1): (
        "3.2 宿泊費の上限",
        "指定都市における宿泊費は、上限額に 30 パーセントを加算した額までを認める。",
        "👩\u200d💼 担当は人事部とする。上限を超える場合は、5 営業日前までに承認を得る。",
    ),
    ("k3", 1): (
        "Travel abroad",
        "The daily allowance is paid from the day of departure to the day of return.",
        "Staff receive JPY 5,000 per day, managers JPY 6,500.",
    ),
    ("k4", 1): ("用語集", HOSTILE),
    ("k5", 1): ("項目\t値", "日当\t5,000"),
    ("k6", 1): ("監査計画",),
}
PARTS = {place: "\n".join(lines) for place, lines in LINES.items()}


@dataclass(frozen=True)
class FakeDocument:
    key: str
    title: str
    collection: str
    path: str
    classification: str
    media_type: str
    parts: int
    picture: bool = False
    language: str = "ja"
    version: str = "ab" * 32

    def row(self) -> DocumentRow:
        return DocumentRow(
            key=self.key, title=self.title, collection=self.collection, path=self.path, language=self.language,
            classification=self.classification, media_type=self.media_type, version=self.version,
            updated=datetime(2026, 4, 1, tzinfo=UTC), parts=self.parts,
        )  # fmt: skip

    def part(self, ordinal: int) -> PartView:
        kind = "page" if self.picture else "section"
        return PartView(
            document=self.key, version=self.version, title=self.title, classification=self.classification,
            ordinal=ordinal, kind=kind, label=self.label(ordinal), text=PARTS[self.key, ordinal], picture=self.picture,
        )  # fmt: skip

    def label(self, ordinal: int) -> str:
        return str(ordinal) if self.picture else PARTS[self.key, ordinal].split("\n")[0]


DOCUMENTS = [
    FakeDocument(
        "k1",
        "旅費規程（第 7 版）",
        "人事・総務",
        "規程/旅費規程_v7.pdf",
        "internal",
        "application/pdf",
        2,
        picture=True,
    ),
    FakeDocument("k2", "海外出張取扱要領", "人事・総務", "要領/海外出張取扱要領.docx", "internal", DOCX, 1),
    FakeDocument("k3", "Travel Guide", "HR", "en/travel.md", "public", "text/markdown", 1, language="en"),
    FakeDocument("k4", "用語集 <b>太字</b>", "人事・総務", "用語集.txt", "restricted", "text/plain", 1),
    FakeDocument("k5", "日当一覧", "人事・総務", "日当一覧.csv", "internal", "text/csv", 1),
    FakeDocument("k6", "監査計画", "内部監査", "監査計画.docx", "confidential", DOCX, 1),
]


def source(number: int, key: str, part: int, text: str, heading: str = "") -> Source:
    document = next(d for d in DOCUMENTS if d.key == key)
    start = PARTS[key, part].index(text)
    return Source(
        number=number, document=key, version=document.version, title=document.title, collection=document.collection,
        path=document.path, language=document.language, classification=document.classification,
        updated=datetime(2026, 4, 1, tzinfo=UTC), part=part, part_kind="page" if document.picture else "section",
        part_label=document.label(part), heading=heading, start=start, end=start + len(text), text=text,
        picture=document.picture, boxes=boxes(key, part, text), score=0.9, cosine=0.88, coverage=0.5,
    )  # fmt: skip


def boxes(key: str, part: int, text: str) -> list[Box]:
    """Where fake_api.picture draws the line that holds the text."""
    if not next(d for d in DOCUMENTS if d.key == key).picture:
        return []
    rows = PARTS[key, part].split("\n")
    number = next(n for n, row in enumerate(rows) if text in row)
    return [Box(left=56 / 595, top=(78 + 30 * number) / 842, width=15.4 * len(rows[number]) / 595, height=24 / 842)]


SOURCES = [
    source(
        1, "k1", 2, "海外出張の日当は、出発の日から帰着の日までの日数に応じて支給する。", "第 18 条（海外出張の日当）"
    ),
    source(2, "k1", 2, "一般職の日当は 1 日 5,000 円とする。", "第 18 条（海外出張の日当）"),
    source(3, "k2", 1, "👩\u200d💼 担当は人事部とする。上限を超える場合は、5 営業日前までに承認を得る。"),
    source(4, "k3", 1, "The daily allowance is paid from the day of departure to the day of return."),
    source(5, "k5", 1, "日当\t5,000"),
    source(6, "k4", 1, HOSTILE),
]


@dataclass(frozen=True)
class Quote:
    text: str
    numbers: tuple[int, ...]

    def citations(self, sentence: int) -> list[CitationEvent]:
        out = []
        for number in self.numbers:
            found = next(x for x in SOURCES if x.number == number)
            at = found.text.find(self.text)
            start, end = (found.start + at, found.start + at + len(self.text)) if at >= 0 else (found.start, found.end)
            out.append(
                CitationEvent(
                    sentence=sentence, number=number, start=start, end=end, quote=self.text, boxes=found.boxes
                )
            )
        return out


QUOTES = {
    "ja": [
        Quote("海外出張の日当は、出発の日から帰着の日までの日数に応じて支給する。", (1,)),
        Quote("一般職の日当は 1 日 5,000 円とする。", (2,)),
        Quote("上限を超える場合は、5 営業日前までに承認を得る。", (3,)),
        Quote("領収書は電子データでも提出できます。", ()),
    ],
    "en": [
        Quote("The daily allowance is paid from the day of departure to the day of return.", (4,)),
        Quote("Receipts may be handed in as files.", ()),
    ],
    "hostile": [Quote(HOSTILE, (6,))],
}


def language_of(question: str) -> str:
    return "en" if question.isascii() else "ja"
