"""Markdown by markdown-it: sections by heading; what is read is what a reader of the rendered page sees."""

from __future__ import annotations

import re
from collections.abc import Sequence

from markdown_it import MarkdownIt
from markdown_it.token import Token

from appliance.visible import one_line
from ingest import causes
from ingest.convert.encoding import decode
from ingest.convert.html import read_into
from ingest.convert.plain import language_of, stem, without_nul
from ingest.convert.sections import Outline
from ingest.converted import Converted, Limits, Note
from ingest.errors import FileBroken, FileEmpty, FileTooLarge

_FRONT_MATTER = re.compile(r"\A---\n(.*?)\n(?:---|\.\.\.)\n", re.S)
_DEEPEST = 100  # quotes and lists within each other
_TITLE = re.compile(r"^title:\s*[\"']?(.+?)[\"']?\s*$", re.M)


def convert(data: bytes, name: str, limits: Limits) -> Converted:
    """Headings make parts; emphasis and links leave their text; front matter gives the title.

    Raises TextUndecodable, FileEmpty, FileTooLarge.
    """
    text, encoding = decode(data, name)
    text, notes = without_nul(text)
    if len(text) > limits.characters:
        raise FileTooLarge(
            name=name,
            what=causes.many(causes.CHARACTERS, len(text)),
            limit=causes.many(causes.CHARACTERS, limits.characters),
        )
    if encoding != "utf-8":
        notes = (*notes, Note("encoding", values={"encoding": encoding}))
    front = _FRONT_MATTER.match(text)
    named = _TITLE.search(front.group(1)) if front else None
    outline = Outline(name, limits.characters)
    _Reader(outline, name).read(_tokens(text[front.end() if front else 0 :], name))
    title = (one_line(named.group(1)) if named else "") or outline.first_heading() or stem(name)
    parts = outline.parts(title)
    if not parts:
        raise FileEmpty(name=name)
    return Converted(title, "text/markdown", language_of(outline.text()), parts, notes=notes)


def _tokens(text: str, name: str) -> list[Token]:
    tokens = MarkdownIt("commonmark", {"maxNesting": _DEEPEST}).enable("table").parse(text)
    # The parser drops what is nested deeper, without a word.
    if any(token.level >= _DEEPEST - 1 for token in tokens):
        raise FileBroken(name=name, why=causes.TOO_DEEP)
    return tokens


class _Reader:
    """Walks the flat list of tokens; `_items` are the open lists' numbers, None for bullets."""

    def __init__(self, outline: Outline, name: str) -> None:
        self._outline = outline
        self._name = name
        self._items: list[int | None] = []
        self._marker = ""
        self._level = 0
        self._rows: list[list[str]] | None = None

    def read(self, tokens: Sequence[Token]) -> None:
        for token in tokens:
            if token.type in {"fence", "code_block"}:
                self._outline.block(token.content.rstrip("\n"))
            elif token.type == "html_block":
                read_into(self._outline, token.content, self._name)
            elif token.type == "inline":
                self._inline(_shown(token.children or []))
            else:
                self._structure(token)

    def _structure(self, token: Token) -> None:
        match token.type:
            case "heading_open":
                self._level = int(token.tag[1])
            case "heading_close":
                self._level = 0
            case "bullet_list_open":
                self._items.append(None)
            case "ordered_list_open":
                self._items.append(int(token.attrs.get("start", 1)))
            case "bullet_list_close" | "ordered_list_close":
                self._items.pop()
            case "list_item_open":
                self._marker = self._next_marker()
            case "table_open":
                self._rows = []
            case "tr_open" if self._rows is not None:
                self._rows.append([])
            case "table_close" if self._rows is not None:
                self._outline.table(self._rows, header=1)
                self._rows = None

    def _next_marker(self) -> str:
        number = self._items[-1]
        if number is None:
            return "- "
        self._items[-1] = number + 1
        return f"{number}. "

    def _inline(self, text: str) -> None:
        if self._rows is not None:
            self._rows[-1].append(text)
        elif self._level:
            self._outline.heading(self._level, text)
        else:
            self._outline.block(self._marker + text)
            self._marker = ""


def _shown(children: Sequence[Token]) -> str:
    pieces: list[str] = []
    for child in children:
        if child.type in {"text", "code_inline"} or child.type == "image":
            pieces.append(child.content)
        elif child.type == "hardbreak":
            pieces.append("\n")
        elif child.type == "softbreak":
            pieces.append("\x00")
        elif child.type == "html_inline" and re.match(r"<br\b", child.content, re.I):
            pieces.append("\n")
    # A line break of the source is none of the page: a space in English, nothing between Japanese characters.
    text = re.sub("(?<=[\u3000-\u9fff\uff00-\uffef])\x00|\x00(?=[\u3000-\u9fff\uff00-\uffef])", "", "".join(pieces))
    return text.replace("\x00", " ")
