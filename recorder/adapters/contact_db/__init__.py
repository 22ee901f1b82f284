"""The contact database on SQLite or PostgreSQL."""

from recorder.adapters.contact_db.db import SqlContactDb as SqlContactDb
from recorder.adapters.contact_db.engine import open_engine as open_engine
from recorder.adapters.contact_db.migrate import migrate as migrate
from recorder.adapters.contact_db.migrate import migrate_at_start as migrate_at_start
