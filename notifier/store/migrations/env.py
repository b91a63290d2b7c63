"""How alembic reaches the ledger: the connection is handed over by `notifier.store.migrate`."""

import sqlmodel
from alembic import context

import notifier.store.tables

assert notifier.store.tables.__all__

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=sqlmodel.SQLModel.metadata,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
