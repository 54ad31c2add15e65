"""A verifier that is not ours, Tessera's fsck, judges the log part of our exports.

It is a Go program (github.com/transparency-dev/tessera/cmd/fsck). FSCK names it, or it is found on PATH. On a log that was
changed it reports the tile and then tries again for ever, so it runs under a limit.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from appliance.audit.export import Selection, export
from appliance.audit.log import AuditLog
from appliance.audit.manifest import StatedSelection
from appliance.audit.note import SigningKey
from tests.unit.audit.support import NAME, Clock, Home, Raw, by_hand, copy, fill, leaf_fields, verify

FSCK = os.environ.get("FSCK") or shutil.which("fsck.tessera") or shutil.which("fsck")


def theirs(folder: Path, key: Path, seconds: float = 30) -> bool:
    """Whether fsck accepts the log."""
    command = [str(FSCK), f"--storage_url=file://{folder}/log/", f"--public_key={key}", "--ui=false"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=seconds)
    except subprocess.TimeoutExpired as error:
        said = (error.stdout or b"") + (error.stderr or b"")
        return b"Successfully" in said
    return done.returncode == 0 and "Successfully fsck'd log" in done.stdout + done.stderr


def is_tessera(program: str) -> bool:
    """Whether this fsck is Tessera's and not the one that mends file systems."""
    done = subprocess.run([program, "-help"], capture_output=True, text=True, check=False, timeout=30)
    return "storage_url" in done.stdout + done.stderr


pytestmark = pytest.mark.skipif(
    FSCK is None or not is_tessera(FSCK), reason="FSCK names no Tessera fsck, and none is on PATH"
)


@pytest.fixture
def make(tmp_path: Path) -> Callable[[int], Path]:
    """Exports of logs of a size."""

    def made(size: int) -> Path:
        home = Home(tmp_path / f"{size}.db", tmp_path / f"{size}.key")
        AuditLog.create(home.path, home.key_path, NAME)
        with home.open(Clock()) as log:
            fill(log, size)
            export(log, tmp_path / f"export-{size}", Selection())
        return tmp_path / f"export-{size}"

    return made


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 512, 1000])
def test_both_verifiers_accept_a_log_of_any_size(make: Callable[[int], Path], size: int) -> None:
    folder = make(size)

    assert verify(folder, folder / "log.vkey")[0] == 0
    assert theirs(folder, folder / "log.vkey")


@pytest.mark.parametrize("size", [65_535, 65_536, 65_537])
def test_both_accept_a_log_of_three_levels(tmp_path: Path, size: int) -> None:
    signing = SigningKey.generate(NAME)
    leaves = [by_hand(leaf_fields(number)) for number in range(size)]
    folder = Raw(signing, leaves, StatedSelection(person="nobody")).write(tmp_path / "export")

    assert verify(folder, folder / "log.vkey")[0] == 0
    assert theirs(folder, folder / "log.vkey", 60)


def test_both_refuse_every_change_under_the_log(make: Callable[[int], Path], tmp_path: Path) -> None:
    folder = make(300)
    key = shutil.copy(folder / "log.vkey", tmp_path / "key")
    source = random.Random(6962)
    for file in sorted(path for path in (folder / "log").rglob("*") if path.is_file()):
        spoilt = copy(folder, tmp_path / "spoilt")
        data = bytearray(file.read_bytes())
        data[source.randrange(len(data))] ^= 1 << source.randrange(8)
        (spoilt / file.relative_to(folder)).write_bytes(data)

        assert verify(spoilt, key)[0] == 1, file
        assert not theirs(spoilt, key, 4), file


def test_both_refuse_another_key(make: Callable[[int], Path], tmp_path: Path) -> None:
    folder, other = make(10), make(11)

    assert verify(folder, other / "log.vkey")[0] == 1
    assert not theirs(folder, other / "log.vkey")
