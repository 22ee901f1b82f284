import socket

import pytest

from recorder.adapters import sd_notify
from recorder.adapters.sd_notify import notify


@pytest.fixture(params=["path", "abstract"])
def systemd(request, tmp_path, monkeypatch):
    name = str(tmp_path / "n") if request.param == "path" else f"@tandem-test-{tmp_path.name}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(name if request.param == "path" else "\0" + name[1:])
        listener.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", name)
        yield listener


def test_a_message_is_one_datagram(systemd):
    assert notify("READY=1\nSTATUS=primary, term 7")
    assert systemd.recv(1000) == b"READY=1\nSTATUS=primary, term 7"


def test_without_systemd_nothing_happens(monkeypatch):
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    assert not notify("READY=1")


def test_a_socket_that_is_gone_is_no_error(monkeypatch, tmp_path):
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "gone"))
    assert not notify("READY=1")


def test_a_systemd_that_does_not_read_delays_a_node_for_a_moment_only(systemd, monkeypatch):
    monkeypatch.setattr(sd_notify, "TIMEOUT_S", 0.02)
    sent = 0
    while sent < 100_000 and notify("WATCHDOG=1"):
        sent += 1
    assert 0 < sent < 100_000
    assert not notify("STATUS=crashed in ingester")
    assert systemd.recv(1000) == b"WATCHDOG=1"
    assert notify("READY=1")
