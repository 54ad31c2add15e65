"""The one writer of the audit log.

A thread takes what has gathered, and makes of it one transaction and one signed checkpoint (group commit), so that many
callers share the cost of a durable write. An event's future is done when the disk has it.

Any error of the storage is poison: after a failed write nobody knows what the disk holds (SQLite accepts later commits
after a failed fdatasync), so everything that waits and everything that comes is refused with AuditUnavailable until the
log is opened again, which compares the stored leaves with the last signed checkpoint.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

from appliance.audit import keys, store
from appliance.audit.check import breaks_the_log, check, rolled_back
from appliance.audit.checkpoint import Checkpoint, signed
from appliance.audit.leaf import Draft, draft, parse, stamp
from appliance.audit.merkle import leaf_hash
from appliance.audit.note import SigningKey, VerifierKey, sign
from appliance.audit.owning import Owned, found, own, refuse_foreign
from appliance.audit.reading import AuditReader
from appliance.audit.refusal import sentence
from appliance.audit.tiles import FullTile
from appliance.errors import AuditBroken, AuditIdReused, AuditUnavailable, ExportRefused
from appliance.models import AuditEvent, Language, Receipt

Clock = Callable[[], datetime]
_BATCH = 512
_LINGER = 0.002  # seconds; half of what a slow disk takes for one sync, and nothing for a single caller


def utc_now() -> datetime:
    """The system's clock."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class _Waiting:
    draft: Draft
    future: Future[Receipt]


class AuditLog:
    """The log of one installation, owned by one process (`path` + ".lock"). Implements protocols.AuditSink."""

    @classmethod
    def create(cls, path: Path, key_path: Path, name: str) -> None:
        """Make an empty log called `name` (as keys are named: no spaces, no plus) and, unless it is there, its key."""
        found(path, keys.load(key_path) if key_path.exists() else keys.generate(key_path, name), name)

    @classmethod
    def open(cls, path: Path, key_path: Path, *, clock: Clock = utc_now) -> AuditLog:
        """Take ownership of the log, verify its tail and start the writer.

        Raises AuditLocked, AuditBroken, AuditUnavailable, AuditKeyInvalid or FolderOpenToOthers.
        """
        key = keys.load(key_path)
        return cls(path, key, own(path, key.verifier), clock)

    def __init__(self, path: Path, key: SigningKey, owned: Owned, clock: Clock) -> None:
        self.path = path
        self.reader = AuditReader(path, key.verifier)
        self._key, self._owned, self._clock = key, owned, clock
        self._frontier, self._last = owned.frontier, owned.last_time
        self._changed = threading.Condition()
        self._queue: deque[_Waiting] = deque()
        self._refusing: AuditUnavailable | None = None
        self.newest = Checkpoint(key.name, owned.frontier.size, owned.frontier.root())
        self._schema = store.schema_version(owned.connection)
        owned.connection.commit()
        self._closing = False
        self._crowd = 1  # how many came last time
        self._thread = threading.Thread(target=self._run, name="audit-writer", daemon=True)
        self._thread.start()

    @property
    def key(self) -> VerifierKey:
        """Whom an auditor has to believe."""
        return self._key.verifier

    def now(self) -> datetime:
        """What the log's clock shows."""
        return self._clock()

    def problems(self) -> tuple[ExportRefused, ...]:
        """The log's full check (audit/check.py), and whether the file is still the one that this process writes."""
        newest = self.newest
        found = check(self.reader)
        if any(map(breaks_the_log, found)):
            return found
        back = rolled_back(self.reader, newest.size, newest.root.hex(), self.key.encode())
        return found if back is None else (back, *found)

    def check(self, language: Language = "en") -> tuple[str, ...]:
        """`problems` as sentences; none when all is as it was signed."""
        return tuple(sentence(found, language) for found in self.problems())

    def sign(self, text: str) -> bytes:
        """A signed note over the log's word about an export. A checkpoint is signed by the writer alone."""
        return sign(text, self._key)

    def submit(self, event: AuditEvent) -> Future[Receipt]:
        """See AuditSink. The future cannot be cancelled: whoever leaves, the event is recorded.

        Raises AuditEventInvalid at once; the same id with the same content gives the first receipt again, with another
        content the future raises AuditIdReused.
        """
        waiting = _Waiting(draft(event), Future())
        waiting.future.set_running_or_notify_cancel()
        with self._changed:
            self.require_writable()
            self._queue.append(waiting)
            if len(self._queue) in (1, self._crowd):
                self._changed.notify()
        return waiting.future

    def require_writable(self) -> None:
        """Raise AuditUnavailable where the next event would be refused."""
        if self._refusing is not None:
            raise self._refusing.again()
        if self._closing:
            raise AuditUnavailable(where=self.path, why="the log is closed")

    def refuse(self, why: AuditBroken) -> None:
        """Take no event any more: the log is damaged, and what is added to it would be signed over the damage."""
        self._refuse([], why)

    def commit(self, event: AuditEvent) -> Receipt:
        """See AuditSink."""
        return self.submit(event).result()

    def close(self) -> None:
        """Write what waits, then give up ownership. Safe to call twice."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join()
        self.reader.close()
        self._owned.release()

    def __enter__(self) -> AuditLog:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _run(self) -> None:
        batch: list[_Waiting] = []
        why = AuditUnavailable(where=self.path, why="its writer stopped")
        try:
            while batch := self._take():
                self._write(batch)
            why = AuditUnavailable(where=self.path, why="the log is closed")
        except store.STORAGE_ERRORS as error:
            why = AuditUnavailable(where=self.path, why=store.reason(error))
        except AuditBroken as error:
            why = error
        finally:
            # Also after a defect of ours: a caller that waits for a thread that is gone would wait for ever.
            self._refuse(batch, why)

    def _refuse(self, batch: list[_Waiting], why: AuditUnavailable) -> None:
        with self._changed:
            if self._refusing is None:
                self._refusing = why
            left = [*batch, *self._queue]
            self._queue.clear()
        for waiting in left:
            if not waiting.future.done():
                waiting.future.set_exception(self._refusing.again())

    def _take(self) -> list[_Waiting]:
        """The next batch: distinct ids, in order of arrival. Empty once the log closes and nothing is left."""
        batch: dict[str, _Waiting] = {}
        with self._changed:
            self._changed.wait_for(lambda: self._queue or self._closing)
            # The first of a crowd comes back alone; a commit for it would make all others wait for the next one.
            self._changed.wait_for(lambda: len(self._queue) >= self._crowd or self._closing, timeout=_LINGER)
            while self._queue and len(batch) < _BATCH and self._queue[0].draft.event.id not in batch:
                waiting = self._queue.popleft()
                batch[waiting.draft.event.id] = waiting
            self._crowd = len(batch)
        return list(batch.values())

    def _write(self, batch: list[_Waiting]) -> None:
        connection = self._owned.connection
        if (schema := store.schema_version(connection)) != self._schema:
            refuse_foreign(connection, self.path)
            self._schema = schema
        stored = store.known(connection, [waiting.draft.event.id for waiting in batch])
        rows: list[store.Row] = []
        full: list[FullTile] = []
        fresh: list[tuple[_Waiting, Receipt]] = []
        for waiting in batch:
            event = waiting.draft.event
            if event.id in stored:
                continue
            row = self._row(waiting.draft)
            full += self._frontier.append(leaf_hash(row.leaf))
            rows.append(row)
            fresh.append((waiting, Receipt(event.id, row.index)))
        if rows:
            newest = Checkpoint(self._key.name, self._frontier.size, self._frontier.root())
            store.append(connection, rows, full, newest.size, signed(newest, self._key))
        connection.commit()
        if rows:
            self.newest = newest  # never ahead of the disk
        for waiting, receipt in fresh:
            waiting.future.set_result(receipt)
        for waiting in batch:
            if waiting.draft.event.id in stored:
                _answer_again(waiting, stored[waiting.draft.event.id])

    def _row(self, made: Draft) -> store.Row:
        # A clock that was set back must not make the log say that a later event came earlier.
        self._last = max(self._last, stamp(self._clock()))
        event = made.event
        return store.Row(
            index=self._frontier.size,
            event_id=event.id,
            time=self._last,
            action=event.action,
            outcome=event.outcome,
            actor=event.actor.id,
            case=event.case,
            leaf=made.leaf(self._last),
            texts=made.texts,
        )


def _answer_again(waiting: _Waiting, row: store.Row) -> None:
    """Receipt for an event that came twice; two contents under one id are refused."""
    before, now = parse(row.leaf), parse(waiting.draft.leaf(row.time))
    texts = {text.name: text.text for text in waiting.draft.texts}
    same = replace(before, commitments={}) == replace(now, commitments={})
    same = same and before.commitments.keys() == now.commitments.keys()
    if same and all(texts[text.name] == text.text for text in row.texts):
        waiting.future.set_result(Receipt(row.event_id, row.index))
    else:
        waiting.future.set_exception(AuditIdReused(event=row.event_id))
