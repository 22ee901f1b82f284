"""`tandem sim …` against a real fake server."""

import json

import pytest

from recorder.cli.errors import CliError, Exit
from sim.cli.faults import SIM
from sim.served.local_pair import free_ports
from sim.served.sources import client_apps
from sim.ucaas.admin import Admin
from sim.ucaas.clocks import monotonic_ns, wall_us
from sim.ucaas.dynamics.orders import CallOrders
from sim.ucaas.dynamics.service import FakeDynamics
from sim.ucaas.faults import FaultKind
from sim.ucaas.http import Content, Response
from sim.ucaas.server import FakeServer
from tests.sim.ucaas.fakes import AUDIO


@pytest.fixture(scope="module")
def service():
    handler = []

    def handle(request):
        return handler[0].handle(request)

    server = FakeServer(handle=handle)
    fake = FakeDynamics(now_us=wall_us, monotonic_ns=monotonic_ns, clients=client_apps())
    handler.append(Admin(service=fake, orders=CallOrders(service=fake, bank=(AUDIO,))))
    server.start()
    yield server.urls[0]
    server.stop()


@pytest.fixture
def sim(service, monkeypatch, capsys):
    """Runs a command with the address in the environment; what it printed, line by line."""
    monkeypatch.setenv("TANDEM_FAKE", service)

    def run(*words):
        SIM(list(words), exit_on_error=False, result_action="return_value")
        return capsys.readouterr().out.splitlines()

    run("fault", "clear")
    return run


def refused(sim, *words):
    with pytest.raises(CliError) as raised:
        sim(*words)
    assert raised.value.hint
    return raised.value


def test_a_fault_is_added_listed_and_cleared(sim):
    (added,) = sim("fault", "add", "throttle", "seconds=5", "--client", "recorder-alpha")
    number = added.removeprefix("fault ").partition(":")[0]
    head, row = sim("fault", "list")
    assert head.split() == ["Number", "Kind", "Client", "Hits"]
    assert row.split() == [number, "throttle", "recorder-alpha", "0"]
    assert sim("fault", "clear", number) == [f"fault {number} is off"]
    assert len(sim("fault", "list")) == 1


def test_all_faults_are_cleared_at_once_and_counted(sim):
    sim("fault", "add", "drop", "--count", "3")
    sim("fault", "add", "slow", "delay_s=1", "--for-s", "30")
    assert sim("fault", "clear") == ["2 switched off"]
    assert sim("fault", "clear") == ["0 switched off"]


def test_a_fault_for_every_client_says_any(sim):
    sim("fault", "add", "drop")
    assert sim("fault", "list")[1].split()[2] == "any"


def test_a_momentary_fault_has_no_number(sim):
    assert sim("fault", "add", "token_revoked") == ["token_revoked: done"]


def test_every_kind_is_named(sim):
    lines = sim("fault", "kinds")[1:]
    assert [line.split()[0] for line in lines] == [kind.value for kind in FaultKind]


def test_every_kind_tells_its_parameters_and_what_it_does(sim):
    told = {
        note["kind"]: note
        for note in json.loads("\n".join(sim("fault", "kinds", "--json")))["kinds"]
    }
    assert list(told) == [kind.value for kind in FaultKind]
    assert told["throttle"]["parameters"] == ["code", "retry_after", "seconds"]
    assert told["drop"] == {
        "kind": "drop",
        "parameters": [],
        "text": "The connection closes without an answer.",
    }
    assert any(line.startswith("slow ") and "bytes_per_s" in line for line in sim("fault", "kinds"))


def test_a_kind_that_does_not_exist_is_refused_with_the_way_to_the_list(sim):
    error = refused(sim, "fault", "add", "earthquake")
    assert error.code == Exit.USAGE
    assert str(error) == "There is no fault called earthquake."
    assert "tandem sim fault kinds" in error.hint


def test_a_number_that_is_not_switched_on_is_not_found(sim):
    error = refused(sim, "fault", "clear", "4711")
    assert error.code == Exit.NOT_FOUND
    assert "4711" in str(error)


def test_calls_are_placed(sim):
    assert sim("calls", "3", "--over-s", "60", "--seed", "7") == ["3 calls placed"]


def test_statistics_are_json(sim):
    told = json.loads("\n".join(sim("stats")))
    assert "requests" in told


def test_without_an_address_the_caller_is_told_what_to_set(sim, monkeypatch):
    monkeypatch.delenv("TANDEM_FAKE")
    error = refused(sim, "fault", "list")
    assert error.code == Exit.USAGE
    assert "TANDEM_FAKE" in error.hint


def test_the_fake_of_a_source_is_found_by_its_name(sim, monkeypatch, service):
    monkeypatch.setenv("TANDEM_FAKE", "http://127.0.0.1:1")
    monkeypatch.setenv("TANDEM_FAKE_ZOOM", service)
    assert sim("fault", "add", "drop", "--source", "zoom")[0].startswith("fault ")
    assert len(sim("fault", "list", "--source", "zoom")) == 2
    assert sim("fault", "clear", "--source", "zoom") == ["1 switched off"]
    assert sim("calls", "1", "--source", "zoom") == ["1 call placed"]
    assert "requests" in json.loads("\n".join(sim("stats", "--source", "zoom")))


def test_a_source_that_is_not_served_is_told_with_the_way_to_have_it(sim):
    error = refused(sim, "fault", "list", "--source", "webex")
    assert error.code == Exit.USAGE
    assert "webex" in str(error)
    assert "tandem up --sources" in error.hint


def test_an_address_in_the_command_wins(sim):
    (port,) = free_ports(1)
    error = refused(sim, "stats", "--fake", f"http://127.0.0.1:{port}")
    assert error.code == Exit.UNREACHABLE
    assert "tandem up" in error.hint


def test_a_parameter_without_a_value_is_refused(sim):
    error = refused(sim, "fault", "add", "throttle", "seconds")
    assert error.code == Exit.USAGE
    assert "NAME=VALUE" in str(error)


@pytest.mark.parametrize("name", ["count", "client", "item", "for_s", "requests", "kind", "self"])
def test_what_is_an_option_cannot_be_given_as_a_parameter(name, sim):
    error = refused(sim, "fault", "add", "throttle", f"{name}=3")
    assert error.code == Exit.USAGE
    assert name in str(error)
    assert len(sim("fault", "list")) == 1


def test_a_parameter_the_kind_does_not_take_is_refused_with_its_name(sim):
    error = refused(sim, "fault", "add", "throttle", "secodns=5")
    assert "secodns" in str(error)


def test_a_value_of_the_wrong_type_is_refused(sim):
    assert refused(sim, "fault", "add", "throttle", "seconds=soon").code == Exit.USAGE


def test_too_many_calls_or_none_are_an_error_of_the_caller(sim):
    assert refused(sim, "calls", "-1").code == Exit.USAGE


def answering(status, body, kind):
    """A server that is no fake service."""
    reply = Response(status, (("Content-Type", kind),), Content((body,)))
    server = FakeServer(handle=lambda _request: reply)
    server.start()
    return server


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (404, b'{"detail": "Not Found"}'),
        (200, b"<html>welcome</html>"),
        (502, b""),
        (500, b"[]"),
    ],
)
def test_an_address_of_something_else_is_told_as_such(status, body, sim):
    server = answering(status, body, "text/html")
    try:
        error = refused(sim, "stats", "--fake", server.urls[0])
    finally:
        server.stop()
    assert error.code == Exit.USAGE
    assert "no fake service" in str(error)
    assert "TANDEM_FAKE" in error.hint


@pytest.mark.parametrize("url", ["http://[::1", "http://127.0.0.1:port", "127.0.0.1:8450"])
def test_an_address_that_is_none_is_told_as_such(url, sim):
    error = refused(sim, "stats", "--fake", url)
    assert error.code == Exit.USAGE
    assert url in str(error)
