"""Signed notes and their keys, strictly read. Source: c2sp.org/signed-note, Ed25519 (type 0x01) only.

What a note says is returned only after its signature was verified. Base64 has one spelling here: a decoder that
ignores unused bits would leave bits of a signature line that may be changed unseen.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from appliance.audit.refusal import refusal
from appliance.errors import AuditKeyInvalid

_ED25519 = b"\x01"
_MAX_NOTE = 1 << 20
_MAX_SIGNATURES = 64  # the specification asks for at least 16
_LINE = re.compile(r"— (?P<name>\S+) (?P<blob>[A-Za-z0-9+/]+={0,2})")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")


def strict_base64(text: str) -> bytes | None:
    """The bytes of standard base64 in its one canonical spelling, else None."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return data if base64.b64encode(data).decode() == text else None


def valid_name(name: str) -> bool:
    """Whether this can name a key: not empty, no white space of Unicode, no plus, no control character."""
    return bool(name) and name.isprintable() and "+" not in name and not any(c.isspace() for c in name)


def _key_id(name: str, public: bytes) -> bytes:
    return sha256(name.encode() + b"\n" + _ED25519 + public).digest()[:4]


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """Whom to believe: a name and an Ed25519 public key (32 bytes)."""

    name: str
    public: bytes

    @property
    def id(self) -> bytes:
        """The four bytes that a signature line carries."""
        return _key_id(self.name, self.public)

    def encode(self) -> str:
        """`name+hexid+base64(0x01 || key)`, one line without its end, as other tools read it."""
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(_ED25519 + self.public).decode()}"

    @classmethod
    def decode(cls, text: str, where: str) -> VerifierKey:
        """Read `encode`'s line; `where` names the file in the error."""
        name, identifier, blob = _fields(text, where)
        key = cls(name, blob)
        if identifier != key.id.hex():
            raise AuditKeyInvalid(where=where, why=f"the key id {identifier} does not belong to it")
        return key


@dataclass(frozen=True, slots=True)
class SigningKey:
    """Who signs: a name and an Ed25519 private key. Its repr shows no key."""

    name: str
    private: Ed25519PrivateKey

    @property
    def verifier(self) -> VerifierKey:
        """The public half."""
        return VerifierKey(self.name, self.private.public_key().public_bytes_raw())

    @classmethod
    def generate(cls, name: str) -> SigningKey:
        """A new key under this name."""
        if not valid_name(name):
            raise AuditKeyInvalid(where=name, why="a key name has no spaces and no plus")
        return cls(name, Ed25519PrivateKey.generate())

    def encode(self) -> str:
        """`PRIVATE+KEY+name+hexid+base64(0x01 || seed)`, one line without its end."""
        seed = base64.b64encode(_ED25519 + self.private.private_bytes_raw()).decode()
        return f"PRIVATE+KEY+{self.name}+{self.verifier.id.hex()}+{seed}"

    @classmethod
    def decode(cls, text: str, where: str) -> SigningKey:
        """Read `encode`'s line. The error names the file only."""
        prefix = "PRIVATE+KEY+"
        if not text.startswith(prefix):
            raise AuditKeyInvalid(where=where, why="it is not a signing key")
        name, identifier, seed = _fields(text.removeprefix(prefix), where)
        key = cls(name, Ed25519PrivateKey.from_private_bytes(seed))
        if identifier != key.verifier.id.hex():
            raise AuditKeyInvalid(where=where, why="its key id does not belong to it")
        return key


def _fields(text: str, where: str) -> tuple[str, str, bytes]:
    parts = text.split("+", 2)
    if len(parts) != 3 or not valid_name(parts[0]):
        raise AuditKeyInvalid(where=where, why="it is not of the form name+id+key")
    blob = strict_base64(parts[2])
    if blob is None or len(blob) != 33 or blob[:1] != _ED25519:
        raise AuditKeyInvalid(where=where, why="it is not an Ed25519 key in base64")
    return parts[0], parts[1], blob[1:]


def sign(text: str, key: SigningKey) -> bytes:
    """The note over `text`, which ends in a newline and holds no other control character."""
    if not text.endswith("\n") or _CONTROL.search(text):
        raise ValueError("the text of a note ends in a newline and holds no other control character")
    blob = key.verifier.id + key.private.sign(text.encode())
    return f"{text}\n— {key.name} {base64.b64encode(blob).decode()}\n".encode()


def open_note(data: bytes, key: VerifierKey, *, cosigned: bool) -> str:
    """The text of a note that `key` signed.

    Signatures of other keys are ignored where the note may be `cosigned` (the specification wants that), else refused:
    in an export they would be bytes that nobody checks.
    """
    text, lines = _parts(data)
    verified = 0
    for name, blob in lines:
        if (name, blob[:4]) == (key.name, key.id):
            _verify(text, blob[4:], key)
            verified += 1
        elif not cosigned:
            raise refusal("signature-surplus" if verified else "signature-foreign", detail=key.encode())
    if not verified:
        raise refusal("signature-foreign", detail=key.encode())
    if verified > 1:
        raise refusal("note-malformed", detail="the same key signs twice")
    return text


def _verify(text: str, signature: bytes, key: VerifierKey) -> None:
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(signature, text.encode())
    except (InvalidSignature, ValueError) as error:
        raise refusal("signature-invalid", detail=key.encode()) from error


def _parts(data: bytes) -> tuple[str, list[tuple[str, bytes]]]:
    if len(data) > _MAX_NOTE:
        raise refusal("too-large", detail=len(data))
    try:
        whole = data.decode()
    except UnicodeDecodeError as error:
        raise refusal("note-malformed", detail="not UTF-8") from error
    if _CONTROL.search(whole):
        raise refusal("note-malformed", detail="a control character")
    body, gap, tail = whole.rpartition("\n\n")
    if not gap or not tail.endswith("\n"):
        raise refusal("note-malformed", detail="no signature lines")
    lines = tail[:-1].split("\n")
    if len(lines) > _MAX_SIGNATURES:
        raise refusal("note-malformed", detail=f"{len(lines)} signatures")
    return body + "\n", [_signature(line) for line in lines]


def _signature(line: str) -> tuple[str, bytes]:
    match = _LINE.fullmatch(line)
    blob = strict_base64(match["blob"]) if match else None
    if match is None or blob is None or len(blob) < 5 or not valid_name(match["name"]):
        raise refusal("note-malformed", detail="a signature line")
    return match["name"], blob
