"""What the start compares beyond the tail, and what is kept outside the log's own file while it runs.

The newest signed head is kept in another database, about a second after it was signed and at an orderly end, so that a
log that is put back to an older copy, or signed by another key, is noticed without a checkpoint kept elsewhere. Whoever
puts back both databases together, or can write in both, is found only by a checkpoint outside of the machine.

Every leaf is read again at the start: before anything is served up to 10,000 events (0.4 s of one core), beside the
service beyond. A log that does not hold takes no event from then on; a missing text is a matter for `check` alone.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Protocol

from appliance.audit.check import breaks_the_log, check, rolled_back
from appliance.audit.log import AuditLog
from appliance.audit.refusal import sentence
from appliance.errors import AuditBroken, AuditUnavailable, ExportRefused, StoreUnavailable

_AT_ONCE = 10_000  # events: 0.4 s of one core
_EVERY = 1.0  # seconds
_log = logging.getLogger(__name__)


class KnownHeads(Protocol):
    """Where the newest head is kept: size, root in hex, and the verifier key's line. Raises StoreUnavailable."""

    def last(self) -> tuple[int, str, str] | None:
        """What was kept last."""
        ...

    def keep(self, size: int, root: str, key: str) -> None:
        """Replace it."""
        ...


@contextmanager
def guarded(log: AuditLog, heads: KnownHeads, *, at_once: int = _AT_ONCE, every: float = _EVERY) -> Iterator[None]:
    """Examine the log and, for the block, keep its newest head. Raises AuditBroken where it is not what was known."""
    known = heads.last()
    if known is not None and (problem := rolled_back(log.reader, *known)) is not None:
        raise broken(log, problem)
    stop = threading.Event()
    with ExitStack() as stack:
        if log.newest.size <= at_once:
            examine(log, stop)
            log.require_writable()
        else:
            stack.callback(_started("audit-check", examine, log, stop).join)
        stack.callback(_started("audit-heads", _keep, log, heads, stop, every).join)
        stack.callback(stop.set)
        yield


def _started(name: str, work: object, *arguments: object) -> threading.Thread:
    thread = threading.Thread(target=work, args=arguments, name=name, daemon=True)  # type: ignore[arg-type]  # a callable of these arguments
    thread.start()
    return thread


def examine(log: AuditLog, stop: threading.Event) -> None:
    """Read everything; a log that does not hold takes no event any more. Ends early where `stop` is set."""
    try:
        problems = check(log.reader, stop)
    except AuditUnavailable as error:
        _log.warning("the audit log could not be examined: %s", error)
        return
    for problem in problems:
        _log.error("audit log: %s", sentence(problem, "en"))
    if (first := next(filter(breaks_the_log, problems), None)) is not None:
        log.refuse(broken(log, first))


def broken(log: AuditLog, problem: ExportRefused) -> AuditBroken:
    """A problem as the reason for which the whole log is refused."""
    return AuditBroken(where=log.path, why_en=sentence(problem, "en"), why_ja=sentence(problem, "ja"))


def _keep(log: AuditLog, heads: KnownHeads, stop: threading.Event, every: float) -> None:
    kept = None
    ending = False
    while not ending:
        ending = stop.wait(every) if kept is not None else stop.is_set()
        newest = log.newest
        if newest == kept:
            continue
        try:
            heads.keep(newest.size, newest.root.hex(), log.key.encode())
            kept = newest
        except StoreUnavailable as error:
            _log.warning("the head of the audit log could not be kept: %s", error)
            ending = ending or stop.wait(every)
