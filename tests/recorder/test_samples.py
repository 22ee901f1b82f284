"""The files in docs/samples are what people begin with: they must be right."""

import shutil
import subprocess
import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from recorder.adapters.registry import PluginRegistry
from recorder.config import load_config
from recorder.plugins import DATA_SOURCE_GROUP
from recorder.source_check import check_config
from sim.served.sources import HEARS_AT

SAMPLES = Path(__file__).parent.parent.parent / "docs/samples"
DYNAMICS = EntryPoint("dynamics", "recorder.adapters.dynamics:PLUGIN", DATA_SOURCE_GROUP)


@pytest.fixture
def registry(monkeypatch):
    monkeypatch.setenv("TANDEM_TOKEN", "t")
    monkeypatch.setenv("TANDEM_DYNAMICS_SECRET", "s")
    return PluginRegistry(found=lambda: [DYNAMICS])


@pytest.mark.parametrize("name", ["alpha", "beta"])
def test_a_sample_configuration_has_no_fault(name, registry):
    assert check_config(SAMPLES / f"{name}.toml", registry=registry) == ()


def test_the_two_samples_are_a_pair():
    alpha, beta = (load_config(SAMPLES / f"{name}.toml") for name in ("alpha", "beta"))
    assert (alpha.node.id, beta.node.id) == ("alpha", "beta")
    assert alpha.peer.address == beta.peer.listen
    assert beta.peer.address == alpha.peer.listen
    assert alpha.node.cluster == beta.node.cluster
    assert alpha.data_center == beta.data_center
    assert alpha.web.listen != beta.web.listen
    assert alpha.node.data != beta.node.data


def test_the_two_samples_differ_in_names_addresses_and_credentials_only():
    alpha, beta = (
        tomllib.loads((SAMPLES / f"{name}.toml").read_text("utf-8")) for name in ("alpha", "beta")
    )
    different = {
        f"{table}.{key}"
        for table in alpha
        for key in alpha[table]
        if alpha[table][key] != beta[table][key]
    }
    assert different == {
        "node.id",
        "node.data",
        "web.listen",
        "peer.listen",
        "peer.address",
        "sources.dynamics",
    }
    sources = alpha["sources"]["dynamics"], beta["sources"]["dynamics"]
    assert {key for key in sources[0] if sources[0][key] != sources[1][key]} == {"client_id"}


def test_the_files_that_a_sample_names_for_tls_are_those_that_certs_makes():
    for name in ("alpha", "beta"):
        text = (SAMPLES / f"{name}.toml").read_text("utf-8")
        for file in ("authority.pem", f"{name}.pem", f"{name}.key"):
            assert f'"certs/{file}"' in text


def test_the_unit_does_not_restart_what_a_restart_cannot_mend():
    unit = (SAMPLES / "tandem.service").read_text("utf-8")
    assert "RestartPreventExitStatus=2" in unit
    assert "Type=notify" in unit
    assert "TimeoutStopSec=90" in unit


def test_haproxy_understands_its_sample():
    haproxy = shutil.which("haproxy")
    if haproxy is None:
        pytest.skip("haproxy is not installed: the syntax of its sample is not checked")
    done = subprocess.run(
        [haproxy, "-c", "-f", SAMPLES / "haproxy.cfg"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_haproxy_sends_messages_to_whoever_lives_and_the_rest_to_the_primary():
    lines = [line.strip() for line in (SAMPLES / "haproxy.cfg").read_text("utf-8").splitlines()]
    assert "default_backend primary" in lines
    assert "option httpchk HEAD /primary" in lines
    assert f"acl from_services path_beg {HEARS_AT}/" in lines
    assert "use_backend either if from_services" in lines
    servers = [line for line in lines if line.startswith("server ")]
    assert servers[:2] == servers[2:], "both parts know both nodes"
