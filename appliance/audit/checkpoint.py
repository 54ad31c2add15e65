"""Checkpoints: what a log's key signs about its tree. Source: c2sp.org/tlog-checkpoint, without extension lines."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass

from appliance.audit.merkle import HASH_SIZE
from appliance.audit.note import SigningKey, VerifierKey, open_note, sign, strict_base64
from appliance.audit.refusal import refusal

_SIZE = re.compile(r"0|[1-9][0-9]{0,17}")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The log called `origin` has `size` leaves under `root` (32 bytes)."""

    origin: str
    size: int
    root: bytes

    def encode(self) -> str:
        """The text that is signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    @classmethod
    def decode(cls, text: str) -> Checkpoint:
        """Read `encode`'s text and nothing else."""
        lines = text.removesuffix("\n").split("\n")
        if len(lines) != 3 or not lines[0]:
            raise refusal("checkpoint-malformed", detail=f"{len(lines)} lines")
        if not _SIZE.fullmatch(lines[1]):
            raise refusal("checkpoint-malformed", detail=f"size {lines[1][:40]}")
        root = strict_base64(lines[2])
        if root is None or len(root) != HASH_SIZE:
            raise refusal("checkpoint-malformed", detail="root")
        return cls(lines[0], int(lines[1]), root)


def signed(checkpoint: Checkpoint, key: SigningKey) -> bytes:
    """The checkpoint as a signed note."""
    return sign(checkpoint.encode(), key)


def opened(data: bytes, key: VerifierKey, *, cosigned: bool) -> Checkpoint:
    """The checkpoint of a note that `key` signed for the log that bears the key's name."""
    checkpoint = Checkpoint.decode(open_note(data, key, cosigned=cosigned))
    if checkpoint.origin != key.name:
        raise refusal("origin-differs", detail=checkpoint.origin)
    return checkpoint
