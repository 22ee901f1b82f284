import pytest

from tests.contract.hosts import HOSTS
from tests.contract.recovery_dbs import MemoryRecoveries, SqlRecoveries, sqlite_recoveries


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
