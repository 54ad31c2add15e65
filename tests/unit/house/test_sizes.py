"""The house stays small enough to read: modules, functions, broad excepts, suppressions, tests beside source."""

from __future__ import annotations

import ast
import re
import statistics
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
BROAD = {"Exception", "BaseException"}
SUPPRESSION = re.compile(r"#\s*(noqa|type:\s*ignore)(?P<rest>[^\n]*)")
# A code, then why: "noqa: S301  the store is ours", "type: ignore[no-untyped-call]  # lxml has no types".
REASONED = re.compile(r"(: [A-Z]+\d+(, ?[A-Z]+\d+)*|\[[a-z-]+(, ?[a-z-]+)*\])\s*(#\s*|- )?\w.{6,}")


def source(root: Path = ROOT) -> list[Path]:
    return [path for top in ("appliance", "ingest", "ui") for path in sorted((root / top).rglob("*.py"))]


def lines(path: Path) -> int:
    return len(path.read_text("utf-8").splitlines())


def long_functions(tree: ast.AST, limit: int = 60) -> Iterator[str]:
    """Functions with more lines than the limit, their docstring not counted."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            if body and (body[-1].end_lineno or 0) - body[0].lineno + 1 > limit:
                yield node.name


def broad_excepts(tree: ast.AST) -> Iterator[int]:
    """Lines where everything is caught, by except or by suppress."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler):
            caught = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("suppress"):
            caught = list(node.args)
        else:
            continue
        if any(kind is None or ast.unparse(kind).rpartition(".")[2] in BROAD for kind in caught):
            yield node.lineno


def bare_suppressions(text: str) -> list[str]:
    """Suppressions that do not name a code and a reason."""
    return [found.group() for found in SUPPRESSION.finditer(text) if not REASONED.fullmatch(found["rest"].strip())]


def test_modules_are_small() -> None:
    sizes = [size for path in source() if (size := lines(path)) > 3]
    assert statistics.median(sizes) <= 150
    assert statistics.quantiles(sizes, n=10, method="inclusive")[-1] <= 400
    assert max(sizes) <= 600


@pytest.mark.parametrize("path", source(), ids=lambda path: str(path.relative_to(ROOT)))
def test_functions_are_small(path: Path) -> None:
    assert list(long_functions(ast.parse(path.read_text("utf-8")))) == []


def test_hardly_anything_catches_everything() -> None:
    found = {str(path): list(broad_excepts(ast.parse(path.read_text("utf-8")))) for path in source()}
    assert sum(map(len, found.values())) <= 0.8 * sum(map(lines, source())) / 1000, {
        k: v for k, v in found.items() if v
    }


def test_a_suppression_names_a_code_and_a_reason() -> None:
    found = {str(path.relative_to(ROOT)): bare_suppressions(path.read_text("utf-8")) for path in source()}
    assert {path: bare for path, bare in found.items() if bare} == {}


def test_tests_are_as_long_as_what_they_test() -> None:
    assert sum(map(lines, (ROOT / "tests").rglob("*.py"))) >= sum(map(lines, source()))


def test_a_long_function_is_seen() -> None:
    body = "\n".join(["    pass"] * 61)
    assert list(long_functions(ast.parse(f"def f():\n{body}\nasync def g():\n    pass"))) == ["f"]


@pytest.mark.parametrize(
    "text",
    [
        "try: pass\nexcept: pass",
        "try: pass\nexcept Exception: pass",
        "try: pass\nexcept (OSError, BaseException) as e: pass",
        "try: pass\nexcept builtins.Exception: pass",
        "with contextlib.suppress(Exception): pass",
    ],
)
def test_a_broad_except_is_seen(text: str) -> None:
    assert len(list(broad_excepts(ast.parse(text)))) == 1


def test_a_narrow_except_is_let_be() -> None:
    assert list(broad_excepts(ast.parse("try: pass\nexcept (OSError, ValueError): pass"))) == []


@pytest.mark.parametrize(
    "comment", ["# noqa", "# noqa: S301", "# type: ignore", "# type: ignore[misc]", "# noqa: why not"]
)
def test_a_suppression_without_a_code_or_a_reason_is_seen(comment: str) -> None:
    assert len(bare_suppressions(f"x = 1  {comment}\n")) == 1


@pytest.mark.parametrize(
    "comment",
    [
        "# noqa: S301  the store is our own file",
        "# noqa: BLE001 - recorded and raised again",
        "# type: ignore[misc]  # untyped",
    ],
)
def test_a_suppression_with_both_is_let_be(comment: str) -> None:
    assert bare_suppressions(f"x = 1  {comment}\n") == []
