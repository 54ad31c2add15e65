"""Opens the relational store: SQLite here, with its pragmas set explicitly; brings the schema up to date."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Engine, create_engine, event, inspect, text
from sqlalchemy.engine.interfaces import DBAPIConnection, ExceptionContext
from sqlalchemy.exc import DatabaseError, OperationalError

from appliance.errors import StoreNewer, StoreUnavailable

MIGRATIONS = Path(__file__).parent / "migrations"
# By the names of their files: a start that has nothing to migrate loads no Alembic. A test compares with its view.
REVISIONS = sorted(file.name.partition("_")[0] for file in MIGRATIONS.glob("versions/[0-9]*_*.py"))
HEAD = REVISIONS[-1]


def open_database(file: Path) -> Engine:
    """An engine on `file`, migrated to HEAD. Raises StoreUnavailable, and StoreNewer for one of a later release."""
    # Statements carry people's texts: their parameters belong in no log.
    engine = create_engine(f"sqlite:///{file}", connect_args={"timeout": 10}, hide_parameters=True)
    event.listen(engine, "connect", _pragmas)
    event.listen(engine, "handle_error", lambda context: _ours(context, file))
    try:
        found = _revision(engine)
        if found is not None and found not in REVISIONS:
            raise StoreNewer(where=file, found=found, newest=HEAD)
        if found != HEAD:
            _migrate(engine)
    except StoreNewer:
        engine.dispose()
        raise
    except (DatabaseError, OSError) as error:
        engine.dispose()
        raise StoreUnavailable(where=file, why=error.__cause__ or error) from error
    return engine


def _ours(context: ExceptionContext, file: Path) -> None:
    """What the storage refuses (full, read-only, damaged) is a part that cannot work; a wrong statement is a defect."""
    # A damaged file is a bare DatabaseError; its other subclasses are about what was written.
    if type(context.sqlalchemy_exception) in (OperationalError, DatabaseError) and not _is_defect(
        context.original_exception
    ):
        raise StoreUnavailable(where=file, why=context.original_exception) from context.original_exception


def _is_defect(error: BaseException) -> bool:
    return str(error).startswith(("no such", "near ", "table "))


def _pragmas(connection: DBAPIConnection, _record: object) -> None:
    cursor = connection.cursor()
    # WAL alone may lose a commit in a power cut; deleted text must not stay readable in free pages.
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _revision(engine: Engine) -> str | None:
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()


def _migrate(engine: Engine) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
