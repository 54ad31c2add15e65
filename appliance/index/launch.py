"""Starting, asking and ending the process that owns an index, seen from the one that needs it."""

from __future__ import annotations

import queue
import socket
import subprocess
import sys
import threading
from pathlib import Path

from appliance.errors import IndexUnavailable
from appliance.index import wire
from appliance.index.collection import Collection

COMMAND = (sys.executable, "-I", "-m", "appliance.index.child")
READERS = 3  # searches on their way at once; the engine answers them in turn
_TO_END = 60.0  # seconds for the last flush; after them it is killed, and the log is replayed at the next start

_Lane = queue.SimpleQueue[wire.Connection]


class Child:
    """A running process that owns the index at `path`. Safe for threads.

    Raises what `EdgeIndex` raises, and IndexUnavailable when the process cannot be started. Writes have a connection of
    their own, so that a search never waits in line behind one.
    """

    def __init__(self, path: Path, collection: Collection) -> None:
        self._path = path
        self._process: subprocess.Popen[bytes] | None = None
        self._refusal: OSError | None = None
        self._launched = threading.Event()
        self.ended = threading.Event()
        self._writing, self._reading = _Lane(), _Lane()
        theirs = []
        for lane in (self._writing, *[self._reading] * READERS):
            ours, other = socket.socketpair()
            lane.put(wire.Connection(ours))
            theirs.append(other)
        # The kernel's signal at the parent's death comes at that of the thread that started the child, and a thread of
        # a pool may end at any time: this one lives as long as the child.
        threading.Thread(target=self._live, args=(theirs,), name="index process", daemon=True).start()
        self._launched.wait()
        if self._refusal is not None:
            raise IndexUnavailable(where=path, why=self._refusal.strerror) from self._refusal
        opened = False
        try:
            self.ask(wire.Open(path, collection), writing=True)
            opened = True
        finally:
            if not opened:
                self.end()

    @property
    def process_id(self) -> int | None:
        """For the operator's and a test's eyes; None when it could not be started."""
        return None if self._process is None else self._process.pid

    def ask(self, request: wire.Request, *, writing: bool) -> wire.Answer:
        """The answer to a request; an error in it is raised. IndexUnavailable when the process ends before it."""
        lane = self._writing if writing else self._reading
        connection = lane.get()
        whole = False
        try:
            connection.send(wire.request_sent(request))
            answer = wire.answer_received(connection.receive())
            whole = True
        except (EOFError, OSError) as error:
            raise IndexUnavailable(where=self._path, why="its process ended") from error
        finally:
            if not whole:  # also after a KeyboardInterrupt: the next answer would be taken for another's
                self.end()
            lane.put(connection)
        if answer.error is not None:
            raise answer.error
        return answer

    def end(self, *, within: float = 0.0) -> None:
        """Wait until the process has ended, and kill it when it takes longer than `within` seconds."""
        if not self.ended.wait(within) and self._process is not None:
            self._process.kill()
            self.ended.wait(_TO_END)

    def close(self) -> None:
        """Let it flush and end, and wait for that."""
        try:
            self.ask(wire.Close(), writing=True)
        finally:
            self.end(within=_TO_END)

    def _live(self, theirs: list[socket.socket]) -> None:
        descriptors = [end.fileno() for end in theirs]
        try:
            # A process group of its own: Ctrl-C in a terminal is the parent's to obey.
            self._process = subprocess.Popen(
                [*COMMAND, *map(str, descriptors)],
                pass_fds=descriptors,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                process_group=0,
            )
        except OSError as error:
            self._refusal = error
        finally:
            for end in theirs:
                end.close()
            self._launched.set()
        if self._process is not None:
            self._process.wait()
        self.ended.set()
        # Whoever has a connection now finds it dead and gives it back: closed under them, its number could be reused.
        for lane, size in ((self._writing, 1), (self._reading, READERS)):
            for connection in [lane.get() for _ in range(size)]:
                connection.close()
                lane.put(connection)
