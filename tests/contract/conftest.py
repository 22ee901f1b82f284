import pytest

from tests.contract.hosts import HOSTS


@pytest.fixture(params=HOSTS)
def host(request):
    host = HOSTS[request.param]()
    yield host
    host.close()
