"""Where sentences begin and end, in Japanese and English, as spans of the text itself.

Used to split documents and to quote from them, so that a quote is always a whole sentence of its source.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter

Span = tuple[int, int]  # [start, end)

# A line that is a heading by its number: 第3条（出張の申請）, 2.1 Scope, （1）対象者, 附則. It ends in no full stop.
HEADING = re.compile(
    r"\s*(?:第\s*[0-9０-９一二三四五六七八九十百]+\s*[条章節項編款][^。]{0,60}|附\s*則|別表[^。]{0,40}"
    r"|[(（]?[0-9０-９]{1,2}(?:[.．-][0-9０-９]{1,2}){0,3}[)）.．]?[\s　][^。]{1,60}"
    r"|[■□◆◇●○▼▽【][^。]{1,60})(?<![。．.！？!?、,])\s*"
)

_CLOSERS = "」』）)】］\\]〕〉》”’\"'"
_BREAK = re.compile(rf"[。｡！？!?．.…]+[{_CLOSERS}]*|\n")
_PAIRS = {
    "「": "」",
    "『": "』",
    "（": "）",
    "(": ")",
    "【": "】",
    "［": "］",
    "〔": "〕",
    "“": "”",
    "〈": "〉",
    "《": "》",
}
_LONGEST_ASIDE = 120  # a bracket that closes later holds sentences of its own
_ABBREVIATIONS = frozenset(
    re.findall(
        r"\S+",
        "mr mrs ms dr prof st jr sr no nos vs cf ca fig figs sec art arts para vol ch pp ed eds rev gen hon approx est "
        "dept jan feb mar apr jun jul aug sep sept oct nov dec e.g i.e viz al",
    )
)
# May end a sentence too: they do when a word follows that begins sentences.
_OPEN_ENDED = frozenset(re.findall(r"\S+", "inc ltd co corp llc plc etc a.m p.m u.s u.k u.n e.u ph.d b.c a.d"))
_STARTERS = frozenset(
    re.findall(
        r"\S+",
        "the this that these those it its in on at a an we our you your he she they his her their there here if when "
        "while as for from to after before however also but and or all any each no not please see",
    )
)
_WORD_BEFORE = re.compile(r"[A-Za-z][A-Za-z.]*$")
_NUMBER_BEFORE = re.compile(r"(?:^|[\n\s])[(（]?(?:[0-9０-９]{1,3}|[A-Za-z])$")
_JAPANESE = re.compile(r"[\u3005-\u9fff\uff00-\uffef]")
_GOES_ON = re.compile(r"[ぁ-ん、，：・ー～]")
_WRAPPED_FROM = 30  # a Japanese line at least this long that stops in mid-sentence was wrapped, not ended


def sentences(text: str) -> list[Span]:
    """The sentences in order, without the white space around them; nothing but white space stands between two.

    A new line ends a sentence, except in text wrapped by hand. 「…。」と goes on; "U.S.", "No. 5", "3.14", "e.g." and
    the number of a list item end none.
    """
    asides = _asides(text)
    starts = [start for start, _ in asides]
    result: list[Span] = []
    begin = 0
    for match in _BREAK.finditer(text):
        index = bisect_right(starts, match.start()) - 1
        inside = index >= 0 and match.end() < asides[index][1]
        if not inside and _ends(text, begin, match):
            _add(text, begin, match.end(), result)
            begin = match.end()
    _add(text, begin, len(text), result)
    return result


def _add(text: str, start: int, end: int, result: list[Span]) -> None:
    piece = text[start:end]
    start += len(piece) - len(piece.lstrip())
    end -= len(piece) - len(piece.rstrip())
    if start < end:
        result.append((start, end))


def _asides(text: str) -> list[Span]:
    """The outermost brackets that close within one line and a limit, as spans up to and including the closing one."""
    result: list[Span] = []
    open_at: list[tuple[int, str]] = []
    awaited: Counter[str] = Counter()
    for match in re.finditer(r"[「『（(【［〔“〈《」』）)】］〕”〉》\n]", text):
        character = match.group()
        if character == "\n":
            open_at.clear()
            awaited.clear()
        elif character in _PAIRS:
            open_at.append((match.start(), _PAIRS[character]))
            awaited[_PAIRS[character]] += 1
        elif awaited[character]:
            start, closer = open_at.pop()
            awaited[closer] -= 1
            while closer != character:  # brackets left open inside this one
                start, closer = open_at.pop()
                awaited[closer] -= 1
            if match.end() - start <= _LONGEST_ASIDE:
                while result and result[-1][0] > start:
                    result.pop()
                result.append((start, match.end()))
    return result


def _ends(text: str, begin: int, match: re.Match[str]) -> bool:
    mark = match.group()
    after = text[match.end() : match.end() + 1]
    if mark == "\n":
        return not _wrapped(text, begin, match.start())
    if not after or after == "\n":
        return True
    first = mark[0]
    if first in ".…!?．":
        return _western_end(text, begin, match)
    if mark[-1] in "。｡！？":
        return first not in "！？" or not re.match("[とっ]", after)
    # Closed by a bracket or a quotation mark: と, は, の ... go on with the sentence around it.
    return not _GOES_ON.match(after)


def _wrapped(text: str, begin: int, newline: int) -> bool:
    """Whether a line was broken by hand in mid-sentence."""
    line = text[max(begin, text.rfind("\n", 0, newline) + 1) : newline].rstrip()
    after = text[newline + 1 : newline + 200].split("\n", 1)[0]
    if not line or not after.strip() or " | " in line or " | " in after:
        return False
    last, first = line[-1], after[0]
    if last.isascii():
        return (last.isalnum() or last in ",;-") and first.isascii() and first.islower() and len(line) >= _WRAPPED_FROM
    goes_on = bool(_GOES_ON.match(first)) and first != "・"
    return len(line) >= _WRAPPED_FROM and bool(_JAPANESE.match(last)) and last not in "。！？：）」】" and goes_on


def _western_end(text: str, begin: int, match: re.Match[str]) -> bool:
    mark, after = match.group(), text[match.end() : match.end() + 40]
    if not after[0].isspace():
        # Japanese that uses ． or . as its full stop has no space after it.
        return bool(mark[0] in "．!?" and _JAPANESE.match(after[0]) and not re.match("[0-9０-９]", after[0]))
    following = after.lstrip()
    if not following:
        return True
    if following[0].islower() or ("…" in mark and following[0] in "、。"):
        return False
    if mark.rstrip("\"'”’)]」』）") != ".":
        return True
    return not _abbreviates(text[begin : match.start()], following)


def _abbreviates(before: str, following: str) -> bool:
    """Whether the full stop after `before` belongs to an abbreviation, an initial or the number of a list item."""
    if _NUMBER_BEFORE.fullmatch(before.strip()[-4:]) and len(before.strip()) <= 4:
        return True
    word = _WORD_BEFORE.search(before)
    if word is None:
        return False
    known = word.group().lower()
    next_word = re.match(r"[A-Za-z]+", following)
    begins = next_word is not None and next_word.group().lower() in _STARTERS
    if known in {"no", "nos", "art", "fig", "sec", "ch"}:
        return following[0].isdigit()
    if known in _ABBREVIATIONS:
        return True
    initials = len(known) == 1 and word.group().isupper()
    return (known in _OPEN_ENDED or initials or "." in known) and not begins
