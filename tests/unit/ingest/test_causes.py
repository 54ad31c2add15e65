"""The cause inside an error's sentence is in the language of the sentence, also after its way out of the sandbox."""

import re

import pytest

from appliance.words import Words
from ingest import causes
from ingest.confine import ESSENTIAL
from ingest.convert.kind import kind_of
from ingest.converted import Limits
from ingest.errors import ConversionFailed, FileBroken
from ingest.sandbox import convert_file
from ingest.wire import Garbage, packed_failure, unpacked

ENGLISH = re.compile(r"[A-Za-z]{2,}(?: [a-z]{2,})+")  # two English words in a row


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("a.ppt", b"x", "拡張子 .ppt のファイルには対応していません"),
        ("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "Office 2003 以前の形式（または MSG）には対応していません"),
        ("a.jpg", b"\xff\xd8\xff\xe0", "JPEG 画像には対応していません"),
        ("a.zip", b"PK\x03\x04", "ZIP の目次を読み取れません"),
        ("a.pdf", b"only words", "中身は「ただのテキスト」です"),
        ("a.docx", b"\0\1\2\3", "中身は「バイナリーデータ」です"),
    ],
)
def test_the_cause_in_a_japanese_sentence_is_japanese(name: str, data: bytes, said: str) -> None:
    with pytest.raises(ConversionFailed, match=r".") as caught:
        kind_of(data, name)

    assert said in caught.value.text("ja")
    assert ENGLISH.findall(caught.value.text("ja")) == []
    assert caught.value.text("en").isascii()


def test_every_shared_cause_has_both_languages() -> None:
    for words in vars(causes).values():
        if isinstance(words, Words):
            assert words.en.isascii()
            assert re.search(r"[\u3040-\u30ff\u4e00-\u9fff]", words.ja)
            assert re.findall(r"\{\w+\}", words.ja) == re.findall(r"\{\w+\}", words.en)


def test_both_languages_come_out_of_the_sandbox() -> None:
    with pytest.raises(FileBroken, match="it is no valid PDF") as caught:
        convert_file(b"%PDF-1.7 no more", "a.pdf", Limits(), required=ESSENTIAL)

    assert "（正しい PDF ではありません）" in caught.value.text("ja")


def test_a_failure_crosses_with_the_words_of_its_cause() -> None:
    failure = FileBroken(name="a.pdf", why=causes.PAGE_UNREADABLE.filled(page=3))
    again = unpacked(b"".join(packed_failure(failure)))

    assert isinstance(again, FileBroken)
    for language in ("ja", "en"):
        assert again.text(language) == failure.text(language)


@pytest.mark.parametrize("why", ['["a"]', '["a","b","c"]', "[1,2]", "[]", '[["a"],"b"]'])
def test_what_is_no_pair_of_texts_is_refused(why: str) -> None:
    with pytest.raises(Garbage, match="not a"):
        unpacked(f'{{"failed":"file-broken","values":{{"name":"x","why":{why}}}}}\n'.encode())
