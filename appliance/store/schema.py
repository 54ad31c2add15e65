"""The relational tables: access lists, documents and what they consist of, sessions, conversations."""

from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    Float,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

METADATA = MetaData()

ACCESS_LIST = Table(
    "access_list",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column(
        "canonical", Text, nullable=False, unique=True
    ),  # JSON with sorted keys and members: one row a distinct list
)

DOCUMENT = Table(
    "document",
    METADATA,
    Column("key", String(32), primary_key=True),
    Column("collection", String(100), nullable=False),
    Column("path", Text, nullable=False),
    Column("acl_id", Integer, nullable=False),
    Column("version", String(64), nullable=False),  # the current one
    UniqueConstraint("collection", "path"),
    ForeignKeyConstraint(["acl_id"], ["access_list.id"]),
)

VERSION = Table(
    "version",
    METADATA,
    Column("document", String(32), primary_key=True),
    Column("version", String(64), primary_key=True),  # models.version_id
    Column("sha256", String(64), nullable=False),  # of the original, hex
    Column("title", Text, nullable=False),
    Column("language", String(2), nullable=False),
    Column("media_type", String(100), nullable=False),
    Column("fingerprint", String(100), nullable=False),  # of converter and splitter
    Column("bytes", Integer, nullable=False),
    Column("valid_from", DateTime, nullable=False),
    Column("valid_until", DateTime),  # empty while current
    Column("acl_id", Integer),  # who might see it when it was current last; empty: nobody
    ForeignKeyConstraint(["document"], ["document.key"], ondelete="CASCADE"),
    ForeignKeyConstraint(["acl_id"], ["access_list.id"]),
)

PART = Table(
    "part",
    METADATA,
    Column("document", String(32), primary_key=True),
    Column("version", String(64), primary_key=True),
    Column("ordinal", Integer, primary_key=True),
    Column("kind", String(10), nullable=False),
    Column("label", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("lines", LargeBinary, nullable=False),  # store/layout.py
    Column("picture", Boolean, nullable=False),
    ForeignKeyConstraint(["document", "version"], ["version.document", "version.version"], ondelete="CASCADE"),
)

CHUNK = Table(
    "chunk",
    METADATA,
    Column("id", String(36), primary_key=True),
    Column("document", String(32), nullable=False),
    Column("version", String(64), nullable=False),
    Column("ordinal", Integer, nullable=False),
    Column("part", Integer, nullable=False),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
    Column("heading", Text, nullable=False),
    ForeignKeyConstraint(["document", "version"], ["version.document", "version.version"], ondelete="CASCADE"),
    Index("chunk_of_version", "document", "version"),
)

# A change that was begun and is not known to have ended.
CHANGE = Table(
    "change",
    METADATA,
    Column("case", String(32), primary_key=True),
    Column("kind", String(10), nullable=False),  # store, remove, access, describe
    Column("document", String(32), nullable=False),
    Column("version", String(64), nullable=False),
    Column("done", Boolean, nullable=False),  # set where readers see its result
)

SESSION = Table(
    "session",
    METADATA,
    Column("digest", String(64), primary_key=True),  # sha256 of the cookie: the cookie itself is not kept
    Column("person", String(100), nullable=False),
    Column("opened", DateTime, nullable=False),
    Column("used", DateTime, nullable=False),
)

CONVERSATION = Table(
    "conversation",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("person", String(100), nullable=False, index=True),
    Column("title", Text, nullable=False),
    Column("updated", DateTime, nullable=False),
)

TURN = Table(
    "turn",
    METADATA,
    Column("case", String(32), primary_key=True),
    Column("conversation", String(32), nullable=False, index=True),
    Column("asked", DateTime, nullable=False),
    Column("question", Text, nullable=False),
    Column("language", String(2), nullable=False),
    Column("outcome", String(12), nullable=False),
    Column("model", String(100), nullable=False),
    Column("seconds", Float, nullable=False),
    Column("answer", Text, nullable=False),  # JSON: sentences, citations, sources by document key and version
    ForeignKeyConstraint(["conversation"], ["conversation.id"], ondelete="CASCADE"),
)

META = Table(
    "meta",
    METADATA,
    Column("key", String(50), primary_key=True),
    Column("value", Text, nullable=False),
)
