"""What may be linked in: judged from metadata, SBOM and packed libraries, with a planted example of each wrong."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.metadata import Distribution, distribution
from pathlib import Path

import pytest

from infra.checks.licences import HOUSE, Tables, acceptable, declared, judge, pinned

LOCK = Path(__file__).parents[3] / "infra" / "locks" / "base.txt"
NOTHING = Tables({}, {}, {}, {})


def wheel(folder: Path, metadata: str, files: Mapping[str, str] | None = None) -> Distribution:
    """An installed package called `planted` with the given metadata lines, a licence text and further files."""
    everything = {
        "planted-1.dist-info/METADATA": f"Metadata-Version: 2.4\nName: Planted\nVersion: 1\n{metadata}\n",
        "planted-1.dist-info/licenses/LICENSE": "the text",
        **(files or {}),
    }
    for name, text in everything.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    (folder / "planted-1.dist-info/RECORD").write_text("".join(f"{name},,\n" for name in everything))
    return Distribution.at(folder / "planted-1.dist-info")


def sbom(licence: Mapping[str, object], **more: str) -> dict[str, str]:
    part = {"name": "inner", "licenses": [licence], **more}
    return {"planted-1.dist-info/sboms/inner.cyclonedx.json": json.dumps({"components": [part]})}


def found(package: Distribution, tables: Tables = NOTHING) -> list[str]:
    return [str(finding) for finding in judge([package], tables)]


def test_what_is_linked_in_may_be_linked_in() -> None:
    assert judge([distribution(name) for name in pinned(LOCK)], HOUSE) == []


@pytest.mark.parametrize(
    "expression",
    [
        "MIT",
        "Apache-2.0 OR GPL-2.0-only",
        "GPL-2.0-only OR (MIT AND Zlib)",
        "(MIT OR Apache-2.0) AND Unicode-3.0",
        "Apache-2.0 WITH LLVM-exception",
        "GPL-3.0-or-later WITH GCC-exception-3.1",
    ],
)
def test_an_expression_with_an_acceptable_way_is_accepted(expression: str) -> None:
    assert acceptable(expression)


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "GPL-3.0-only",
        "AGPL-3.0-or-later",
        "LGPL-2.1-only",
        "MIT AND GPL-2.0-only",
        "(MIT OR ISC) AND AGPL-3.0-only",
        "GPL-2.0-only AND MIT OR SSPL-1.0",
        "GPL-2.0-only WITH Some-exception",
        "Elastic-2.0",
        "MIT OR",
        "MIT AND",
        "(MIT",
        "MIT MIT",
        "MIT )",
        "Proprietary",
    ],
)
def test_an_expression_without_one_is_not(expression: str) -> None:
    assert not acceptable(expression)


@pytest.mark.parametrize(
    ("metadata", "licence"),
    [
        ("License-Expression: MIT\nLicense: GPL", "MIT"),
        ("License: Apache License, Version 2.0", "Apache-2.0"),
        ("License: whatever\nClassifier: License :: OSI Approved :: MIT License", "MIT"),
        ("Classifier: License :: OSI Approved :: BSD License", "BSD-3-Clause"),
        ("License: MIT\n        \n        Copyright", "MIT"),
        ("License: some licence of our own", "some licence of our own"),
        ("", ""),
    ],
)
def test_a_licence_is_read_from_wherever_it_stands(tmp_path: Path, metadata: str, licence: str) -> None:
    assert declared(wheel(tmp_path, metadata)) == licence


def test_a_package_without_a_licence_is_seen(tmp_path: Path) -> None:
    assert found(wheel(tmp_path, "")) == ["planted: licence 'not stated' is not among those that are accepted"]


def test_two_classifiers_of_which_one_is_gpl_are_seen(tmp_path: Path) -> None:
    lines = "\n".join(
        f"Classifier: License :: OSI Approved :: {name}"
        for name in ("MIT License", "GNU General Public License v3 (GPLv3)")
    )
    (finding,) = found(wheel(tmp_path, lines))
    assert "GNU General Public License v3 (GPLv3)" in finding


def test_a_package_that_a_person_judged_is_accepted(tmp_path: Path) -> None:
    tables = Tables({"planted": ("MIT", "read in its repository")}, {}, {}, {})
    assert found(wheel(tmp_path, "License: see elsewhere"), tables) == []


def test_a_wheel_without_a_licence_text_is_seen(tmp_path: Path) -> None:
    package = wheel(tmp_path, "License-Expression: MIT")
    (tmp_path / "planted-1.dist-info/RECORD").write_text("planted.py,,\n")
    assert found(package) == ["planted: has no licence text"]
    assert found(package, Tables({}, {"planted": "asked for"}, {}, {})) == []


@pytest.mark.parametrize(
    ("licence", "count"),
    [
        ({"expression": "MIT OR Apache-2.0"}, 0),
        ({"license": {"id": "MIT"}}, 0),
        ({"license": {"id": "GPL-3.0-or-later"}}, 1),
        ({"license": {"name": "secret"}}, 1),
    ],
)
def test_a_part_inside_a_wheel_is_judged(tmp_path: Path, licence: Mapping[str, object], count: int) -> None:
    assert len(found(wheel(tmp_path, "License-Expression: MIT", sbom(licence)))) == count


def test_a_part_that_was_only_needed_to_build_is_not(tmp_path: Path) -> None:
    files = sbom({"license": {"id": "GPL-3.0-or-later"}}, scope="excluded")
    assert found(wheel(tmp_path, "License-Expression: MIT", files)) == []


def test_a_packed_library_is_judged_by_name(tmp_path: Path) -> None:
    package = wheel(tmp_path, "License-Expression: MIT", {"planted.libs/libx-0352e75f.so.5.0.0": ""})
    assert found(package) == ["planted: the packed library libx is not in LIBRARIES, or its licence is not accepted"]
    assert found(package, Tables({}, {}, {"libx": ("MIT", "")}, {})) == []


@pytest.mark.parametrize(
    ("licence", "reason", "count"),
    [("LGPL-2.1-or-later", "unmodified", 0), ("LGPL-2.1-or-later", "", 1), ("GPL-3.0-or-later", "unmodified", 1)],
)
def test_the_lgpl_needs_a_reason_and_the_gpl_has_none(tmp_path: Path, licence: str, reason: str, count: int) -> None:
    package = wheel(tmp_path, "License-Expression: MIT", {"planted.libs/libx.so": ""})
    assert len(found(package, Tables({}, {}, {"libx": (licence, reason)}, {}))) == count


def test_an_entry_that_nothing_needs_is_seen(tmp_path: Path) -> None:
    tables = Tables({"gone": ("MIT", "why")}, {"went": "why"}, {}, {("planted", "gone"): "why"})
    assert len(found(wheel(tmp_path, "License-Expression: MIT"), tables)) == 3


def test_a_library_of_another_platform_may_stay_in_the_table(tmp_path: Path) -> None:
    tables = Tables({}, {}, {"libelsewhere": ("MIT", "")}, {})
    assert found(wheel(tmp_path, "License-Expression: MIT"), tables) == []


def test_pins_of_other_platforms_and_lines_of_hashes_are_left_out(tmp_path: Path) -> None:
    lock = tmp_path / "lock.txt"
    lock.write_text("a==1 \\\n    --hash=sha256:0\nb==2 ; sys_platform == 'nowhere' \\\n    --hash=sha256:0\n# c==3\n")
    assert list(pinned(lock)) == ["a"]
