"""Fixtures that several directories of tests share."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from recorder.adapters.contact_db import migrate
from tests.postgres import MISSING, PostgresServer, find_programs

# The same examples on every machine, so that a run says something about the code and not about chance; new
# examples are looked for by TANDEM_SEARCH=long. A busy machine is no failure, hence no deadlines.
settings.register_profile(
    "tandem",
    derandomize=os.environ.get("TANDEM_SEARCH") != "long",
    database=None,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("tandem")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A private server for the whole run; the test is skipped where none is installed."""
    programs = find_programs()
    if programs is None:
        pytest.skip(MISSING)
    server = PostgresServer(programs)
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture(scope="session")
def _migrated_template(postgres_server: PostgresServer) -> str:
    name = postgres_server.new_database()
    migrate(postgres_server.url(name))
    return name


@pytest.fixture
def postgres_url(postgres_server: PostgresServer, _migrated_template: str) -> Iterator[str]:
    """A fresh, migrated database."""
    name = postgres_server.new_database(_migrated_template)
    yield postgres_server.url(name)
    postgres_server.drop_database(name)


@pytest.fixture
def empty_postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """A fresh database without any table."""
    name = postgres_server.new_database()
    yield postgres_server.url(name)
    postgres_server.drop_database(name)
