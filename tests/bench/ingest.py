"""Ingestion beside the embedder alone: `python -m tests.bench.ingest`.

The same chunks twice: through the embedder alone on every core, and by the `ingest` command from files on the disk to a
served collection. The ratio of the two rates is what everything else leaves of the embedder's. Then: the longest pause of
the event loop while 10,000 chunks with made-up vectors come in, the peak memory of that, and the CPU time of `--help`.
"""

from __future__ import annotations

import asyncio
import os
import random
import resource
import subprocess
import sys
import time
from pathlib import Path

from appliance.connect import connect
from appliance.embedding.e5 import E5Embedder
from appliance.embedding.pool import cores, embed_in_order
from ingest.confine import ESSENTIAL
from ingest.converted import Converted, Limits
from ingest.discover import survey
from ingest.manifest import read_manifest
from ingest.original import Original, read_original
from ingest.pipeline import Options, Pipeline
from ingest.sandbox import convert_file
from ingest.split import split
from ingest.target import Target
from tests.bench.installation import installation, random_vectors, services, store, version
from tests.bench.report import show, write

FILES, GOAL, PAUSE_GOAL = 24, 0.9, 200.0
_JA = "出張した者は帰着日の翌日から7営業日以内に出張旅費精算書に領収書を添えて経理課に提出しなければならない"
_EN = "Employees who travel submit the settlement form with all receipts to accounting within seven business days"
_MANIFEST = 'language = "ja"\nclassification = "internal"\ngroups = ["全行員"]\n'


def corpus(root: Path) -> None:
    """Text files in both languages, some chunks each."""
    rng = random.Random(0)
    root.mkdir()
    (root / "collection.toml").write_text(_MANIFEST, encoding="utf-8")
    for number in range(FILES):
        english = number % 2
        paragraphs = []
        for _ in range(6):
            words = [rng.randrange(10_000) for _ in range(4)]
            sentence = _EN if english else _JA
            end = ". " if english else "。"
            paragraphs.append("".join(f"{sentence} {word}{end}" for word in words))
        (root / f"{number:03}.txt").write_text("\n\n".join(paragraphs), encoding="utf-8")


def converted(original: Original) -> Converted:
    """The document, as the pipeline converts it."""
    return convert_file(original.content, original.path, Limits(), required=ESSENTIAL).converted


def rates() -> dict[str, float]:
    """Chunks a second of the embedder alone and of the whole way, in turn, twice; the better of each."""
    alone, whole, count = [], [], 0
    for _ in range(2):
        with installation() as settings:
            root = settings.home.parent / "bench"
            corpus(root)
            found = survey(root, largest=settings.upload_bytes)
            drafts = [draft for file in found.files for draft in split(converted(read_original(found, file)))]
            texts = [f"{draft.heading}\n{draft.text}" for draft in drafts]
            count = len(texts)
            embedder = E5Embedder()
            begin = time.perf_counter()
            for _ in embed_in_order(embedder, texts, workers=cores()):
                pass
            alone.append(count / (time.perf_counter() - begin))
            with connect(settings) as api:
                target = Target(api, "bench")
                pipeline = Pipeline(
                    target, read_manifest(root, target.groups()), embedder, Options("en", ESSENTIAL, Limits())
                )
                begin = time.perf_counter()
                rows = list(pipeline.rows(found))
                whole.append(count / (time.perf_counter() - begin))
            bad = [row for row in rows if row.state != "stored"]
            if bad:
                sys.exit(f"not stored: {bad}")
    return {"chunks": count, "embedder alone": max(alone), "ingest": max(whole), "ratio": max(whole) / max(alone)}


def pause() -> dict[str, float]:
    """The longest time that the event loop of the API's process stood still while chunks came in, in milliseconds."""

    async def ticking(writer: asyncio.Task[None]) -> float:
        worst, last = 0.0, time.perf_counter()
        while not writer.done():
            await asyncio.sleep(0.001)
            now = time.perf_counter()
            worst, last = max(worst, now - last), now
        return worst * 1e3

    async def run() -> tuple[float, float]:
        with services() as opened:
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

            def write_all() -> None:
                for number in range(200):
                    sentences = [f"{_JA}{number}-{n}。" for n in range(50)]
                    store(opened, version(number, sentences), random_vectors(50, number))

            writer = asyncio.create_task(asyncio.to_thread(write_all))
            worst = await ticking(writer)
            await writer
            return worst, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024

    worst, grown = asyncio.run(run())
    return {"longest pause, ms": worst, "memory grown, MB": grown}


def help_seconds() -> float:
    """CPU seconds of `ingest --help`."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([Path(sys.executable).parent / "ingest", "--help"], check=True, capture_output=True, env=os.environ)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Measure and print."""
    figures: dict[str, object] = {}
    paused = pause()
    found = rates()
    spent = help_seconds()
    figures = {"rates": found, "10,000 chunks come in": paused, "ingest --help, CPU s": spent}
    rows = [
        (f"embedder alone, {found['chunks']} chunks", found["embedder alone"], "chunks/s"),
        ("ingest, same chunks", found["ingest"], "chunks/s"),
        (f"ratio (goal {GOAL})", found["ratio"], ""),
        (f"longest pause of the event loop, 10,000 chunks (limit {PAUSE_GOAL:g})", paused["longest pause, ms"], "ms"),
        ("memory grown by 10,000 chunks", paused["memory grown, MB"], "MB"),
        ("ingest --help (aim 0.5)", spent, "CPU s"),
    ]
    show("Ingestion", ("", "", ""), rows)
    write({"ingest": figures})


if __name__ == "__main__":
    main()
