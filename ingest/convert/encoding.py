"""Bytes of a text file to text: strict decoding in each encoding that Japanese offices use, then plausibility.

Not the `shift_jis` codec: it refuses or changes 髙, ① and ㈱, which cp932 (what Windows writes) has.
"""

from __future__ import annotations

import codecs
from collections import Counter
from functools import cache

from ingest.errors import TextUndecodable

# UTF-32 first: its little-endian mark begins with UTF-16's.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# What a file may say of itself: encodings of text only (unicode_escape and the like decode anything).
_DECLARABLE = frozenset({"utf-8", "cp932", "euc-jp", "iso2022_jp_ext", "cp1252"})
_PLAUSIBLE = 0.2  # mean weight of the characters that are not ASCII
_CONTROLS = 0.01  # share of control characters above which bytes are no text
_VOICED = frozenset("ｳｶｷｸｹｺｻｼｽｾｿﾀﾁﾂﾃﾄﾊﾋﾌﾍﾎ")


def decode(data: bytes, name: str, declared: str | None = None) -> tuple[str, str]:
    """The text, line ends as \\n and without byte order mark, and the encoding's name.

    `declared` is what the file says of itself (HTML's meta); it is tried first, and not believed where it fails.
    Raises TextUndecodable.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _checked(_strict(data[len(mark) :], encoding), encoding, name)
    if declared in _DECLARABLE and (text := _strict(data, declared)) is not None and _plausible(text):
        return _checked(text, declared, name)
    if b"\x1b$" in data and (text := _strict(data, "iso2022_jp_ext")) is not None:
        return _checked(text, "iso-2022-jp", name)
    if (text := _strict(data, "utf-8")) is not None:
        return _checked(text, "utf-8", name)
    candidates = [(text, encoding) for encoding in ("cp932", "euc-jp") if (text := _strict(data, encoding)) is not None]
    if not candidates:
        raise TextUndecodable(name=name)
    text, encoding = max(candidates, key=lambda candidate: weight(candidate[0]))
    if not _plausible(text):
        raise TextUndecodable(name=name)
    return _checked(text, encoding, name)


def _strict(data: bytes, encoding: str) -> str | None:
    try:
        codec = codecs.lookup(encoding).name
        return data.decode(codec, "eucjp-ms" if codec == "euc_jp" else "strict")
    except (UnicodeDecodeError, LookupError):
        return None


def _eucjp_ms(error: UnicodeError) -> tuple[str, int]:
    """NEC's and IBM's characters (①, ㈱, 髙), which Windows writes into EUC-JP and Python's codec lacks (CP51932)."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    pair = error.object[error.start : error.start + 2]
    if len(pair) < 2 or not all(0xA1 <= byte <= 0xFE for byte in pair):
        raise error
    row, cell = pair[0] - 0xA1, pair[1] - 0xA1
    lead = row // 2 + (0x81 if row < 62 else 0xC1)
    trail = cell + 0x9F if row % 2 else cell + (0x40 if cell < 63 else 0x41)
    try:
        return bytes((lead, trail)).decode("cp932"), error.start + 2
    except UnicodeDecodeError:
        raise error from None


codecs.register_error("eucjp-ms", _eucjp_ms)


def weight(text: str) -> float:
    """How much the characters beyond ASCII look like written Japanese: about 1 for prose, below 0 for mojibake."""
    counts = Counter(text)
    total = sum(count for character, count in counts.items() if not character.isascii())
    if not total:
        return 1.0
    score = sum(_weight(character) * count for character, count in counts.items() if not character.isascii())
    return (score - 2.0 * _stray_marks(text)) / total


def _plausible(text: str) -> bool:
    return weight(text) >= _PLAUSIBLE or all(ord(character) < 0x250 or character.isascii() for character in set(text))


@cache
def _weight(character: str) -> float:
    code = ord(character)
    if 0x3041 <= code <= 0x30FE or 0x3001 <= code <= 0x301F:
        return 1.0
    if 0xFF61 <= code <= 0xFF9F:
        return 0.3
    if 0x4E00 <= code <= 0x9FFF:
        return _kanji_weight(character)
    if code < 0xA0 or 0xE000 <= code <= 0xF8FF or code == 0xFFFD:
        return -5.0
    if 0xF900 <= code <= 0xFAFF or 0x0370 <= code <= 0x052F:
        return -0.2
    return 0.5


def _kanji_weight(character: str) -> float:
    """JIS X 0208 puts the kanji in common use into rows 16 to 47 (level 1); prose has under 2 % of others."""
    try:
        lead = character.encode("euc_jp")[0]
    except UnicodeEncodeError:
        return -0.5
    return 1.0 if 0xB0 <= lead <= 0xCF else -1.5


def _stray_marks(text: str) -> int:
    """Half-width voiced marks that follow no consonant: what EUC-JP read as cp932 is full of."""
    if "ﾞ" not in text and "ﾟ" not in text:
        return 0
    return sum(1 for before, mark in zip(" " + text, text, strict=False) if mark in "ﾞﾟ" and before not in _VOICED)


def _checked(text: str | None, encoding: str, name: str) -> tuple[str, str]:
    if text is None:
        raise TextUndecodable(name=name)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    counts = Counter(text)
    controls = sum(
        count for character, count in counts.items() if ord(character) < 0xA0 and not character.isprintable()
    )
    controls -= sum(counts[character] for character in "\n\t\f\0")
    # NUL alone is forgiven and removed (padding of old systems) while it is the smaller part of the file.
    if controls > _CONTROLS * len(text) + 2 or counts["\0"] * 2 > len(text):
        raise TextUndecodable(name=name)
    return text, encoding
