"""The audit log: appends of 64 clients beside one commit an event, and our verifier beside Tessera's fsck.

    python -m tests.bench.audit [EVENTS OF THE VERIFIED LOG, 100000]

Appending runs twice, as it is and with 4 ms more in every fsync: a small library made here by gcc and loaded before the
C library's (LD_PRELOAD), so that SQLite itself waits. What one sync takes is printed, as proof that it does. FSCK names
Tessera's fsck (github.com/transparency-dev/tessera/cmd/fsck); without it that part is left out, aloud.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from appliance.audit.export import Selection, export
from appliance.audit.leaf import draft, stamp
from appliance.audit.log import AuditLog, utc_now
from appliance.models import Actor, AuditEvent
from tests.bench.report import show, write

NAME = "bench.example/audit"
CLIENTS = 64
EACH, EACH_ALONE = 100, 25  # events a client; fewer where each waits for its own commit
DELAY_MS = 4
GOAL = 10
SHIM = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <time.h>
static int later(const char *name, int file) {
    struct timespec delay = {0, DELAY_MS * 1000000L};
    nanosleep(&delay, 0);
    return ((int (*)(int))dlsym(RTLD_NEXT, name))(file);
}
int fsync(int file) { return later("fsync", file); }
int fdatasync(int file) { return later("fdatasync", file); }
"""


def event(number: int) -> AuditEvent:
    """An event as retrieval makes it: eight chunks, a score each, and the question beside."""
    chunks = [f"{number:08x}-{chunk:02x}" for chunk in range(8)]
    details = {"chunks": chunks, "scores": [0.8125, 0.75, 0.6875, 0.5, 0.4375, 0.25, 0.125, 0.0625], "filter": [1, 5]}
    texts = {"question": f"在宅勤務は週に何日まで認められますか？ ({number})"}
    return AuditEvent("question.retrieved", "success", Actor("person", f"p{number % 50}"), f"c{number}", details, texts)


def clients(append: Callable[[AuditEvent], object], each: int) -> dict[str, float]:
    """Events a second and milliseconds, of 64 threads that append one event after another."""
    waits: list[float] = []

    def run(first: int) -> None:
        own = []
        for number in range(first, first + each):
            made = event(number)
            begin = time.perf_counter()
            append(made)
            own.append(time.perf_counter() - begin)
        waits.extend(own)

    threads = [threading.Thread(target=run, args=(client * each,)) for client in range(CLIENTS)]
    begin = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - begin
    cuts = statistics.quantiles(waits, n=100)
    return {"events/s": len(waits) / seconds, "p50 ms": cuts[49] * 1000, "p99 ms": cuts[98] * 1000}


def ours(room: Path) -> dict[str, float]:
    """Our log."""
    AuditLog.create(room / "audit.db", room / "audit.key", NAME)
    with AuditLog.open(room / "audit.db", room / "audit.key") as log:
        return clients(log.commit, EACH)


def one_commit_each(room: Path) -> dict[str, float]:
    """SQLite with the same pragmas and one commit an event: no tree, no signature, no index, so less work than ours."""
    connection = sqlite3.connect(room / "plain.db", check_same_thread=False)
    for pragma in ("journal_mode=wal", "synchronous=FULL", "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("CREATE TABLE leaves (idx INTEGER PRIMARY KEY, leaf BLOB)")
    connection.execute("CREATE TABLE texts (idx INTEGER, name TEXT, salt BLOB, text BLOB)")
    lock = threading.Lock()

    def append(made: AuditEvent) -> None:
        recorded = draft(made)
        with lock:
            leaf = recorded.leaf(stamp(utc_now()))
            index = connection.execute("INSERT INTO leaves (leaf) VALUES (?)", (leaf,)).lastrowid
            rows = [(index, text.name, text.salt, text.text) for text in recorded.texts]
            connection.executemany("INSERT INTO texts VALUES (?, ?, ?, ?)", rows)
            connection.commit()

    figures = clients(append, EACH_ALONE)
    connection.close()
    return figures


def sync_ms(room: Path) -> float:
    """What one fdatasync of a few bytes takes, in the middle."""
    waits = []
    with (room / "sync").open("wb", buffering=0) as file:
        for _ in range(25):
            file.write(b"x" * 4096)
            begin = time.perf_counter()
            os.fdatasync(file.fileno())
            waits.append(time.perf_counter() - begin)
    return statistics.median(waits) * 1000


def appending() -> None:
    """The child: measure and print as JSON."""
    with tempfile.TemporaryDirectory() as place:
        room = Path(place)
        alone, grouped = one_commit_each(room), ours(room)
        ratio = grouped["events/s"] / alone["events/s"]
        print(json.dumps({"sync ms": sync_ms(room), "one commit each": alone, "ours": grouped, "ratio": ratio}))


def child(room: Path, *, delayed: bool) -> dict[str, dict[str, float]]:
    """Run `appending` in a process of its own."""
    variables = dict(os.environ)
    if delayed:
        source, library = room / "slow.c", room / "slow.so"
        source.write_text(SHIM.replace("DELAY_MS", str(DELAY_MS)))
        subprocess.run(["gcc", "-shared", "-fPIC", "-O2", "-o", library, source, "-ldl"], check=True)
        variables["LD_PRELOAD"] = str(library)
    command = [sys.executable, "-m", "tests.bench.audit", "appending"]
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=True)
    result: dict[str, dict[str, float]] = json.loads(done.stdout)
    return result


def seconds(command: list[object], limit: float = 600) -> tuple[float, float, str]:
    """Wall and CPU seconds of a command, and what it said."""
    before, begin = os.times(), time.perf_counter()
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False, timeout=limit)
    wall, after = time.perf_counter() - begin, os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return wall, cpu, done.stdout + done.stderr


def verifying(room: Path, count: int) -> dict[str, object]:
    """Our verifier and fsck on one log; `log alone` shows no event, and is then the same task as fsck's."""
    AuditLog.create(room / "audit.db", room / "audit.key", NAME)
    with AuditLog.open(room / "audit.db", room / "audit.key") as log:
        futures = [log.submit(event(number)) for number in range(count)]
        futures[-1].result()
        begin = time.perf_counter()
        export(log, room / "whole", Selection())
        exporting = time.perf_counter() - begin
        export(log, room / "bare", Selection(start=datetime(9000, 1, 1, tzinfo=UTC)))
    key = room / "whole" / "log.vkey"
    figures: dict[str, object] = {"events": count, "export s": exporting}
    for name, folder in (("ours", "whole"), ("ours, log alone", "bare")):
        wall, cpu, said = seconds([sys.executable, "-m", "appliance.audit.verify", "--key", key, room / folder])
        if not said.startswith("Verified"):
            sys.exit(f"our verifier does not accept the export: {said}")
        figures[name] = {"s": wall, "CPU-s": cpu}
    program = os.environ.get("FSCK") or shutil.which("fsck.tessera")
    if program is None:
        print("fsck is left out: FSCK does not name the program")
        return figures
    url = f"--storage_url=file://{room / 'whole'}/log/"
    wall, cpu, said = seconds([program, url, f"--public_key={key}", "--ui=false"], 60)
    if "Successfully" not in said:
        sys.exit(f"fsck does not accept the log: {said}")
    return {**figures, "fsck": {"s": wall, "CPU-s": cpu}}


def main(count: int) -> None:
    """Measure, print, write; exit 1 where group commit does not win by the goal at 4 ms a sync."""
    with tempfile.TemporaryDirectory() as place:
        room = Path(place)
        runs = {"as it is": child(room, delayed=False), f"+{DELAY_MS} ms a sync": child(room, delayed=True)}
        verified = verifying(room, count)
    rows = []
    for name, run in runs.items():
        for who in ("one commit each", "ours"):
            ratio = run["ratio"] if who == "ours" else ""
            rows.append([f"{who}, {name}", *run[who].values(), run["sync ms"], ratio])
    columns = [f"{CLIENTS} clients append", "events/s", "p50 ms", "p99 ms", "one sync, ms", "times"]
    show("Audit log", columns, rows)
    timed = {name: value for name, value in verified.items() if isinstance(value, dict)}
    theirs = timed.get("fsck")
    lines = [
        [name, value["s"], value["CPU-s"], value["CPU-s"] / theirs["CPU-s"] if theirs else ""]
        for name, value in timed.items()
    ]
    show(f"Verifying {count:,} events", ["verifier", "s", "CPU-s", "times fsck (CPU)"], lines)
    write({"appending": runs, "verifying": verified, "goal": GOAL})
    ratio = runs[f"+{DELAY_MS} ms a sync"]["ratio"]
    if not isinstance(ratio, float) or ratio < GOAL:
        sys.exit(f"group commit is {ratio} times one commit an event, and the goal is {GOAL}")


if __name__ == "__main__":
    if sys.argv[1:] == ["appending"]:
        appending()
    else:
        main(int(sys.argv[1]) if sys.argv[1:] else 100_000)
