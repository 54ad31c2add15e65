"""How one event reads in an export: its line of events.jsonl and its row of events.csv.

The export writes these bytes and the verifier makes them again from the log, so a byte that differs is found without
trusting the manifest. What the actions mean is part of the signed manifest, not of the verifier: an old export stays
verifiable when the catalogue grows.

    {"index", "leaf": <the leaf, byte for byte>, "ocsf": {...}, "texts": {name: {"salt": hex, "text": ...} or null}}

A text that is missing beside the log is null. The CSV is UTF-8 with a byte order mark and CRLF, every cell quoted, and
no cell begins a formula (a shield ' stands before it, and before a ' of the text itself); control and direction
characters are made visible, and a text longer than a cell of Excel is cut there.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from appliance.actions import Action
from appliance.audit.canonical import decode, encode, quoted, reencode
from appliance.audit.leaf import Leaf, SaltedText, commitment
from appliance.audit.refusal import refusal
from appliance.models import Json
from appliance.visible import visible

OCSF_VERSION = "1.3.0"
# OCSF status_id: 1 Success, 2 Failure, 99 Other.
_STATUS = {"success": 1, "denied": 2, "failed": 2, "aborted": 99}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_HEX_SALT = re.compile(r"[0-9a-f]{64}")
_COLUMNS = (
    "番号 index",
    "日時 time (UTC)",
    "操作 action",
    "操作名",
    "description",
    "結果 outcome",
    "主体の種類 actor kind",
    "主体 actor",
    "事案 case",
    "記録ID event",
    "詳細 details",
)
_MISSING = "（欠落 missing）"
_CUT = "…（以下省略。全文は events.jsonl / cut, whole in events.jsonl）"
_MAX_CELL = 32_000  # Excel holds 32,767 characters in a cell and breaks a longer one
_MINUS_SIGNS = frozenset("\u2010\u2011\u2012\u2013\u2014\u2015\u2212")  # NFKC leaves them as they are
_SHIELDED = re.compile(r"[=+\-@'\t\r\n]")  # the shield itself too: '=1 as a text is not =1 shielded
_IGNORED = "\u200d\u00ad\ufeff"
_BLANKS = str.maketrans("\n\t\u3000", "   ")  # what `visible` leaves as it is, though not printable

BOM = b"\xef\xbb\xbf"
Texts = Mapping[str, SaltedText | None]
"""By name, in the order of names; a missing text is None."""


def line_head(index: int, leaf: bytes, read: Leaf, action: Action) -> bytes:
    """A line up to its texts."""
    return b'{"index":%d,"leaf":%b,"ocsf":%b,"texts":' % (index, leaf, _ocsf(read, action).encode())


def line(index: int, leaf: bytes, read: Leaf, action: Action, texts: Texts) -> bytes:
    """The event's line of events.jsonl."""
    return line_head(index, leaf, read, action) + _encode_texts(texts) + b"}\n"


def texts_of_line(found: bytes, head: bytes, index: int, commitments: Mapping[str, str]) -> Texts:
    """The texts of a line that must begin with `head`, each checked against its commitment."""
    if not found.startswith(head) or not found.endswith(b"}\n"):
        raise refusal("event-differs", detail=index)
    value = decode(found[len(head) : -2])
    if not isinstance(value, dict) or value.keys() != commitments.keys():
        raise refusal("event-differs", detail=index)
    return {name: _checked_text(name, value[name], index, commitments[name]) for name in sorted(value)}


def _checked_text(name: str, value: Json, index: int, committed: str) -> SaltedText | None:
    if value is None:
        return None
    if not isinstance(value, dict) or value.keys() != {"salt", "text"}:
        raise refusal("event-differs", detail=index)
    salt, text = value["salt"], value["text"]
    if not isinstance(salt, str) or not isinstance(text, str) or not _HEX_SALT.fullmatch(salt):
        raise refusal("event-differs", detail=index)
    read = SaltedText(name, bytes.fromhex(salt), text.encode())
    if commitment(read.salt, read.text) != committed:
        raise refusal("text-differs", name=name, detail=index)
    return read


def _encode_texts(texts: Texts) -> bytes:
    return encode(
        {
            name: None if text is None else {"salt": text.salt.hex(), "text": text.text.decode(errors="replace")}
            for name, text in texts.items()
        }
    )


def _ocsf(leaf: Leaf, action: Action) -> str:
    """The event in the terms of OCSF, canonical. Source: schema.ocsf.io; `time` is in milliseconds."""
    begin, middle, end = _frame(action, leaf.outcome)
    milliseconds = (datetime.fromisoformat(leaf.time) - _EPOCH) // timedelta(milliseconds=1)
    return (
        f'{begin}{quoted(leaf.actor)}}}}},{middle}{{"correlation_uid":{quoted(leaf.case)},"product":{{"name":"appliance"}},'
        f'"uid":{quoted(leaf.id)},"version":"{OCSF_VERSION}"}},{end},"time":{milliseconds},'
        f'"type_uid":{action.ocsf_class * 100 + action.activity}}}'
    )


@lru_cache(maxsize=512)
def _frame(action: Action, outcome: str) -> tuple[str, str, str]:
    return (
        f'{{"activity_id":{action.activity},"actor":{{"user":{{"uid":',
        f'"category_uid":{action.ocsf_class // 1000},"class_uid":{action.ocsf_class},"metadata":',
        f'"severity_id":1,"status_id":{_STATUS[outcome]}',
    )


def csv_head(text_names: Sequence[str]) -> bytes:
    """The byte order mark and the row of column names."""
    return BOM + _row([*_COLUMNS, *(cell(f"本文 {name}") for name in text_names)])


def csv_row(index: int, leaf: Leaf, action: Action, texts: Texts, text_names: Sequence[str]) -> bytes:
    """The event's row of events.csv; `text_names` are the columns of texts."""
    cells = [
        str(index),
        leaf.time,
        *_action_cells(action),
        leaf.outcome,
        leaf.actor_kind,
        cell(leaf.actor),
        cell(leaf.case),
        cell(leaf.id),
        cell(reencode(leaf.details)),
        *(cell(_shown(texts, name)) for name in text_names),
    ]
    return _row(cells)


@lru_cache(maxsize=512)
def _action_cells(action: Action) -> tuple[str, str, str]:
    return cell(action.name), cell(action.ja), cell(action.en)


def _shown(texts: Texts, name: str) -> str:
    if name not in texts:
        return ""
    text = texts[name]
    return _MISSING if text is None else text.text.decode(errors="replace")


def _row(cells: Sequence[str]) -> bytes:
    return ('"' + '","'.join(cells) + '"\r\n').encode()


def cell(text: str) -> str:
    """The text between a cell's quotes: visible, no formula in any spreadsheet, no longer than Excel holds."""
    shown = text if text.isprintable() or text.translate(_BLANKS).isprintable() else visible(text)
    if len(shown) > _MAX_CELL:
        shown = shown[:_MAX_CELL] + _CUT
    shield = "'" if _begins_formula(text) else ""
    return shield + shown.replace('"', '""')


def _begins_formula(text: str) -> bool:
    """Whether a spreadsheet may calculate it, or read a shield: = + - @ ' in any width, behind any space, or a tab or
    line end first."""
    if text[:1].isalnum() or text[:1] == "{":
        return False
    if _SHIELDED.match(text):
        return True
    bare = unicodedata.normalize("NFKC", text.lstrip().lstrip(_IGNORED).lstrip()[:1])
    return bare in _MINUS_SIGNS or bool(_SHIELDED.match(bare))
