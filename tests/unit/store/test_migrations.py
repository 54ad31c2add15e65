"""A filled database of the first release comes to the newest schema, and one of a later release is left alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, text

from appliance.access import AccessList
from appliance.errors import StoreNewer
from appliance.models import Classification
from appliance.store import database
from appliance.store.database import open_database
from appliance.store.registry import Registry

KEY, OLD, NEW = "a" * 32, "b" * 64, "c" * 64
STAFF = '{"classification":2,"compartments":[],"denied":[],"from":null,"groups":["g-staff"],"until":null}'
_VERSION = (
    "INSERT INTO version (document, version, sha256, title, language, media_type, fingerprint, bytes, valid_from)"
)


def filled_first_schema(file: Path) -> None:
    """A document with an earlier version, each with a page and a chunk, as the first release kept them."""
    config = Config()
    config.set_main_option("script_location", str(database.MIGRATIONS))
    engine = create_engine(f"sqlite:///{file}")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.execute(text("INSERT INTO access_list (id, canonical) VALUES (7, :staff)"), {"staff": STAFF})
        connection.execute(text(f"INSERT INTO document VALUES ('{KEY}', 'c', 'pay.txt', 7, '{NEW}')"))
        for version in (OLD, NEW):
            its = f"'{KEY}', '{version}'"
            connection.execute(
                text(f"{_VERSION} VALUES ({its}, 's', '題名', 'ja', 'text/plain', 'f', 1, '2026-01-01')")
            )
            connection.execute(text(f"INSERT INTO part VALUES ({its}, 1, 'page', '1', '本文である。', x'', 0)"))
            connection.execute(text(f"INSERT INTO chunk VALUES ('{version[:36]}', {its}, 0, 1, 0, 6, '')"))
    engine.dispose()


def test_a_filled_database_of_the_first_schema_comes_to_the_newest_with_all_it_held(tmp_path: Path) -> None:
    filled_first_schema(tmp_path / "appliance.db")

    engine = open_database(tmp_path / "appliance.db")
    registry = Registry(engine)

    assert registry.versions(KEY) == [OLD, NEW]
    assert [registry.part(KEY, version, 1) is not None for version in (OLD, NEW)] == [True, True]
    assert registry.current_chunks() == {(KEY, NEW): {NEW[:36]}}
    staff = AccessList(frozenset({"g-staff"}), Classification.INTERNAL)
    current = registry.kept(KEY, NEW)
    assert current is not None
    assert (current.own, current.today) == (staff, staff)
    assert registry.kept(KEY, OLD) is None, "who might see it was not kept: nobody may"
    engine.dispose()
    open_database(tmp_path / "appliance.db").dispose()  # and once more, with nothing to do


def test_a_database_of_a_newer_release_is_left_alone_and_says_what_to_do(tmp_path: Path) -> None:
    engine = open_database(tmp_path / "appliance.db")
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    before = (tmp_path / "appliance.db").read_bytes()

    with pytest.raises(StoreNewer, match=rf"newer release \(its schema is 9999, .* {database.HEAD}\).*Install that"):
        open_database(tmp_path / "appliance.db")

    assert (tmp_path / "appliance.db").read_bytes() == before
