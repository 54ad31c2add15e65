"""Which paths the pattern of an override means."""

import unicodedata

import pytest

from ingest.globs import enters, matches

MEANT = [
    ("a.pdf", "a.pdf"),
    ("*.pdf", "a.pdf"),
    ("?.pdf", "あ.pdf"),
    ("*", "a"),
    ("**", "a"),
    ("**", "a/b/c"),
    ("**/*.pdf", "a.pdf"),
    ("**/*.pdf", "a/b/c.pdf"),
    ("役員/**", "役員/a.pdf"),
    ("役員/**", "役員/b/a.pdf"),
    ("役員/**/議事録/*.txt", "役員/議事録/a.txt"),
    ("役員/**/議事録/*.txt", "役員/2026/4/議事録/a.txt"),
    ("**/**/a", "x/a"),
    ("規程[改].pdf", "規程[改].pdf"),
    ("規程[*].pdf", "規程[改].pdf"),
    ("a+(b).pdf", "a+(b).pdf"),
]
NOT_MEANT = [
    ("*.pdf", "x/a.pdf"),
    ("a.pdf", "x/a.pdf"),
    ("役員/**", "役員"),
    ("役員/**", "旧役員/a.pdf"),
    ("役員/*", "役員/b/a.pdf"),
    ("?.pdf", "/.pdf"),
    ("*.pdf", "a.PDF"),
    ("a.pdf", "aXpdf"),
    ("規程[改].pdf", "規程改.pdf"),
    ("**/議事録", "議事録/a"),
    ("*.pdf", "a.pdf\n"),
]


@pytest.mark.parametrize(("pattern", "path"), MEANT)
def test_a_pattern_means(pattern: str, path: str) -> None:
    assert matches(pattern, path)


@pytest.mark.parametrize(("pattern", "path"), NOT_MEANT)
def test_a_pattern_does_not_mean(pattern: str, path: str) -> None:
    assert not matches(pattern, path)


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_name_is_the_same_name_in_either_unicode_form(form: str) -> None:
    assert matches(unicodedata.normalize(form, "ガイド/*.pdf"), unicodedata.normalize("NFC", "ガイド/ブ.pdf"))
    assert matches(unicodedata.normalize("NFC", "ガイド/*.pdf"), unicodedata.normalize(form, "ガイド/ブ.pdf"))


def test_a_pattern_of_many_stars_ends() -> None:
    assert not matches("*a" * 40 + "b", "a" * 250)


@pytest.mark.parametrize(
    ("pattern", "folder", "inside"),
    [
        ("役員/**", "役員", True),
        ("役員/**", "役員/議事録", True),
        ("役員/*/x.txt", "役員/議事録", True),
        ("役員/規程[改]/*", "役員/規程[改]", True),
        ("役員", "役員", False),
        ("役員/*", "役員/議事録", False),
        ("役貝/**", "役員", False),
        ("**/*.txt", "役員", False),
        ("*/x.txt", "役員", False),
    ],
)
def test_only_a_pattern_that_spells_the_folder_out_enters_it(pattern: str, folder: str, inside: bool) -> None:
    assert enters(pattern, folder) is inside
