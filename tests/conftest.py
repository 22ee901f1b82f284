"""Fixtures that several directories of tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from recorder.adapters.contact_db import migrate
from tests.postgres import MISSING, PostgresServer, find_programs


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
