"""The way of documents, top to bottom.

    (1) survey the folder                              discover.py
    (2) take away what the manifest no longer gives    access.py
    (3) read each file once; skip what is unchanged    original.py
    (4) convert in a limited subprocess                sandbox.py
    (5) split                                          split.py
    (6) embed, both cores at work, across documents    appliance.embedding
    (7) hand to the API, one document a call           target.py

(2) is for every stored document, before anything is done to a file: one that fails, or a run that ends, must not leave
a document with those from whom the manifest takes it. A bad file is a row of the report. What concerns every file (the
API, the index, the log, the disk) ends the run; what was stored until then stays, and the next run goes on behind it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np

from appliance.api.schemas.documents import AccessRule, StoredDocument
from appliance.embedding.pool import cores, embed_in_order
from appliance.errors import ApiProblem, ApplianceError, Denied, EmbedderMismatch, Unavailable
from appliance.models import Language, Vector
from appliance.protocols import Embedder
from appliance.words import Words
from ingest.access import narrowed, nobody_holds, same_access, seen_by
from ingest.converted import Converted, Limits
from ingest.discover import Candidate, Survey
from ingest.manifest import DocumentRule, Manifest
from ingest.original import Original, read_original
from ingest.report import Row
from ingest.sandbox import convert_file
from ingest.split import FINGERPRINT, Draft, split
from ingest.target import Given, Target

_OF_EVERY_FILE = (Unavailable, Denied, EmbedderMismatch)
_STAYS = Words(
    ja="以前に登録した版が残っています（閲覧できる範囲: {who}）。",
    en=" The version stored before stays; who sees it: {who}.",
)
_CHANGED = Words(ja="この範囲は今回変更したものです。", en=" That is what this run changed it to.")
_WOULD_CHANGE = Words(ja="sync でこの範囲に変わります。", en=" That is what sync will change it to.")
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
        self._given: set[str] = set()  # paths whose access this run has changed
        target.refuse_other(embedder.identity)
        self._held = frozenset(target.compartments())
        self._waiting: deque[_Ready] = deque()
        self._done: deque[Row] = deque()

    @property
    def stored(self) -> dict[str, StoredDocument]:
        """What the collection held when the run began, by path."""
        return self._stored

    def rows(self, found: Survey) -> Iterator[Row]:
        """Take in what was found. Raises Unavailable errors, and with `fail_fast` the first failure's."""
        for row in self._rows(found):
            yield self._with_access(row)

    def _rows(self, found: Survey) -> Iterator[Row]:
        yield from self._taken_away(found)
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

    def _taken_away(self, found: Survey) -> list[Row]:
        """Narrow every stored document that stays; rows for those that no file of this run will have one for."""
        told = {file.path for file in found.files} | {refusal.path for refusal in found.refused}
        rows, names = [], self.manifest.names
        for path in sorted(path for path in self._stored if found.stays(path)):
            before = self._stored[path].access
            try:
                access = narrowed(before, self.manifest.rule_for(path).access, names)
                if not same_access(before, access):
                    rows.append(self._give(path, access))
            except ApplianceError as error:
                rows.append(self._failed(path, error, go_on=True))
        return [row for row in rows if row.path not in told]

    def _give(self, path: str, access: AccessRule) -> Row:
        if not self._options.dry:
            self._target.change_access(path, access)
        self._stored[path] = self._stored[path].model_copy(update={"access": access})
        self._given.add(path)
        return Row(path, "would-change-access" if self._options.dry else "access-changed")

    def _with_access(self, row: Row) -> Row:
        """The row with who sees what is stored, or will be."""
        if row.state == "failed":
            access = self._stored[row.path].access if row.path in self._stored else None
        elif row.state in ("access-changed", "would-change-access"):
            access = self._stored[row.path].access
        else:
            access = self.manifest.rule_for(row.path).access
        if access is None:
            return row
        language = self._options.language
        warnings = nobody_holds(access, self._held, language)
        return replace(row, seen_by=seen_by(access, self.manifest.names, language), notes=(*row.notes, *warnings))

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
        if not same_access(self._stored[known.path].access, rule.access):
            return self._give(known.path, rule.access)
        if known.path not in self._given:
            return Row(known.path, "unchanged")
        return Row(known.path, "would-change-access" if self._options.dry else "access-changed")

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

    def _failed(self, path: str, error: ApplianceError, *, go_on: bool = False) -> Row:
        """The row of a file that failed; what concerns every file is raised instead."""
        kind, code = (error.kind, error.refused) if isinstance(error, ApiProblem) else (type(error), error.code)
        if (self._options.fail_fast and not go_on) or issubclass(kind, _OF_EVERY_FILE):
            raise error
        return Row(path, "failed", reason=error.text(self._options.language) + self._old_version(path), code=code)

    def _old_version(self, path: str) -> str:
        """What a failure means for whoever searches: the version from before is still found."""
        if path not in self._stored:
            return ""
        language = self._options.language
        who = seen_by(self._stored[path].access, self.manifest.names, language).text(language)
        changed = (_WOULD_CHANGE if self._options.dry else _CHANGED).text(language) if path in self._given else ""
        return _STAYS.text(language, who=who) + changed


def _would_store(ready: _Ready) -> Row:
    parts, chunks = len(ready.converted.parts), len(ready.drafts)
    return Row(ready.original.path, "would-store", notes=ready.notes, parts=parts, chunks=chunks)


def _indexed(draft: Draft) -> str:
    return f"{draft.heading}\n{draft.text}" if draft.heading else draft.text


def _same_document(known: StoredDocument, original: Original, rule: DocumentRule) -> bool:
    """Whether what is stored was made of these bytes, in this way, in this language."""
    return (known.sha256, known.fingerprint, known.language) == (original.sha256, FINGERPRINT, rule.language)
