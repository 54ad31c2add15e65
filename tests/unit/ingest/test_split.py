"""Chunks: what an answer can quote from, and where it says it stands."""

from hashlib import sha256
from pathlib import Path

import pytest

from appliance.models import Part, Span
from appliance.sentences import sentences
from ingest.convert import convert, markdown, txt
from ingest.converted import Converted, Limits
from ingest.split import ENGLISH, FINGERPRINT, JAPANESE, sizes_of, split
from tests.unit.ingest.making import document_xml, workbook


def document(*texts, kind="section", label="総則", media_type="text/markdown"):
    parts = tuple(Part(ordinal, kind, label, text) for ordinal, text in enumerate(texts, start=1))
    return Converted("就業規則", media_type, "ja", parts)


def texts(converted):
    return [draft.text for draft in split(converted)]


def japanese(length, number=0):
    """A paragraph of about `length` characters in sentences of 40."""
    sentence = f"社員は規程{number}を守り、業務上知り得た情報を在職中も退職後も漏らしてはならない"
    count = max(1, length // 40)
    return "".join(sentence[: 38 + index % 2] + "。" for index in range(count))


def english(length):
    sentence = "Employees keep to the policy and tell nobody what they learn at work. "
    return (sentence * (length // len(sentence))).strip()


def test_a_chunk_is_the_span_of_its_part():
    converted = document(japanese(2_000), english(5_000), "短い。")

    for draft in split(converted):
        assert converted.parts[draft.span.part - 1].text[draft.span.start : draft.span.end] == draft.text


def test_no_chunk_crosses_a_page():
    drafts = split(document("一枚目の文。", "二枚目の文。", kind="page", label="1"))

    assert [draft.span for draft in drafts] == [Span(1, 0, 6), Span(2, 0, 6)]


def test_the_same_input_gives_the_same_chunks():
    converted = document(japanese(3_000), english(4_000))

    assert split(converted) == split(converted)


def test_everything_but_white_space_is_in_exactly_one_chunk():
    converted = document("\n\n".join(japanese(length, length) for length in (30, 900, 100, 2_500, 60, 340)))

    covered = [index for draft in split(converted) for index in range(draft.span.start, draft.span.end)]
    text = converted.parts[0].text
    assert len(covered) == len(set(covered))
    assert {index for index, character in enumerate(text) if not character.isspace()} <= set(covered)


@pytest.mark.parametrize("length", [400, 600, 800, 960])
def test_a_japanese_paragraph_that_fits_is_one_chunk(length):
    paragraph = japanese(length)

    assert texts(document(paragraph)) == [paragraph]
    assert texts(document("見出し\n" + paragraph)) == ["見出し\n" + paragraph]


@pytest.mark.parametrize("length", [900, 1_300, 1_750])
def test_an_english_paragraph_that_fits_is_one_chunk(length):
    assert texts(document(english(length))) == [english(length)]


def test_short_paragraphs_are_put_together_up_to_the_target():
    converted = document("\n".join(japanese(80, number) for number in range(30)))

    lengths = [len(text) for text in texts(converted)]
    assert max(lengths) <= JAPANESE.target * 1.15
    assert min(lengths[:-1]) > JAPANESE.target * 0.6


def test_a_paragraph_over_the_maximum_is_cut_between_sentences():
    paragraph = japanese(3_000)

    chunks = texts(document(paragraph))

    assert "".join(chunks) == paragraph
    assert all(chunk.endswith("。") for chunk in chunks)
    assert all(len(chunk) <= JAPANESE.target * 1.15 for chunk in chunks)


def test_an_english_paragraph_over_the_maximum_is_cut_between_sentences():
    chunks = texts(document(english(6_000)))

    assert all(chunk.endswith(".") for chunk in chunks)
    assert all(600 < len(chunk) <= ENGLISH.target for chunk in chunks[:-1])


def test_a_sentence_without_end_is_cut_because_it_must_be():
    chunks = texts(document("あ" * 2_000_000))

    assert sum(map(len, chunks)) == 2_000_000
    assert max(map(len, chunks)) <= JAPANESE.longest


def test_a_chunk_never_starts_or_ends_inside_a_sentence():
    converted = document("\n".join([japanese(700, 1), japanese(1_500, 2), english(2_500), "3.14 は No. 5 の値。次。"]))
    text = converted.parts[0].text
    spans = sentences(text)
    starts, ends = {start for start, _ in spans}, {end for _, end in spans}

    for draft in split(converted):
        assert draft.span.start in starts
        assert draft.span.end in ends


def test_a_heading_line_goes_with_what_follows():
    converted = document(japanese(300, 1) + "\n第2条　服務\n" + japanese(300, 2))

    first, second = texts(converted)

    assert "第2条" not in first
    assert second.startswith("第2条　服務\n")


def test_a_left_over_line_does_not_stand_alone():
    converted = document(japanese(340) + "\n以上。")

    assert len(texts(converted)) == 1


def test_a_hand_wrapped_text_is_cut_between_its_sentences():
    line = "この文は手で折り返されていて、行の終わりに句点がないまま次の行に\nつながっている。"
    converted = txt.convert("\n".join([line] * 40).encode(), "a.txt", Limits())

    chunks = texts(converted)

    assert len(chunks) > 3
    assert all(chunk.endswith("つながっている。") for chunk in chunks)


# --- what stands above -----------------------------------------------------------------------------------------------


def test_the_heading_is_the_title_and_the_path_of_the_section():
    converted = markdown.convert("# 就業規則\n## 総則\n### 目的\n本文。\n".encode(), "x.md", Limits())

    assert [draft.heading for draft in split(converted)] == ["就業規則 > 総則 > 目的"]


def test_page_numbers_and_line_numbers_are_no_heading():
    assert split(document("本文。", kind="page", label="7"))[0].heading == "就業規則"
    assert split(document("本文。", label="L1–9", media_type="text/plain"))[0].heading == "就業規則"


def test_a_sheet_s_heading_is_its_name_without_the_cells():
    drafts = split(document("a | b\n1 | 2", kind="sheet", label="売上!A1:B2", media_type="application/x"))

    assert [draft.heading for draft in drafts] == ["就業規則 > 売上"]


def test_a_split_table_keeps_its_rows_whole_and_its_heading_clean():
    rows = [f"社員{number}: 番号 {number}、部署 総務部" for number in range(200)]
    drafts = split(document("\n".join(rows), kind="sheet", label="名簿!A1:C201"))

    assert len(drafts) > 3
    assert {draft.heading for draft in drafts} == {"就業規則 > 名簿"}
    assert [line for draft in drafts for line in draft.text.split("\n")] == rows


@pytest.mark.parametrize("heading", ["第3条（出張の申請）", "2. 申請（必要な書類）", "■ 持ち物（全員）"])
def test_a_heading_in_brackets_goes_with_what_stands_below_it(heading):
    above = "国内出張の日当は一般職で2,500円とする。" * 16
    drafts = split(document(f"{above}\n{heading}\n" + "申請書を所属長に提出する。" * 20))

    assert not drafts[0].text.endswith(heading)
    assert drafts[1].text.startswith(heading)


def test_a_heading_does_not_grow_without_end():
    drafts = split(document("本文。", label="長" * 1_000))

    assert len(drafts[0].heading) <= 300


def test_an_empty_page_has_no_chunk():
    assert [draft.span.part for draft in split(document("甲。", "", " \n", "乙。", kind="page", label="1"))] == [1, 4]


def test_the_script_decides_the_sizes():
    assert sizes_of("日本語の文です。") is JAPANESE
    assert sizes_of("An English sentence.") is ENGLISH
    assert sizes_of("社内システム SAP S/4HANA の利用") is JAPANESE


def test_converter_and_splitter_have_a_fingerprint():
    assert FINGERPRINT.count("/") == 1


def test_the_fingerprint_is_raised_with_every_change_of_what_is_stored():
    """Whoever sees this fail has changed what documents become: raise FINGERPRINT, then put the new digest here."""
    pdf = (Path(__file__).parents[2] / "assets" / "browser-ja.pdf").read_bytes()
    table = "番号,氏名\n" + "".join(f"{number},社員{number}\n" for number in range(900))
    page = "<h1>総則</h1><p>本文。<table><tr><td>甲<td>乙<tr><td>丙<td>丁</table>"
    files = {
        "a.pdf": pdf,
        "a.txt": f"{japanese(1_500)}\n\n{english(3_000)}\n以上".encode(),
        "a.csv": table.encode(),
        "a.html": page.encode(),
        "a.md": b"# a\n\n- b\n- c\n\n## d\n\ne\n",
        "a.xlsx": workbook(lambda book: book.active.append(["区分", 1.5, True])),
        "a.docx": document_xml("<w:p><w:r><w:t>本文。</w:t></w:r></w:p>"),
    }

    digest = sha256()
    for name, data in files.items():
        for draft in split(convert(data, name, Limits(page_pixels=0))):
            digest.update(repr(draft).encode())

    assert (FINGERPRINT, digest.hexdigest()[:16]) == ("convert-3/split-2", "ddf1f98d83c539ee")
