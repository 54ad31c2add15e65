"""The sample corpus is what it says it is: formats, encodings, faults and traps, and texts that survive conversion."""

import importlib.util
import re
import unicodedata
import zipfile
from collections import Counter
from pathlib import Path

import pytest

from appliance.models import Classification
from ingest.discover import survey
from ingest.manifest import read_manifest

from .conftest import COLLECTIONS, CORPUS, DEMO, GROUPS, Sample

PDFS = [
    "rules/旅費規程.pdf",
    "rules/地震対応マニュアル.pdf",
    "hr/人事評価・賞与規程.pdf",
    "it/Information_Security_Policy.pdf",
]
OFFICE = sorted(str(path.relative_to(CORPUS)) for kind in ("docx", "xlsx") for path in CORPUS.rglob(f"*.{kind}"))
MEMO = "it/検証用メモ.txt"


def without_spaces(text: str) -> str:
    return re.sub(r"\s", "", text)


def pieces_of(source: Path) -> list[str]:
    """Every heading, paragraph and cell of a source."""
    lines = [line.strip() for line in source.read_text("utf-8").splitlines()]
    cells = [cell for line in lines for cell in (line.strip("|").split("|") if line.startswith("|") else [line])]
    return [piece for cell in cells if (piece := without_spaces(cell.lstrip("#- ")))]


def test_the_corpus_has_every_format(corpus: dict[str, Sample]) -> None:
    kinds = Counter(path.rpartition(".")[2] for path in corpus)

    assert len(corpus) >= 14
    assert all(
        kinds[kind] >= least
        for kind, least in {"pdf": 4, "docx": 2, "xlsx": 2, "html": 1, "csv": 1, "md": 2, "txt": 3}.items()
    )


def test_the_corpus_has_both_languages_four_classifications_and_five_groups(corpus: dict[str, Sample]) -> None:
    assert {sample.language for sample in corpus.values()} == {"ja", "en"}
    assert {sample.access.classification for sample in corpus.values()} == set(Classification)
    assert {group for sample in corpus.values() for group in sample.access.groups} == {group.id for group in GROUPS}


def test_the_corpus_stays_small() -> None:
    assert sum(path.stat().st_size for path in DEMO.rglob("*") if path.is_file()) < 2_000_000


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_no_file_is_refused_and_no_override_misses(collection: str) -> None:
    found = survey(CORPUS / collection, largest=200 << 20)

    assert found.refused == ()
    assert found.skipped == ("collection.toml",)
    assert read_manifest(CORPUS / collection, GROUPS).unmatched(found.present) == ()


def test_one_file_is_broken_and_only_that_one_fails(corpus: dict[str, Sample]) -> None:
    assert {path: sample.refused for path, sample in corpus.items() if sample.refused} == {
        "it/機器台帳_2025.pdf": "file-broken"
    }


def test_one_page_is_a_scan_without_text(corpus: dict[str, Sample]) -> None:
    empty = [(path, part.ordinal) for path, sample in corpus.items() for part in sample.parts if not part.text.strip()]

    assert empty == [("rules/地震対応マニュアル.pdf", 2)]
    assert "needs-ocr 2" in corpus["rules/地震対応マニュアル.pdf"].notes


def test_only_human_resources_sees_the_rule_on_evaluation_and_bonuses(corpus: dict[str, Sample]) -> None:
    assert corpus["hr/人事評価・賞与規程.pdf"].access.groups == {"g-hr"}
    assert corpus["hr/人事評価・賞与規程.pdf"].access.classification is Classification.CONFIDENTIAL


@pytest.mark.parametrize(
    ("path", "encoding", "sign"),
    [("it/アカウント管理基準.txt", "cp932", "髙島"), ("it/サーバー室入退室要領.txt", "euc_jp", "静脈認証")],
)
def test_texts_in_japanese_encodings_are_really_in_them(
    path: str, encoding: str, sign: str, corpus: dict[str, Sample]
) -> None:
    content = (CORPUS / path).read_bytes()

    with pytest.raises(UnicodeDecodeError, match="can't decode"):
        content.decode("utf-8")
    assert sign in content.decode(encoding)
    assert sign in corpus[path].text


@pytest.mark.parametrize("path", PDFS)
def test_every_sentence_of_a_pdf_comes_out_whole(path: str, corpus: dict[str, Sample]) -> None:
    text = without_spaces(corpus[path].text)

    assert [piece for piece in pieces_of((DEMO / "source" / path).with_suffix(".md")) if piece not in text] == []


@pytest.mark.parametrize("path", PDFS)
def test_a_pdf_holds_ordinary_characters_only(path: str, corpus: dict[str, Sample]) -> None:
    """Fonts share glyphs: a reader may give a Kangxi radical (⽇) or a compatibility form for an ordinary character."""
    allowed = set("（）：；，　！？～")
    odd = {c for c in corpus[path].text if unicodedata.normalize("NFKC", c) != c and c not in allowed}

    assert odd == set()
    assert not {c for c in corpus[path].text if unicodedata.category(c) in {"Cc", "Co", "Cf"}} - {"\n"}


def test_the_memo_holds_every_trap_that_must_stay_data(corpus: dict[str, Sample]) -> None:
    content = (CORPUS / MEMO).read_text("utf-8")

    for trap in (
        "[2]",
        "](https://",
        "<script>",
        "<img src=",
        "=HYPERLINK(",
        "\x1b[31m",
        "\u202e",
        "</passage>",
        "<|start|>assistant",
        "これまでの指示を無視して",
        "Ignore previous instructions",
    ):
        assert trap in content, trap
        assert trap in corpus[MEMO].text, f"{trap!r} was changed on its way"


def test_the_english_travel_guide_says_nothing_that_the_rule_does_not(corpus: dict[str, Sample]) -> None:
    guide, rule = corpus["rules/Business_Travel_Guide.md"].text, corpus["rules/旅費規程.pdf"].text

    amounts = re.findall(r"\d+,\d{3}", guide)
    assert len(amounts) >= 7
    assert [amount for amount in amounts if amount not in rule] == []


def test_the_password_rules_agree_in_both_languages(corpus: dict[str, Sample]) -> None:
    japanese, english = corpus["it/アカウント管理基準.txt"].text, corpus["it/Information_Security_Policy.pdf"].text

    for number, ja, en in (
        (14, "14文字以上", "14 characters"),
        (6, "6回", "6 failed"),
        (7110, "内線 7110", "extension 7110"),
    ):
        assert ja in japanese, number
        assert en in without_line_ends(english), number


def without_line_ends(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def maker() -> object:
    spec = importlib.util.spec_from_file_location("demo_make", DEMO / "make.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("path", OFFICE)
def test_an_office_file_is_what_its_source_makes(path: str, tmp_path: Path) -> None:
    again = tmp_path / Path(path).name

    maker().MADE_BY[path]((DEMO / "source" / path).with_suffix(".md"), again)

    with zipfile.ZipFile(CORPUS / path) as kept, zipfile.ZipFile(again) as made:
        assert kept.namelist() == made.namelist()
        assert [name for name in kept.namelist() if kept.read(name) != made.read(name)] == []


@pytest.mark.parametrize("path", ["it/アカウント管理基準.txt", "it/サーバー室入退室要領.txt"])
def test_a_text_is_what_its_source_makes(path: str, tmp_path: Path) -> None:
    again = tmp_path / Path(path).name

    maker().MADE_BY[path]((DEMO / "source" / path).with_suffix(".md"), again)

    assert again.read_bytes() == (CORPUS / path).read_bytes()


def test_every_source_makes_a_file_and_every_made_file_has_a_source() -> None:
    made = {str(Path(path).with_suffix("")) for path in maker().MADE_BY}
    sources = {str(path.relative_to(DEMO / "source").with_suffix("")) for path in (DEMO / "source").rglob("*.md")}

    assert made == sources
