"""The newest head of the audit log, kept beside the registry: see appliance/audit/guard.py."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Engine, Integer, MetaData, String, Table, delete, insert, select

# A table of its own, made where it is used: it holds no data that a migration would have to carry.
_METADATA = MetaData()
_HEAD = Table(
    "audit_head",
    _METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),  # 1
    Column("size", BigInteger, nullable=False),
    Column("root", String(64), nullable=False),  # hex
    Column("key", String(1000), nullable=False),  # the verifier key's line
)


class KnownHeads:
    """What the audit log had signed when this was last written. Raises StoreUnavailable."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        _METADATA.create_all(engine)

    def last(self) -> tuple[int, str, str] | None:
        """Size, root and key, or None in a new installation."""
        with self._engine.connect() as connection:
            row = connection.execute(select(_HEAD.c.size, _HEAD.c.root, _HEAD.c.key)).first()
        return None if row is None else (row.size, row.root, row.key)

    def keep(self, size: int, root: str, key: str) -> None:
        """Replace what was known, durably."""
        with self._engine.begin() as connection:
            connection.execute(delete(_HEAD))
            connection.execute(insert(_HEAD).values(id=1, size=size, root=root, key=key))
