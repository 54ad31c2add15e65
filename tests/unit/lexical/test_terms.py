from __future__ import annotations

import sys
import threading
from importlib.metadata import version

import pytest

from appliance.lexical import TOKENIZER, surface, terms


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("サーバー", "サーバ"),
        ("ユーザー", "ユーザ"),
        ("コンピューター", "コンピュータ"),
        ("ｻｰﾊﾞｰ", "サーバー"),
        ("クラウドリンカー", "クラウドリンカ"),
        ("りんご", "リンゴ"),
        ("さーばーの", "サーバー"),
        ("ぱすわーどは", "パスワード"),
        ("せきゅりてぃーとは", "セキュリティ"),
        ("ねこ", "猫"),
        ("ヴァイオリン", "バイオリン"),
        ("打合せ", "打ち合わせ"),
        ("引越し", "引っ越し"),
        ("8,000円", "８０００円"),
        ("3,000万円", "30000000円"),
        ("ＡＢＣ規程", "abc規程"),
        ("VPN", "ｖｐｎ"),
        ("server", "サーバー"),
        ("Don’t", "don't"),
        ("①", "1"),
        ("か\u3099っこう", "がっこう"),
        ("就業規則 ", "　就業規則"),
    ],
)
def test_spellings_of_one_word_have_the_same_terms(one: str, other: str) -> None:
    assert terms(one) == terms(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("キー", "キ"), ("カバー", "カバ"), ("8,000", "8,001"), ("会社", "社会"), ("VPN", "VPS"), ("2024年", "2025年")],
)
def test_different_words_stay_different(one: str, other: str) -> None:
    assert terms(one) != terms(other)


def test_particles_auxiliaries_punctuation_and_blanks_are_no_terms() -> None:
    assert surface("経費は、 会社が支払います。") == ("経費", "会社", "支払う")
    assert terms("。、！？　 \n") == ()
    assert terms("") == ()


def test_a_compound_shares_its_parts_with_a_sentence_that_has_them() -> None:
    assert set(terms("在宅勤務")) <= set(terms("在宅での勤務を認める"))
    assert set(terms("就業規則")) <= set(terms("社員は就業規則に従う"))


def test_terms_are_distinct_sorted_numbers_of_32_bits_and_surface_keeps_repetitions() -> None:
    text = "経費規程と経費規程 expense Expense"

    made = terms(text)

    assert list(made) == sorted(set(made))
    assert all(0 <= term < 2**32 for term in made)
    assert surface(text) == ("経費", "規程", "経費", "規程", "エクスペンス", "エクスペンス")
    assert len(made) == 3


def test_the_id_of_a_word_is_the_same_in_every_release_of_this_tokenizer() -> None:
    # Stored vectors hold these numbers: a change needs a new TOKENIZER, and a new index.
    assert terms("経費") == (967259852,)
    assert terms("vpn") == (558919479,)


def test_the_tokenizer_names_library_dictionary_and_our_folding() -> None:
    assert version("sudachipy") in TOKENIZER
    assert version("sudachidict-core") in TOKENIZER
    assert TOKENIZER.endswith("folding 2")


@pytest.mark.parametrize("broken", ["経費\x00規程", "経費 \ud800規程", "\udfff経費 規程", "経費\x00\x00 規程\ud800"])
def test_nuls_and_lone_surrogates_do_no_harm(broken: str) -> None:
    assert set(terms("経費 規程")) <= set(terms(broken))
    assert terms("\ud800") == terms("\x00") == ()


def test_a_text_far_over_the_tokenizers_limit_has_all_its_terms() -> None:
    long = "社員は経費を精算する。" * 20_000 + "最後に監査する。"
    assert len(long.encode()) > 10 * 49_149

    assert set(terms(long)) == set(terms("社員は経費を精算する。最後に監査する。"))


@pytest.mark.parametrize("character", ["あ", "漢", "😀", "a", "\ufdfa", "㌀", "1", "ー"])
def test_a_long_run_without_any_break_is_taken(character: str) -> None:
    terms(character * 60_000)


def test_no_word_is_cut_where_a_long_text_is_divided() -> None:
    whole = set(surface("犬。情報セキュリティ委員会は毎月開催する。"))

    for shift in range(40):
        text = "犬。" * shift + "情報セキュリティ委員会は毎月開催する。" * 1_000
        assert set(surface(text)) <= whole


def test_english_sentences_with_spaces_are_divided_between_words() -> None:
    text = "employees submit expense reports monthly " * 2_000

    assert set(surface(text)) == set(surface("employees submit expense reports monthly"))


def test_every_assigned_character_is_taken() -> None:
    text = "".join(chr(code) for code in range(sys.maxunicode + 1) if code % 7 == 0)

    assert len(terms(text)) > 1_000


def test_threads_get_the_same_terms_at_the_same_time() -> None:
    text = "社員は就業規則に従い、経費を月末までに精算する。" * 20
    expected = terms(text)
    results: list[bool] = []

    def work() -> None:
        results.extend(terms(text) == expected for _ in range(20))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert results == [True] * 160
