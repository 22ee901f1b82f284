"""What every test of the command line needs: no settings of the caller's, and its exit status and output."""

import json
from dataclasses import dataclass

import pytest

from recorder.cli.main import run
from tests.recorder.fake_node import TOKEN, FakeNode

_VARIABLES = (
    "TANDEM_URL",
    "TANDEM_CONFIG",
    "TANDEM_TOKEN",
    "TANDEM_TOKEN_FILE",
    "TANDEM_CA_FILE",
    "NO_COLOR",
)


@dataclass
class Ended:
    """How a command ended."""

    status: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)

    @property
    def lines(self):
        return self.out.splitlines()


@pytest.fixture
def bare(monkeypatch, capsys):
    """Runs a command as it stands."""
    for name in _VARIABLES:
        monkeypatch.delenv(name, raising=False)
    capsys.readouterr()

    def _run(*arguments):
        status = run([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Ended(status, captured.out, captured.err)

    return _run


@pytest.fixture
def node():
    return FakeNode()


@pytest.fixture
def url(node):
    with node.served() as url:
        yield url


@pytest.fixture
def tandem(bare, url, monkeypatch):
    """Runs a command against the node, with its token in the environment."""
    monkeypatch.setenv("TANDEM_URL", url)
    monkeypatch.setenv("TANDEM_TOKEN", TOKEN)
    return bare
