"""Every version keeps the access list that it had when it was current last."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Current versions take their document's list. Who might see an older one was not kept: it stays empty, nobody."""
    # Making SQLite's table anew, as another kind of column needs, would take parts and chunks along.
    op.execute("ALTER TABLE version ADD COLUMN acl_id INTEGER REFERENCES access_list (id)")
    op.execute(
        "UPDATE version SET acl_id = (SELECT document.acl_id FROM document"
        " WHERE document.key = version.document AND document.version = version.version)"
    )
