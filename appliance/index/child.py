"""The process that owns an index: `python -I -m appliance.index.child DESCRIPTOR...`, started by `process.py` only.

(1) It dies with the process that started it: by signal where the kernel takes it, and by the end of its connections.
(2) The first connection says which folder; the answer says whether it could be opened.
(3) A thread a connection, so that searches are answered while a write waits for the disk.
(4) It ends when it is told to or when a connection does. Ctrl-C and a service manager's SIGTERM reach all processes of
    a service at once: they are the parent's to obey, and its requests have to be answered until it has.
"""

from __future__ import annotations

import ctypes
import signal
import socket
import sys
import threading
import time

from appliance.errors import ApplianceError, IndexLocked, IndexUnavailable
from appliance.index import wire
from appliance.index.edge import EdgeIndex

PATIENCE = 2.0  # seconds for a predecessor, killed with its parent, to let go of the folder
_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def main(descriptors: list[str]) -> None:
    """Own an index until told to end."""
    # (1)
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    connections = [wire.Connection(socket.socket(fileno=int(descriptor))) for descriptor in descriptors]
    # (2)
    try:
        index = _opened(connections[0])
    except (EOFError, ConnectionError):  # who started us has ended, also just before the answer
        return
    if index is None:
        return
    # (3)
    over = threading.Event()
    for connection in connections:
        threading.Thread(target=_serve, args=(connection, index, over), daemon=True).start()
    # (4)
    over.wait()
    index.close()


def _opened(connection: wire.Connection) -> EdgeIndex | None:
    request = wire.request_received(connection.receive())
    if not isinstance(request, wire.Open):
        raise TypeError(request)
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            index = EdgeIndex(request.path, request.collection)
        except IndexLocked as error:
            if time.monotonic() >= deadline:
                connection.send(wire.answer_sent(wire.Answer(error)))
                return None
            time.sleep(0.05)
        except ApplianceError as error:
            connection.send(wire.answer_sent(wire.Answer(error)))
            return None
        else:
            connection.send(wire.answer_sent(wire.Answer()))
            return index


def _serve(connection: wire.Connection, index: EdgeIndex, over: threading.Event) -> None:
    try:
        while not over.is_set():
            request = wire.request_received(connection.receive())
            connection.send(wire.answer_sent(_answered(index, request)))
            if isinstance(request, wire.Close):
                return
    except (EOFError, OSError):
        return
    finally:
        over.set()


def _answered(index: EdgeIndex, request: wire.Request) -> wire.Answer:
    try:
        return _done(index, request)
    except ApplianceError as error:
        return wire.Answer(error)
    # What the engine's binding raises for a value that it cannot take, a lone surrogate for instance.
    except (TypeError, ValueError, OverflowError) as error:
        return wire.Answer(IndexUnavailable(where="edge", why=error))


def _done(index: EdgeIndex, request: wire.Request) -> wire.Answer:
    match request:
        case wire.Upsert(chunks):
            index.upsert(chunks)
        case wire.Delete(document, version):
            index.delete(document=document, version=version)
        case wire.SetAccess(document, acl_id):
            index.set_access(document=document, acl_id=acl_id)
        case wire.Search(query, access):
            return wire.Answer(hits=tuple(index.search(query, access=access)))
        case wire.Count(access):
            return wire.Answer(count=index.count(access=access))
        case wire.Page(offset):
            entries, following = index.page(offset)
            return wire.Answer(entries=tuple(entries), following=following)
        case wire.Close():
            index.close()
        case wire.Open():
            raise TypeError(request)
    return wire.Answer()


if __name__ == "__main__":
    main(sys.argv[1:])
