"""The way of documents, top to bottom.

    (1) survey the folder                              discover.py
    (2) read each file once; skip what is unchanged    original.py
    (3) convert in a limited subprocess                sandbox.py
    (4) split                                          split.py
    (5) embed, both cores at work, across documents    appliance.embedding
    (6) hand to the API, one document a call           target.py

A bad file is a row of the report. What concerns every file (the API, the index, the log, the disk) ends the run; what
was stored until then stays, and the next run goes on behind it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from appliance.api.schemas.documents import StoredDocument
from appliance.embedding.pool import cores, embed_in_order
from appliance.errors import ApiProblem, ApplianceError, Denied, EmbedderMismatch, Unavailable
from appliance.models import Language, Vector
from appliance.protocols import Embedder
from ingest.converted import Converted, Limits
from ingest.discover import Candidate, Survey
from ingest.manifest import DocumentRule, Manifest
from ingest.original import Original, read_original
from ingest.report import Row
from ingest.sandbox import convert_file
from ingest.split import FINGERPRINT, Draft, split
from ingest.target import Given, Target

_OF_EVERY_FILE = (Unavailable, Denied, EmbedderMismatch)
_CONVERTED_AHEAD = 4  # documents: what waits between the converters and the embedder


@dataclass(frozen=True, slots=True)
class Options:
    """How to run: stop at the first failure, or only say what would be done."""

    language: Language
    guards: frozenset[str]  # what the sandbox must hold for a file to be looked at
    limits: Limits
    fail_fast: bool = False
    dry: bool = False


@dataclass(frozen=True, slots=True)
class _Ready:
    """A converted document on its way to the embedder."""

    original: Original
    rule: DocumentRule
    converted: Converted
    drafts: tuple[Draft, ...]
    notes: tuple[str, ...]


class Pipeline:
    """One run over one collection. `rows` yields a row a file, as soon as it is known."""

    def __init__(self, target: Target, manifest: Manifest, embedder: Embedder, options: Options) -> None:
        self.manifest = manifest
        self._target, self._embedder, self._options = target, embedder, options
        self._stored = target.documents()
        target.refuse_other(embedder.identity)
        self._waiting: deque[_Ready] = deque()
        self._done: deque[Row] = deque()

    @property
    def stored(self) -> dict[str, StoredDocument]:
        """What the collection held when the run began, by path."""
        return self._stored

    def rows(self, found: Survey) -> Iterator[Row]:
        """Take in what was found. Raises Unavailable errors, and with `fail_fast` the first failure's."""
        for refusal in found.refused:
            yield self._failed(refusal.path, refusal.error)
        vectors = embed_in_order(self._embedder, self._texts(found), workers=cores())
        collected: list[Vector] = []
        for vector in vectors:
            collected.append(vector)
            while self._waiting and len(collected) >= len(self._waiting[0].drafts):
                count = len(self._waiting[0].drafts)
                yield from self._news()
                yield self._store(self._waiting.popleft(), collected[:count])
                del collected[:count]
        while self._waiting:  # documents without a chunk
            yield self._store(self._waiting.popleft(), [])
        yield from self._news()

    def removals(self, found: Survey) -> list[str]:
        """Stored documents that are certainly no longer in the folder."""
        return sorted(path for path in self._stored if found.gone(path))

    def remove(self, paths: list[str]) -> Iterator[Row]:
        """Remove documents."""
        for path in paths:
            if not self._options.dry:
                self._target.remove(path)
            yield Row(path, "would-remove" if self._options.dry else "removed")

    def _news(self) -> Iterator[Row]:
        while self._done:
            yield self._done.popleft()

    def _texts(self, found: Survey) -> Iterator[str]:
        """The chunks' texts for the embedder; each document waits in line for its vectors."""
        for result in self._converted(found):
            if isinstance(result, Row) or self._options.dry:
                self._done.append(result if isinstance(result, Row) else _would_store(result))
                continue
            self._waiting.append(result)
            yield from (_indexed(draft) for draft in result.drafts)

    def _converted(self, found: Survey) -> Iterator[_Ready | Row]:
        with ThreadPoolExecutor(cores(), thread_name_prefix="convert") as pool:
            ahead: deque[Future[_Ready | Row]] = deque()
            for file in found.files:
                ahead.append(pool.submit(self._one, found, file))
                if len(ahead) >= _CONVERTED_AHEAD:
                    yield ahead.popleft().result()
            while ahead:
                yield ahead.popleft().result()

    def _one(self, found: Survey, file: Candidate) -> _Ready | Row:
        try:
            rule = self.manifest.rule_for(file.path)
            original = read_original(found, file)
            known = self._stored.get(file.path)
            if known and _same_document(known, original, rule):
                return self._known(known, rule)
            made = self._made(original.content, file.path.rpartition("/")[2])
            notes = tuple(note.text(self._options.language) for note in made.notes)
            return _Ready(original, rule, made, split(made), notes)
        except ApplianceError as error:
            return self._failed(file.path, error)

    def _made(self, content: bytes, name: str) -> Converted:
        return convert_file(content, name, self._options.limits, required=self._options.guards).converted

    def _known(self, known: StoredDocument, rule: DocumentRule) -> Row:
        if _same_access(known, rule):
            return Row(known.path, "unchanged")
        if self._options.dry:
            return Row(known.path, "would-change-access")
        return Row(known.path, self._target.change_access(known.path, rule.access).state)

    def _store(self, ready: _Ready, vectors: list[Vector]) -> Row:
        parts, chunks = len(ready.converted.parts), len(ready.drafts)
        path = ready.original.path
        given = Given(ready.rule.access, ready.rule.language, self._embedder.identity.sha256)
        matrix = np.stack(vectors) if vectors else np.empty((0, self._embedder.identity.dimensions), np.float32)
        try:
            stored = self._target.store(ready.original, ready.converted, ready.drafts, matrix, given)
        except ApplianceError as error:
            return self._failed(path, error)
        return Row(path, stored.state, notes=ready.notes, parts=parts, chunks=chunks)

    def _failed(self, path: str, error: ApplianceError) -> Row:
        """The row of a file that failed; what concerns every file is raised instead."""
        kind, code = (error.kind, error.refused) if isinstance(error, ApiProblem) else (type(error), error.code)
        if self._options.fail_fast or issubclass(kind, _OF_EVERY_FILE):
            raise error
        return Row(path, "failed", reason=error.text(self._options.language), code=code)


def _would_store(ready: _Ready) -> Row:
    parts, chunks = len(ready.converted.parts), len(ready.drafts)
    return Row(ready.original.path, "would-store", notes=ready.notes, parts=parts, chunks=chunks)


def _indexed(draft: Draft) -> str:
    return f"{draft.heading}\n{draft.text}" if draft.heading else draft.text


def _same_document(known: StoredDocument, original: Original, rule: DocumentRule) -> bool:
    """Whether what is stored was made of these bytes, in this way, in this language."""
    return (known.sha256, known.fingerprint, known.language) == (original.sha256, FINGERPRINT, rule.language)


def _same_access(known: StoredDocument, rule: DocumentRule) -> bool:
    one, other = known.access, rule.access
    return (
        set(one.groups) == set(other.groups)
        and set(one.denied) == set(other.denied)
        and set(one.compartments) == set(other.compartments)
        and (one.classification, one.valid_from, one.valid_until)
        == (other.classification, other.valid_from, other.valid_until)
    )
