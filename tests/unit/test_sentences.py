"""Where sentences end: the quotes of an answer and the edges of a chunk depend on it."""

import random

import pytest

from appliance.sentences import sentences


def split(text):
    return [text[start:end] for start, end in sentences(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("日当は三千円とする。宿泊料は別に定める。", ["日当は三千円とする。", "宿泊料は別に定める。"]),
        ("本当ですか？はい！了解しました。", ["本当ですか？", "はい！", "了解しました。"]),
        ("止まれ！！次へ。", ["止まれ！！", "次へ。"]),
        ("終わり｡次へ｡", ["終わり｡", "次へ｡"]),
        ("彼は「わかった。行こう。」と言った。次の日。", ["彼は「わかった。行こう。」と言った。", "次の日。"]),
        ("「以上です。」会議は終わった。", ["「以上です。」", "会議は終わった。"]),
        ("「火事だ！」と叫んだ。", ["「火事だ！」と叫んだ。"]),
        ("「『はい。』と答えた。」という。", ["「『はい。』と答えた。」という。"]),
        ("明日！と叫んだ。", ["明日！と叫んだ。"]),
        ("会社（本社を含む。）は定める。次条。", ["会社（本社を含む。）は定める。", "次条。"]),
        ("円周率は３．１４である．次に進む．", ["円周率は３．１４である．", "次に進む．"]),
        ("価格は1,000.50円です。", ["価格は1,000.50円です。"]),
        ("閉じない「かっこ。次の文。", ["閉じない「かっこ。", "次の文。"]),
        ("間違った）かっこ。次の文。", ["間違った）かっこ。", "次の文。"]),
    ],
)
def test_japanese_sentences(text, expected):
    assert split(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It rains. We stay.", ["It rains.", "We stay."]),
        ("Really?! Yes. No!", ["Really?!", "Yes.", "No!"]),
        ("Mr. Smith and Dr. Jones met. They left.", ["Mr. Smith and Dr. Jones met.", "They left."]),
        ("The U.S. market grew. It fell.", ["The U.S. market grew.", "It fell."]),
        ("He lives in the U.S. He works.", ["He lives in the U.S.", "He works."]),
        ("See No. 5 and Fig. 3. The end.", ["See No. 5 and Fig. 3.", "The end."]),
        ("The answer is no. Five came.", ["The answer is no.", "Five came."]),
        ("Pi is 3.14 here. Version 2.0. Next.", ["Pi is 3.14 here.", "Version 2.0.", "Next."]),
        ("Use tools, e.g. Python, i.e. a language.", ["Use tools, e.g. Python, i.e. a language."]),
        ("Acme Inc. reported sales. Fine.", ["Acme Inc. reported sales.", "Fine."]),
        ("It was sold by Acme Inc. The price fell.", ["It was sold by Acme Inc.", "The price fell."]),
        ("J. R. Smith signed. Done.", ["J. R. Smith signed.", "Done."]),
        ("“Is it?” she asked. “Yes.” He left.", ["“Is it?” she asked.", "“Yes.”", "He left."]),
        ('He said "stop." Then he left.', ['He said "stop."', "Then he left."]),
        ("Wait... what? Fine.", ["Wait... what?", "Fine."]),
        ("The year (ended Dec. 31). Next.", ["The year (ended Dec. 31).", "Next."]),
        ("Call at 5 p.m. tomorrow. Bye.", ["Call at 5 p.m. tomorrow.", "Bye."]),
    ],
)
def test_english_sentences(text, expected):
    assert split(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("見出し\n本文です。", ["見出し", "本文です。"]),
        ("1. First thing\n2. Second thing. More.", ["1. First thing", "2. Second thing.", "More."]),
        ("- 甲\n- 乙", ["- 甲", "- 乙"]),
        ("区分 | 日当\n役員 | 5,000円", ["区分 | 日当", "役員 | 5,000円"]),
        ("第1条　目的。\n　この規程は定める。", ["第1条　目的。", "この規程は定める。"]),
        ("a\n\n\nb", ["a", "b"]),
    ],
)
def test_a_new_line_ends_a_heading_an_item_and_a_row(text, expected):
    assert split(text) == expected


def test_english_wrapped_by_hand_is_one_sentence():
    text = "This sentence was wrapped by hand and goes\non over two lines. And this\nis short."

    assert split(text)[0] == "This sentence was wrapped by hand and goes\non over two lines."


def test_japanese_wrapped_by_hand_is_one_sentence():
    text = "この文は手で折り返されていて、行の終わりに句点がないまま次の行に\nつながっている。次の文。"

    assert split(text) == [
        "この文は手で折り返されていて、行の終わりに句点がないまま次の行に\nつながっている。",
        "次の文。",
    ]


def test_a_long_bracket_holds_sentences_of_its_own():
    text = "注（" + "これは長い説明である。" * 20 + "）終わり。"

    assert len(split(text)) > 10


@pytest.mark.parametrize("text", ["", " ", "\n\n", "　\n\t"])
def test_nothing_has_no_sentences(text):
    assert sentences(text) == []


@pytest.mark.parametrize("seed", range(200))
def test_spans_are_in_order_and_lose_nothing_but_white_space(seed):
    random.seed(seed)
    text = "".join(random.choices("あ漢aB1 \n。！？.!?「」（）()\"'“”…．,、　|-", k=random.randrange(1, 80)))

    spans = sentences(text)

    position = 0
    for start, end in spans:
        assert not text[position:start].strip()
        assert position <= start < end
        assert text[start:end] == text[start:end].strip()
        position = end
    assert not text[position:].strip()


def test_two_million_characters_without_an_end_take_one_pass():
    assert sentences("あ" * 2_000_000) == [(0, 2_000_000)]
    assert len(sentences("「" * 200_000)) == 1
    assert len(sentences("「" * 200_000 + "）" * 200_000)) == 1
    assert len(sentences("「。」" * 100_000)) == 100_000
