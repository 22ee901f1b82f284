"""The table of logins to the pages that ended before their time."""

from __future__ import annotations

from sqlalchemy import Table

from recorder.adapters.contact_db.columns import METADATA, key, us

ended_logins = Table("ended_logins", METADATA, key("login_id"), us("until_us", known=True))
