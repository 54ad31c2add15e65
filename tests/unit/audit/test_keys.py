"""The signing key's file."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from appliance.audit import keys
from appliance.errors import AuditExists, AuditKeyInvalid, FolderOpenToOthers
from tests.unit.audit.support import NAME


def test_a_new_key_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    made = keys.generate(tmp_path / "k", NAME)

    assert stat.S_IMODE((tmp_path / "k").stat().st_mode) == 0o600
    assert keys.load(tmp_path / "k").verifier == made.verifier


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o610, 0o644])
def test_a_key_that_others_may_read_is_refused_with_the_remedy(tmp_path: Path, mode: int) -> None:
    keys.generate(tmp_path / "k", NAME)
    (tmp_path / "k").chmod(mode)

    with pytest.raises(FolderOpenToOthers, match=f"mode {mode:04o}.*chmod 600 {tmp_path}/k"):
        keys.load(tmp_path / "k")


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    first = keys.generate(tmp_path / "k", NAME)

    with pytest.raises(AuditExists, match="never overwritten"):
        keys.generate(tmp_path / "k", NAME)
    assert keys.load(tmp_path / "k").verifier == first.verifier


def test_a_missing_key_is_named(tmp_path: Path) -> None:
    with pytest.raises(AuditKeyInvalid, match=f"{tmp_path}/k holds no usable audit key: No such file"):
        keys.load(tmp_path / "k")


def test_a_link_to_a_key_is_refused(tmp_path: Path) -> None:
    keys.generate(tmp_path / "k", NAME)
    (tmp_path / "link").symlink_to(tmp_path / "k")

    with pytest.raises(AuditKeyInvalid, match="link holds no usable audit key"):
        keys.load(tmp_path / "link")


@pytest.mark.parametrize("content", [b"", b"rubbish\n", b"\xff\xfe", b"PRIVATE+KEY+a+00000000+AAAA\n", b"a" * 9000])
def test_a_file_that_is_no_key_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "k").write_bytes(content)
    (tmp_path / "k").chmod(0o600)

    with pytest.raises(AuditKeyInvalid, match="holds no usable audit key"):
        keys.load(tmp_path / "k")
