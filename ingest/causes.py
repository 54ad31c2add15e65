"""Why a file was refused, as it stands inside an error's sentence: causes and amounts that several converters share."""

from __future__ import annotations

from appliance.words import Words

TOO_DEEP = Words(ja="入れ子が深すぎます", en="it is nested too deeply")
NO_WORD_DOCUMENT = Words(ja="正しい Word 文書ではありません", en="it is no valid Word document")
NO_WORKBOOK = Words(ja="正しいブックではありません", en="it is no valid workbook")
NO_PDF = Words(ja="正しい PDF ではありません", en="it is no valid PDF")
NO_END = Words(ja="末尾がありません", en="its end is missing")
NO_PAGES = Words(ja="ページがありません", en="it has no pages")
NO_HTML = Words(ja="HTML として読み取れません", en="its HTML cannot be read")
PAGE_UNREADABLE = Words(ja="{page} ページ目を読み取れません", en="page {page} cannot be read")
LINE_UNREADABLE = Words(ja="{line} 行目を読み取れません", en="line {line} cannot be read")
ZIP_DAMAGED = Words(ja="ZIP の構造が壊れています", en="its ZIP structure is damaged")
ZIP_OVERLAPS = Words(ja="ZIP の中身が重なっています", en="members of its ZIP overlap")
ZIP_OUTSIDE = Words(ja="ZIP の中の {member} が外を指しています", en="its member {member} points outside")
DOCUMENT_TYPE = Words(
    ja="{member} に、Office が書かない文書型宣言があります",
    en="{member} declares a document type, which Office never does",
)
FOREIGN_XML = Words(
    ja="{member} は Office が使わない文字コードの XML です",
    en="{member} is XML in an encoding that Office never uses",
)
FOREIGN_ENCODING = Words(
    ja="{member} は文字コード {encoding} の XML で、Office はこれを使いません",
    en="{member} is XML in the encoding {encoding}, which Office never uses",
)
MEMBER_NO_XML = Words(ja="{member} が XML ではありません", en="{member} is no XML")
MEMBER_CELLS = Words(ja="{member} のセル番地が正しくありません", en="{member} has impossible cell addresses")
EXIT_STATUS = Words(ja="終了コード {status}", en="exit status {status}")
RESULT_UNUSABLE = Words(ja="変換結果を使用できません", en="its result cannot be used")

BYTES = Words(ja="{count} バイト", en="{count} bytes")
CHARACTERS = Words(ja="{count} 文字", en="{count} characters")
PAGES = Words(ja="{count} ページ", en="{count} pages")
CELLS = Words(ja="セル {count} 個", en="{count} cells")
MEMBERS = Words(ja="ファイル {count} 個", en="{count} members")
SOME_CELLS = Words(ja="セルの数", en="the number of cells")
ITS_TEXT = Words(ja="文字数", en="its text")
UNPACKED = Words(ja="展開後の大きさ", en="its unpacked content")
CONVERTED = Words(ja="変換後の文書", en="the converted document")


def many(unit: Words, count: int) -> Words:
    """An amount of a unit."""
    return unit.filled(count=count)
