"""One converter a format. Runs in the sandboxed child only; each converter's library is imported when it is needed."""

from __future__ import annotations

from importlib import import_module
from typing import cast

from ingest import causes
from ingest.convert.kind import kind_of
from ingest.converted import Converted, Converter, Limits
from ingest.errors import FileTooLarge


def convert(data: bytes, name: str, limits: Limits) -> Converted:
    """The document in `data`, by the converter of its content. Raises ConversionFailed."""
    if len(data) > limits.input:
        raise FileTooLarge(
            name=name, what=causes.many(causes.BYTES, len(data)), limit=causes.many(causes.BYTES, limits.input)
        )
    converter = cast(Converter, import_module(f"ingest.convert.{kind_of(data, name)}").convert)
    return converter(data, name, limits)
