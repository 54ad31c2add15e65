"""Encodings: what Japanese offices write is read character by character; what cannot be read is said."""

import codecs

import pytest

from ingest.convert.encoding import decode, weight
from ingest.errors import TextUndecodable

PROSE = "旅費規程第5条によれば、カレーライスの代金は精算できません。髙橋部長（㈱青空銀行）へ①申請書を提出すること。"
OFFICE = "髙橋①㈱ⅢⅣ№℡∑～−￥纊鍈"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp932"])
def test_prose_survives_every_encoding(encoding):
    text, _ = decode((PROSE + "\n").encode(encoding), "a.txt")

    assert text == PROSE + "\n"


def test_the_encoding_is_named():
    assert [decode(PROSE.encode(name), "a")[1] for name in ("utf-8", "cp932", "utf-16")] == [
        "utf-8",
        "cp932",
        "utf-16-le",
    ]


def test_characters_that_shift_jis_lacks_survive_cp932():
    office = OFFICE.replace("−", "－")

    text, encoding = decode((office + "を含む文書です。").encode("cp932"), "a.txt")

    assert (text, encoding) == (office + "を含む文書です。", "cp932")


def test_euc_jp_is_told_from_cp932():
    plain = "就業規則を定める。社員はこれを守り、カードを携帯すること。"

    assert decode(plain.encode("euc_jp"), "a.txt") == (plain, "euc-jp")


def test_the_characters_that_windows_writes_into_euc_jp_survive():
    # ① and ㈱ are NEC's row 13, 髙 is NEC's selection of IBM's characters: bytes as iconv -t CP51932 gives them.
    data = b"\xad\xa1\xad\xea\xfc\xe2\xb6\xb6" + "は部長です。".encode("euc_jp")

    assert decode(data, "a.txt") == ("①㈱髙橋は部長です。", "euc-jp")


def test_iso_2022_jp_is_read():
    assert decode("議事録を送ります。".encode("iso2022_jp"), "a.txt") == ("議事録を送ります。", "iso-2022-jp")


def test_half_width_katakana_of_a_bank_s_transfer_file_is_cp932():
    text = "1,ﾐｽﾞﾎｷﾞﾝｺｳ,ﾄｳｷﾖｳｼﾃﾝ,ｶ)ｱｵｿﾞﾗｼﾖｳｼﾞ,150000\n2,ｽｽﾞｷ ｲﾁﾛｳ,ｶﾌﾞｼｷｶﾞｲｼﾔ,2000\n"

    assert decode(text.encode("cp932"), "zengin.csv") == (text, "cp932")


def test_kanji_alone_in_euc_jp_are_not_taken_for_half_width_katakana():
    text = "東京,大阪,名古屋\n総務部,営業部,経理部\n"

    assert decode(text.encode("euc_jp"), "a.csv") == (text, "euc-jp")


@pytest.mark.parametrize("encoding", ["utf-8", "cp932", "euc_jp"])
@pytest.mark.parametrize(
    "text",
    [
        "社内規程",
        "はい。",
        "カタカナ語",
        "氏名,住所\n鈴木,東京都",
        "電話は03-1234-5678です",
        "第1章　総則",
        "売上表",
        "休暇",
    ],
)
def test_short_texts_are_told_apart(text, encoding):
    assert decode(text.encode(encoding), "a.txt")[0] == text


def test_ascii_is_utf_8():
    assert decode(b"plain text\n", "a.txt") == ("plain text\n", "utf-8")


@pytest.mark.parametrize("ends", ["\r\n", "\r", "\n"])
def test_line_ends_become_one_kind(ends):
    assert decode(f"甲{ends}乙".encode("cp932"), "a.txt")[0] == "甲\n乙"


@pytest.mark.parametrize(
    "data",
    [
        "Müller wohnt in Zürich, größer als früher.".encode("latin-1"),
        "Le café d'à côté où l'été dure.".encode("latin-1"),
        "Привет, это обычный русский текст.".encode("koi8-r"),
        bytes(range(256)) * 4,
        b"\x80\x81\xff\xfe\xfd" * 10,
        PROSE.encode("cp932")[:-3] + b"\xff\xff",
        b"\0\1\2\3" * 100,
    ],
    ids=["latin-1-de", "latin-1-fr", "koi8-r", "all-bytes", "garbage", "damaged-cp932", "controls"],
)
def test_what_is_no_text_of_ours_is_refused_with_the_remedy(data):
    with pytest.raises(TextUndecodable, match=r"^a\.txt is not text in UTF-8, .* Save it again as UTF-8"):
        decode(data, "a.txt")


@pytest.mark.parametrize("mark", [codecs.BOM_UTF8, codecs.BOM_UTF16_LE])
def test_a_byte_order_mark_that_lies_is_not_believed(mark):
    with pytest.raises(TextUndecodable, match="is not text in UTF-8"):
        decode(mark + "規程".encode("cp932") + b"\xff", "a.txt")


def test_a_declared_encoding_that_does_not_decode_is_not_believed():
    assert decode(PROSE.encode("utf-8"), "a.html", "cp932")[0] == PROSE
    assert decode(PROSE.encode("cp932"), "a.html", "no-such-encoding")[0] == PROSE


@pytest.mark.parametrize("declared", ["base64", "hex", "rot13", "zlib", "unicode_escape", "idna", "punycode"])
def test_a_declared_codec_that_is_no_encoding_of_text_is_not_used(declared):
    assert decode("本文です。".encode(), "a.html", declared)[0] == "本文です。"


def test_mojibake_weighs_less_than_text():
    as_cp932 = "就業規則を定める".encode("euc_jp").decode("cp932", "replace")

    assert weight("就業規則を定める") > 0.9 > weight(as_cp932)


def test_mean_weight_of_ascii_is_that_of_text():
    assert weight("abc") == 1.0
