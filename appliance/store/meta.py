"""What the installation remembers of itself between two starts, by key."""

from __future__ import annotations

from sqlalchemy import Engine, delete, insert, select

from appliance.store.schema import META


def remembered(engine: Engine, key: str) -> str | None:
    """What was last kept under this key."""
    with engine.connect() as connection:
        return connection.execute(select(META.c.value).where(META.c.key == key)).scalar_one_or_none()


def remember(engine: Engine, key: str, value: str) -> None:
    """Keep this under the key, instead of what was there."""
    with engine.begin() as connection:
        connection.execute(delete(META).where(META.c.key == key))
        connection.execute(insert(META).values(key=key, value=value))
