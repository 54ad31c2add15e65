"""Signed notes and keys: the published examples, and everything that must not pass for one."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from appliance.audit.checkpoint import Checkpoint, opened, signed
from appliance.audit.note import SigningKey, VerifierKey, open_note, sign, strict_base64
from appliance.errors import AuditKeyInvalid, ExportRefused

# The example key and note of the Go package golang.org/x/mod/sumdb/note.
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PETER_NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
).encode()


@pytest.fixture
def key() -> SigningKey:
    return SigningKey.generate("bank.example/audit")


def test_a_note_signed_by_another_tool_is_read() -> None:
    text = open_note(PETER_NOTE, VerifierKey.decode(PETER, "key"), cosigned=False)

    assert text.startswith("If you think cryptography")
    assert VerifierKey.decode(PETER, "key").encode() == PETER


def test_what_one_signs_the_other_half_of_the_key_opens(key: SigningKey) -> None:
    note = sign("first\n\nsecond 在宅\n", key)

    assert open_note(note, key.verifier, cosigned=False) == "first\n\nsecond 在宅\n"
    assert note.decode().splitlines()[-1].startswith("— bank.example/audit ")


def test_keys_are_read_back_from_their_one_line(key: SigningKey) -> None:
    again = SigningKey.decode(key.encode(), "file")

    assert again.verifier == key.verifier
    assert VerifierKey.decode(key.verifier.encode(), "file") == key.verifier
    assert key.encode().startswith("PRIVATE+KEY+bank.example/audit+")


def test_a_signing_key_never_shows_itself(key: SigningKey) -> None:
    secret = base64.b64encode(key.private.private_bytes_raw()).decode()

    assert secret[:20] not in repr(key)
    with pytest.raises(AuditKeyInvalid, match="key id does not belong") as refused:
        SigningKey.decode(key.encode().replace(key.verifier.id.hex(), "00000000"), "k")
    assert key.encode()[-20:] not in str(refused.value)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "name",
        "name+00000000",
        "name+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        PETER[:-1],
        PETER + "=",
        PETER + "\n",
        PETER.replace("c74f20a3", "C74F20A3"),
        PETER.replace("+AR", "+BR"),
        PETER.replace("PeterNeumann", "Peter Neumann"),
        PETER.replace("PeterNeumann", "Peter\u3000Neumann"),
        PETER.replace("PeterNeumann", ""),
        "PRIVATE+KEY+" + PETER,
    ],
)
def test_a_line_that_is_not_exactly_a_verifier_key_is_refused(line: str) -> None:
    with pytest.raises(AuditKeyInvalid, match="file holds no usable audit key"):
        VerifierKey.decode(line, "file")


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u00a0b", "a\nb", "a\u2028b", "a\x00"])
def test_a_name_that_a_note_cannot_carry_is_refused(name: str) -> None:
    with pytest.raises(AuditKeyInvalid, match="no spaces and no plus"):
        SigningKey.generate(name)


@pytest.mark.parametrize("text", ["", "no line end", "a\tb\n", "a\r\n", "a\x00\n"])
def test_a_text_that_a_note_cannot_hold_is_not_signed(key: SigningKey, text: str) -> None:
    with pytest.raises(ValueError, match="ends in a newline"):
        sign(text, key)


def test_every_changed_bit_of_a_note_is_refused() -> None:
    key = VerifierKey.decode(PETER, "key")
    for position in range(len(PETER_NOTE) * 8):
        changed = bytearray(PETER_NOTE)
        changed[position // 8] ^= 1 << position % 8
        print(position)  # shown when it is not looked at
        with pytest.raises(ExportRefused, match=r"note|signature|signed"):
            open_note(bytes(changed), key, cosigned=False)


def test_the_unused_bits_of_base64_are_looked_at() -> None:
    # 68 bytes end in one "=", so two bits of the last character mean nothing to a lenient decoder.
    assert PETER_NOTE.endswith(b"AM=\n")
    with pytest.raises(ExportRefused, match="a signature line"):
        open_note(PETER_NOTE.replace(b"AM=\n", b"AN=\n"), VerifierKey.decode(PETER, "key"), cosigned=False)
    assert strict_base64("AM=") is None
    assert strict_base64("AAA=") == b"\x00\x00"
    assert [strict_base64(text) for text in ("AAB=", "AAA", "AAA=\n", "A AA", "AA-_", "AAA=AAA=")] == [None] * 6


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"\n\n", b"\n"),
        (b"is.\n\n", b"is.\r\n\n"),
        (b"\n\n\xe2", b"\n \n\xe2"),
        (b"\xe2\x80\x94 P", b"- P"),
        (b"\xe2\x80\x94 P", b"\xe2\x80\x94  P"),
        (b"\xe2\x80\x94 P", b" \xe2\x80\x94 P"),
        (b"AM=\n", b"AM="),
        (b"AM=\n", b"AM=\n\n"),
        (b"AM=\n", b"AM= \n"),
        (b"AM=\n", b"AM=\x00\n"),
        (b"AM=\n", b"AM=\n\xe2\x80\x94 x\n"),
        (b"AM=\n", b"AM=\n\xe2\x80\x94 a+b AAAAAAAA\n"),
        (b"AM=\n", b"AM=\n\xe2\x80\x94 a AAAA\n"),
        (b"If", b"\xff"),
    ],
)
def test_a_note_that_is_not_exactly_of_the_form_is_refused(old: bytes, new: bytes) -> None:
    with pytest.raises(ExportRefused, match=r"well-formed signed note|signature"):
        open_note(PETER_NOTE.replace(old, new, 1), VerifierKey.decode(PETER, "key"), cosigned=True)


def test_another_keys_signature_is_ignored_only_where_cosignatures_may_be(key: SigningKey) -> None:
    witness = SigningKey.generate("witness.example")
    note = sign("text\n", key)
    cosigned = note + sign("text\n", witness).split(b"\n\n")[1]

    assert open_note(cosigned, key.verifier, cosigned=True) == "text\n"
    assert open_note(cosigned, witness.verifier, cosigned=True) == "text\n"
    with pytest.raises(ExportRefused, match="carries a signature of another key"):
        open_note(cosigned, key.verifier, cosigned=False)


def test_a_note_of_another_key_is_refused_even_under_the_same_name(key: SigningKey) -> None:
    namesake = SigningKey.generate(key.name)

    for cosigned in (True, False):
        with pytest.raises(ExportRefused, match="it is not signed by the key"):
            open_note(sign("text\n", namesake), key.verifier, cosigned=cosigned)


def test_a_forged_key_id_does_not_help(key: SigningKey) -> None:
    forger = Ed25519PrivateKey.generate()
    blob = base64.b64encode(key.verifier.id + forger.sign(b"text\n")).decode()

    with pytest.raises(ExportRefused, match="signature does not match"):
        open_note(f"text\n\n— {key.name} {blob}\n".encode(), key.verifier, cosigned=False)


def test_a_bad_signature_of_the_key_spoils_a_note_that_also_has_a_good_one(key: SigningKey) -> None:
    note, other = sign("text\n", key), sign("other\n", key)
    line, wrong = note.split(b"\n\n")[1], other.split(b"\n\n")[1]

    with pytest.raises(ExportRefused, match="signature does not match"):
        open_note(note + wrong, key.verifier, cosigned=True)
    with pytest.raises(ExportRefused, match="signs twice"):
        open_note(note + line, key.verifier, cosigned=True)


def test_a_note_of_absurd_size_is_refused_before_it_is_read(key: SigningKey) -> None:
    with pytest.raises(ExportRefused, match="larger than any of its kind"):
        open_note(b"a" * (1 << 20) + b"\n\n", key.verifier, cosigned=True)
    with pytest.raises(ExportRefused, match="65 signatures"):
        open_note(b"a\n\n" + "— a AAAAAAAA\n".encode() * 65, key.verifier, cosigned=True)


def test_a_checkpoint_is_read_back(key: SigningKey) -> None:
    checkpoint = Checkpoint(key.name, 20852163, bytes(range(32)))

    assert opened(signed(checkpoint, key), key.verifier, cosigned=False) == checkpoint


@pytest.mark.parametrize(
    "text",
    [
        "bank.example/audit\n5\n",
        "bank.example/audit\n05\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
        "bank.example/audit\n-5\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
        "bank.example/audit\n+5\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
        "bank.example/audit\n５\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
        "bank.example/audit\n9999999999999999999\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
        "bank.example/audit\n5\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB=\n",
        "bank.example/audit\n5\nAAAA\n",
        "bank.example/audit\n5\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\nextension\n",
        "\n5\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
    ],
)
def test_a_signed_text_that_is_no_checkpoint_is_refused(key: SigningKey, text: str) -> None:
    with pytest.raises(ExportRefused, match="it is not a checkpoint"):
        opened(sign(text, key), key.verifier, cosigned=False)


def test_a_checkpoint_of_another_log_is_refused_though_the_key_signed_it(key: SigningKey) -> None:
    other = signed(Checkpoint("other.example/log", 1, bytes(32)), key)

    with pytest.raises(ExportRefused, match=r"belongs to the log other.example/log"):
        opened(other, key.verifier, cosigned=False)
