from collections.abc import Iterator

import pytest

from tests.contract.hosts import HOSTS
from tests.contract.recovery_dbs import MemoryRecoveries, SqlRecoveries, sqlite_recoveries
from tests.postgres import PostgresServer


@pytest.fixture(scope="session")
def _kept_database(postgres_server: PostgresServer, _migrated_template: str) -> str:
    return postgres_server.new_database(_migrated_template)


@pytest.fixture
def postgres_url(postgres_server: PostgresServer, _kept_database: str) -> Iterator[str]:
    """A migrated database without rows. No contract changes a schema, and to empty one takes the least time."""
    yield postgres_server.url(_kept_database)
    postgres_server.empty_database(_kept_database)


@pytest.fixture(params=HOSTS)
def host(request):
    host = HOSTS[request.param]()
    yield host
    host.close()


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def recovery_world(request, tmp_path):
    if request.param == "memory":
        world = MemoryRecoveries()
    elif request.param == "sqlite":
        world = sqlite_recoveries(tmp_path)
    else:
        world = SqlRecoveries(request.getfixturevalue("postgres_url"))
    yield world
    world.close()
