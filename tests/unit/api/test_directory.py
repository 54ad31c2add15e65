"""The file of people as it is now: who was removed is out at the next request, and a broken file lets nobody in."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.api.world import World, make_home, services_at


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return make_home(tmp_path / "home")


@pytest.fixture
def own(home: Path) -> Iterator[World]:
    with services_at(home) as services:
        yield World(services)


def rewrite(home: Path, pattern: str, by: str) -> None:
    """Change the file as an editor does: a new one in its place."""
    file = home / "people.toml"
    text, count = re.subn(pattern, by, file.read_text(encoding="utf-8"), count=1, flags=re.S)
    assert count == 1
    (home / "people.new").write_text(text, encoding="utf-8")
    os.replace(home / "people.new", file)


def test_who_was_removed_is_out_at_once_and_the_log_says_so(own: World, home: Path) -> None:
    suzuki, yamada, size = own.as_("suzuki"), own.as_("yamada"), own.size()
    rewrite(home, r'\[\[person\]\]\nid = "suzuki".*?(?=\[\[person\]\]|#)', "")

    assert yamada.get("/me").status_code == 200, "whose request it is does not matter: the session of the other ends"
    events = own.since(size)
    assert [(e.action, e.details.get("person")) for e in events] == [
        ("session.ended", "suzuki"),
        ("people.changed", None),
    ]
    assert (events[0].details["reason"], events[1].details["removed"]) == ("directory", 1)
    assert suzuki.get("/me").status_code == 401
    assert own.nobody.post("/session/demo", json={"person": "suzuki"}).status_code == 401


def test_a_group_taken_away_hides_its_documents_from_the_next_request_on(own: World, home: Path) -> None:
    stored = own.store("hr.txt", "人事部だけの文書である。", ["g-hr"])
    suzuki = own.as_("suzuki")
    assert suzuki.get(f"/documents/{stored['key']}").status_code == 200

    rewrite(home, r'(id = "suzuki".*?groups = )\[.*?\]', r'\1["g-staff"]')

    assert suzuki.get(f"/documents/{stored['key']}").status_code == 404
    assert suzuki.post("/search", json={"query": "人事部だけの文書"}).json()["results"] == []


def test_a_broken_file_lets_nobody_in_until_it_is_mended(
    own: World, home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    yamada, good = own.as_("yamada"), (home / "people.toml").read_bytes()
    (home / "people.toml").write_bytes(good + b"[[person]]\nid = ")

    for answer in (
        yamada.get("/documents"),
        yamada.get("/me"),
        own.nobody.post("/session/demo", json={"person": "sato"}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (503, "directory-unreadable")
        assert str(home) not in answer.text
    assert "nobody is let in until this is mended" in caplog.text
    checks = {check["name"]: check for check in own.owner.get("/doctor").json()["checks"]}
    assert (checks["people"]["state"], "people.toml" in checks["people"]["finding"]) == ("failed", True)

    (home / "people.toml").unlink()
    assert yamada.get("/me").status_code == 503, "and a file that is gone likewise"

    (home / "people.toml").write_bytes(good)
    assert yamada.get("/me").status_code == 200
    checks = {check["name"]: check for check in own.owner.get("/doctor").json()["checks"]}
    assert checks["people"]["state"] == "ok"


def test_who_was_removed_while_it_was_off_is_out_after_the_start(home: Path) -> None:
    with services_at(home) as services:
        token = services.sessions.open("suzuki")
    rewrite(home, r'\[\[person\]\]\nid = "suzuki".*?(?=\[\[person\]\]|#)', "")

    with services_at(home) as services:
        assert services.sessions.person(token) is None
