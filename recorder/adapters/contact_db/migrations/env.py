"""Run by alembic with an open connection, inside the caller's transaction and lock."""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
context.run_migrations()
