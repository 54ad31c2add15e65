"""Terms by SudachiPy: what counts as the same word in a chunk and in a question.

Mode A (the shortest units, so that 就業規則 and 就業 share a term) and the dictionary's normalised form (打合せ and
打ち合わせ, server and サーバー, 8,000 and 8000), without particles, auxiliaries, punctuation and blanks. On top of it
our own folding: NFKC (width), case, typographic apostrophes, hiragana and katakana of a word without kanji in the
dictionary, loanwords that are written in hiragana (a long-vowel mark betrays them: さーばー), and the final long-vowel
mark of katakana words (JIS Z 8301 leaves it out from three moras on).
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache
from hashlib import blake2b
from importlib.metadata import version
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sudachipy import Dictionary, Tokenizer

# What made the terms of a collection; stored with it. Raise the last number whenever the same text gives other terms.
TOKENIZER = f"sudachipy {version('sudachipy')} + sudachidict-core {version('sudachidict-core')} mode A + folding 2"

_IGNORED = frozenset({"助詞", "助動詞", "補助記号", "空白"})
_CHARACTERS = 8_000  # a piece of at most 32,000 bytes in UTF-8; Sudachi refuses more than 49,149
_BREAKS = re.compile(r"[\n。！？!?]|\s")
_TO_KATAKANA = {code: code + 0x60 for code in range(ord("ぁ"), ord("ゖ") + 1)}
_TYPOGRAPHY = {ord("’"): "'", ord("‘"): "'", ord("\x00"): " "}
# A run of hiragana with a long-vowel mark in it, without the particle that follows the word.
_LOANWORD = re.compile(
    r"[ぁ-ゖ]+ー[ぁ-ゖー]*?(?=(?:から|まで|より|など|って|です|[はがをにのでともへやか]){0,2}(?![ぁ-ゖー]))"
)
_KANA = re.compile(r"[ぁ-ゖァ-ヶー]+")

_per_thread = threading.local()  # a Sudachi tokenizer cannot be used by two threads at once; its dictionary can


def terms(text: str) -> tuple[int, ...]:
    """The distinct terms of a text as sorted 32-bit ids: an index of a sparse vector each.

    An id is a hash: among 93,000 distinct words one pair is expected to share an id. That adds a false match of one
    word, nothing else.
    """
    return tuple(sorted({_id(form) for form in surface(text)}))


def surface(text: str) -> tuple[str, ...]:
    """The normalised words behind `terms`, in the order of the text and repeated as there: for explanations."""
    return tuple(form for piece in _pieces(_plain(text)) for form in _forms(piece))


def _plain(text: str) -> str:
    """NFKC, loanwords in katakana, without lone surrogates (which cannot be encoded) and NULs."""
    encodable = text.encode("utf-8", "ignore").decode("utf-8")
    plain = unicodedata.normalize("NFKC", encodable.translate(_TYPOGRAPHY))
    return _LOANWORD.sub(lambda word: word.group().translate(_TO_KATAKANA), plain)


def _pieces(text: str) -> Iterator[str]:
    """The text in pieces that Sudachi accepts, cut after a sentence or blank where there is one in the last fifth."""
    start = 0
    while start < len(text):
        end = start + _CHARACTERS
        if end < len(text):
            breaks = [match.end() for match in _BREAKS.finditer(text, end - _CHARACTERS // 5, end)]
            end = breaks[-1] if breaks else end
        yield text[start:end]
        start = end


def _forms(piece: str) -> Iterator[str]:
    for morpheme in _tokenizer().tokenize(piece):
        if morpheme.part_of_speech()[0] not in _IGNORED and (form := _folded(morpheme.normalized_form())):
            yield form


@lru_cache(maxsize=50_000)
def _folded(form: str) -> str:
    """Case, width and kana of a normalised form united; empty when nothing is left."""
    plain = unicodedata.normalize("NFKC", form).lower().strip()
    if not _KANA.fullmatch(plain):
        return plain
    if len(plain) >= 4 and plain.endswith("ー"):
        plain = plain.rstrip("ー")
    return plain.translate(_TO_KATAKANA)


@lru_cache(maxsize=200_000)
def _id(form: str) -> int:
    return int.from_bytes(blake2b(form.encode("utf-8"), digest_size=4).digest())


@cache
def _dictionary() -> Dictionary:
    from sudachipy import Dictionary

    return Dictionary()


def _tokenizer() -> Tokenizer:
    if not hasattr(_per_thread, "tokenizer"):
        from sudachipy import SplitMode

        _per_thread.tokenizer = _dictionary().tokenizer(mode=SplitMode.A)
    tokenizer: Tokenizer = _per_thread.tokenizer
    return tokenizer
