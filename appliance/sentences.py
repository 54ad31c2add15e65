"""Sentence boundaries in Japanese and English text."""

import re


def sentences(text: str) -> list[tuple[int, int]]:
    """Spans [start, end) of the sentences of a text."""
    return [m.span() for m in re.finditer(r"[^\s。！？!?.\n][^。！？\n]*?(?:[。！？]+|[.!?]+(?=\s|$)|(?=\n)|$)", text)]
