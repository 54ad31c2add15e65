"""Run by Alembic inside the transaction that `store.database` opens; there is no offline mode."""

from alembic import context

from appliance.store.schema import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
