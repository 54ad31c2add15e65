"""Imports point inward. The table is the rule; the rest of the file enforces it on the syntax tree.

    room       modules                                                     may import of ours
    ---------  ----------------------------------------------------------  ---------------------------------------------
    SILENCE    appliance.silence                                           nothing
    CORE       errors models access actions acts fields visible places     CORE
               citations sentences evidence language words protocols probe
               defects toml
    FLOWS      retrieval generation answering recording documents opening  CORE FLOWS store
    ADAPTERS   every other package or module of appliance, one room each   CORE, its own room
    WIRING     settings wiring starting doctor home                        all of appliance but EDGES (doctor: SCHEMAS)
    SCHEMAS    appliance.api.schemas                                       CORE
    EDGES      api cli connect serve                                       everything in appliance
    ingest                                                                 ingest CORE SCHEMAS embedding connect cli
                                                                           settings
    ui                                                                     ui SCHEMAS connect actions models places
                                                                           visible errors words
    ui.serve   composes portal and API on one port                         everything in appliance, ui

Flows use the stores as they are: there is no second implementation of them, and a Protocol for one would only be a copy.

Of others CORE imports only the standard library (numpy for types alone), FLOWS only the standard library, Haystack and
numpy. `appliance` and its `silence` may be imported by all: they are how every package begins. Imports inside functions
count; those under TYPE_CHECKING count too, except that CORE may name numpy there.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
OURS = ("appliance", "ingest", "ui")
CORE = {
    "errors",
    "models",
    "access",
    "actions",
    "acts",
    "fields",
    "visible",
    "citations",
    "sentences",
    "evidence",
    "protocols",
    "language",
    "places",
    "probe",
    "defects",
    "toml",
    "words",
}
FLOWS = {"retrieval", "generation", "answering", "recording", "documents", "opening"}
WIRING = {"settings", "wiring", "starting", "doctor", "home"}
EDGES = {"api", "cli", "connect", "serve"}
READS_ENVIRONMENT = {"appliance.settings", "appliance.silence"}
INGEST_MAY = {"embedding", "connect", "cli", "settings"}
UI_MAY = {"connect", "actions", "models", "places", "visible", "errors", "words"}


@dataclass(frozen=True)
class Import:
    """One import as written: by whom, of what, and whether only for type checkers."""

    by: str
    of: str
    line: int
    types_only: bool


def room(module: str) -> str:
    """The room that a module of ours is in; an adapter's room is its own name."""
    top, _, rest = module.partition(".")
    first = rest.partition(".")[0]
    if top == "ui":
        return "ui.serve" if module == "ui.serve" else "ui"
    if top == "ingest":
        return "ingest"
    if first in {"", "silence"}:
        return "SILENCE"
    if module.startswith("appliance.api.schemas"):
        return "SCHEMAS"
    for name, members in (("CORE", CORE), ("FLOWS", FLOWS), ("WIRING", WIRING), ("EDGES", EDGES)):
        if first in members:
            return name
    return first


def allowed(by: str, of: str) -> bool:
    """Whether the table lets a module of ours import another."""
    source, target = room(by), room(of)
    first = of.removeprefix("appliance.").partition(".")[0]
    outside = target in {"ingest", "ui", "ui.serve"}
    if target == "SILENCE":
        return source != "SILENCE" or by == "appliance"
    match source:
        case "SILENCE":
            return False
        case "CORE" | "SCHEMAS":
            return target in {"CORE", source}
        case "FLOWS":
            return target in {"CORE", "FLOWS", "store"}
        case "WIRING":
            return not outside and (
                target not in {"EDGES", "SCHEMAS"} or (by, target) == ("appliance.doctor", "SCHEMAS")
            )
        case "EDGES":
            return not outside
        case "ingest":
            return target in {"ingest", "CORE", "SCHEMAS"} or first in INGEST_MAY
        case "ui":
            return target in {"ui", "SCHEMAS"} or first in UI_MAY
        case "ui.serve":
            return target != "ingest"
        case adapter:
            return target in {"CORE", adapter}


def allowed_vendor(found: Import) -> bool:
    """Whether a module of ours may import this package of others."""
    top = found.of.partition(".")[0]
    if top in sys.stdlib_module_names:
        return True
    match room(found.by):
        case "SILENCE":
            return False
        case "CORE":
            return top == "numpy" and found.types_only
        case "FLOWS":
            return top in {"haystack", "numpy"}
    return True


def module_name(path: Path, root: Path) -> str:
    return ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")


def modules(root: Path) -> dict[str, ast.Module]:
    return {
        module_name(path, root): ast.parse(path.read_text("utf-8"), str(path))
        for top in OURS
        for path in sorted((root / top).rglob("*.py"))
    }


def imports(name: str, tree: ast.Module, known: set[str], is_package: bool) -> Iterator[Import]:
    for_types = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
        for statement in node.body
        for inner in ast.walk(statement)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            targets = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            parts = name.split(".")
            base = parts[: len(parts) - node.level + is_package] if node.level else []
            stem = ".".join([*base, *filter(None, [node.module])])
            targets = [full if (full := f"{stem}.{alias.name}") in known else stem for alias in node.names]
        else:
            continue
        for target in targets:
            yield Import(name, target, node.lineno, id(node) in for_types)


def violations(root: Path) -> list[str]:
    trees = modules(root)
    known = set(trees)
    packages = {name for name in known if any(other.startswith(f"{name}.") for other in known)} | set(OURS)
    found = []
    for name, tree in trees.items():
        for one in imports(name, tree, known, name in packages):
            ours = one.of.partition(".")[0] in OURS
            if not (allowed(one.by, one.of) if ours else allowed_vendor(one)):
                found.append(f"{one.by}:{one.line} ({room(one.by)}) imports {one.of}")
    return found


def circles(root: Path) -> list[str]:
    """Circles of modules that import each other, imports inside functions included."""
    trees = modules(root)
    known = set(trees)
    graph = {
        name: {
            one.of
            for one in imports(name, tree, known, (root / name.replace(".", "/")).is_dir())
            if one.of in known and one.of != name and not one.types_only
        }
        for name, tree in trees.items()
    }
    found: list[str] = []
    done: set[str] = set()

    def visit(name: str, trail: list[str]) -> None:
        if name in trail:
            found.append(" -> ".join([*trail[trail.index(name) :], name]))
        elif name not in done:
            for other in sorted(graph[name]):
                visit(other, [*trail, name])
            done.add(name)

    for name in sorted(graph):
        visit(name, [])
    return found


def environment_readers(root: Path) -> set[str]:
    words = {"environ", "environb", "getenv", "putenv", "unsetenv"}
    found = set()
    for name, tree in modules(root).items():
        for node in ast.walk(tree):
            attribute = isinstance(node, ast.Attribute) and node.attr in words and ast.unparse(node.value) == "os"
            imported = (
                isinstance(node, ast.ImportFrom)
                and node.module == "os"
                and bool(words & {alias.name for alias in node.names})
            )
            if attribute or imported:
                found.add(name)
    return found


def begins_with_silence(tree: ast.Module) -> bool:
    """Whether a package's first statement, after the docstring, imports `appliance.silence`."""
    first = next((node for node in tree.body if not (isinstance(node, ast.Expr) and ast.get_docstring(tree))), None)
    return isinstance(first, ast.ImportFrom) and first.module == "appliance" and first.names[0].name == "silence"


def test_every_import_points_inward() -> None:
    assert violations(ROOT) == []


def test_no_module_imports_itself_by_way_of_others() -> None:
    assert circles(ROOT) == []


def test_only_settings_and_silence_touch_the_environment() -> None:
    assert environment_readers(ROOT) <= READS_ENVIRONMENT


@pytest.mark.parametrize("package", OURS)
def test_every_package_begins_with_silence(package: str) -> None:
    assert begins_with_silence(ast.parse((ROOT / package / "__init__.py").read_text("utf-8")))


def plant(root: Path, files: dict[str, str]) -> Path:
    """A small house with the given modules, and everything that they import."""
    everything = {"appliance/__init__.py": "", "ingest/__init__.py": "", "ui/__init__.py": "", **files}
    for path, text in everything.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, "utf-8")
    return root


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("appliance/models.py", "import appliance.settings"),
        ("appliance/models.py", "import pydantic"),
        ("appliance/models.py", "import numpy"),
        ("appliance/access.py", "def f():\n    from appliance.index import edge"),
        ("appliance/access.py", "from .index import edge"),
        ("appliance/errors.py", "from appliance.api.schemas import Problem"),
        ("appliance/answering.py", "from appliance.audit import log"),
        ("appliance/answering.py", "import sqlalchemy"),
        ("appliance/retrieval.py", "from appliance.settings import Settings"),
        ("appliance/index/edge.py", "from appliance.store import registry"),
        ("appliance/index/edge.py", "from ..store import registry"),
        ("appliance/store/registry.py", "from appliance.settings import Settings"),
        ("appliance/auth/demo.py", "from appliance.api.schemas import Me"),
        ("appliance/llm/extractive.py", "from appliance.answering import answer"),
        ("appliance/wiring.py", "from appliance.api import app"),
        ("appliance/settings.py", "import appliance.cli.main"),
        ("appliance/api/app.py", "import ui.app"),
        ("appliance/cli/main.py", "import ingest.pipeline"),
        ("appliance/api/schemas/answers.py", "from appliance.store import registry"),
        ("appliance/silence.py", "import appliance.models"),
        ("appliance/silence.py", "import streamlit"),
        ("ingest/pipeline.py", "from appliance.index import edge"),
        ("ingest/pipeline.py", "from appliance.api import app"),
        ("ingest/pipeline.py", "import ui.client"),
        ("ui/app.py", "from appliance.settings import Settings"),
        ("ui/app.py", "from appliance import wiring"),
        ("ui/app.py", "from appliance.api import app"),
        ("ui/serve.py", "import ingest.cli"),
    ],
)
def test_an_import_that_points_outward_is_seen(tmp_path: Path, path: str, text: str) -> None:
    targets = ("appliance/index/edge.py", "appliance/store/registry.py", "appliance/wiring.py", "appliance/api/app.py")
    plant(tmp_path, {**dict.fromkeys(targets, ""), path: text})
    assert len(violations(tmp_path)) == 1


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("appliance/models.py", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import numpy"),
        ("appliance/retrieval.py", "import haystack\nfrom appliance.protocols import Embedder"),
        ("appliance/index/edge.py", "import qdrant_edge\nfrom . import ids\nfrom appliance.errors import IndexLocked"),
        ("appliance/wiring.py", "from appliance.index import edge\nfrom appliance.answering import answer"),
        ("appliance/api/app.py", "from appliance.wiring import wire\nfrom appliance.api.schemas import Me"),
        ("ingest/pipeline.py", "from appliance.embedding import e5\nfrom appliance.api.schemas import Group"),
        ("ui/app.py", "from appliance import silence\nfrom appliance.api.schemas import Me\nimport streamlit"),
        ("ui/serve.py", "from appliance.api import app\nfrom appliance.wiring import wire"),
    ],
)
def test_an_import_that_points_inward_is_let_be(tmp_path: Path, path: str, text: str) -> None:
    assert violations(plant(tmp_path, {path: text})) == []


def test_a_circle_is_seen(tmp_path: Path) -> None:
    texts = {
        "appliance/access.py": "import appliance.models",
        "appliance/models.py": "def f(): import appliance.access",
    }
    assert circles(plant(tmp_path, texts)) == ["appliance.access -> appliance.models -> appliance.access"]


@pytest.mark.parametrize("text", ["import os\nos.environ['A']", "from os import getenv", "import os\nos.getenv('A')"])
def test_a_reader_of_the_environment_is_seen(tmp_path: Path, text: str) -> None:
    assert environment_readers(plant(tmp_path, {"ui/app.py": text})) == {"ui.app"}


@pytest.mark.parametrize("text", ['"""Doc."""\nimport os\nfrom appliance import silence', '"""Doc."""', ""])
def test_a_package_that_begins_with_something_else_is_seen(text: str) -> None:
    assert not begins_with_silence(ast.parse(text))
