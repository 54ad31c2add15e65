"""The tables of the audit store, in a database of their own.

A leaf's row repeats a few of its fields so that an auditor can search; the bytes in `leaf` are what counts, and `check`
compares the two. Texts are bytes, since PostgreSQL's text holds no NUL and a question may.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, String, Table

metadata = MetaData()

_Number = BigInteger().with_variant(Integer, "sqlite")  # only INTEGER makes SQLite's row id the key

leaves = Table(
    "audit_leaves",
    metadata,
    Column("idx", _Number, primary_key=True, autoincrement=False),  # from 0, without a gap
    Column("event_id", String(200), nullable=False, unique=True),
    Column("time", String(27), nullable=False),
    Column("action", String(200), nullable=False),
    Column("outcome", String(20), nullable=False),
    Column("actor", String(200), nullable=False),
    Column("case_id", String(200), nullable=False),
    Column("leaf", LargeBinary, nullable=False),  # the exact bytes that are hashed
    Index("audit_leaves_time", "time"),
    Index("audit_leaves_action", "action"),
    Index("audit_leaves_actor", "actor"),
    Index("audit_leaves_case", "case_id"),
)

texts = Table(
    "audit_texts",
    metadata,
    Column("idx", _Number, primary_key=True, autoincrement=False),
    Column("name", String(64), primary_key=True),
    Column("salt", LargeBinary, nullable=False),
    Column("text", LargeBinary, nullable=False),  # UTF-8; a row that is gone is a missing text
)

tiles = Table(
    "audit_tiles",
    metadata,
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("n", _Number, primary_key=True, autoincrement=False),
    Column("hashes", LargeBinary, nullable=False),  # 256 x 32 bytes; only full tiles are here
    Column("root", LargeBinary, nullable=False),
)

checkpoints = Table(
    "audit_checkpoint",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),  # 1: earlier checkpoints follow from the leaves
    Column("size", _Number, nullable=False),
    Column("note", LargeBinary, nullable=False),
)
