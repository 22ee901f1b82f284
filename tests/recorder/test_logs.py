import json
import logging

import httpx
import pytest
import structlog

from recorder.logs import configure_logs

SIGNED = "https://store.blob.core.windows.net/a?sv=2024&sig=the-signature"


@pytest.fixture(autouse=True)
def _as_before():
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture
def log():
    return structlog.get_logger("recorder.test")


def test_json_logs_are_one_document_a_line(capsys, log):
    configure_logs("info", "json", node="alpha")
    log.info("role_changed", new="primary", reason='a "quoted"\nreason')
    logging.getLogger("other").warning("plain %s", "text")
    first, second = (json.loads(line) for line in capsys.readouterr().err.splitlines())
    assert (first["event"], first["new"], first["node"]) == ("role_changed", "primary", "alpha")
    assert first["reason"] == 'a "quoted"\nreason'
    assert first["level"] == "info"
    assert first["timestamp"].endswith("Z")
    assert (second["event"], second["node"], second["level"]) == ("plain text", "alpha", "warning")


def test_console_logs_are_lines_without_colours_where_no_terminal_is(capsys, log):
    configure_logs("info", "console", node="alpha")
    log.info("role_changed", new="primary")
    line = capsys.readouterr().err
    assert "role_changed" in line
    assert "new=primary" in line
    assert "\x1b" not in line


def test_nothing_goes_to_stdout(capsys, log):
    configure_logs("debug", "json", node="alpha")
    log.error("bad")
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(("level", "lines"), [("debug", 3), ("info", 2), ("error", 1)])
def test_the_level_counts_and_may_change_while_running(capsys, log, level, lines):
    configure_logs("warning", "json", node="alpha")
    configure_logs(level, "json", node="alpha")
    log.debug("d")
    log.info("i")
    log.error("e")
    assert len(capsys.readouterr().err.splitlines()) == lines


@pytest.mark.parametrize("level", ["debug", "info", "warning", "error"])
@pytest.mark.parametrize("form", ["json", "console"])
def test_no_level_shows_a_signed_address(capsys, level, form):
    configure_logs(level, form, node="alpha")
    transport = httpx.MockTransport(lambda _request: httpx.Response(200))
    with httpx.Client(transport=transport, headers={"Authorization": "Bearer tok"}) as client:
        client.get(SIGNED)
    logging.getLogger("httpcore.http11").debug("send_request_headers.started %s", SIGNED)
    said = capsys.readouterr().err
    assert "the-signature" not in said
    assert "Bearer tok" not in said


@pytest.mark.parametrize("form", ["json", "console"])
def test_a_stack_shows_no_local_variables(capsys, log, form):
    configure_logs("info", form, node="alpha")

    def fail():
        token = "local" + "-secret"
        raise ValueError(len(token))

    try:
        fail()
    except ValueError as error:
        log.critical("node_crashed", exc_info=error)
    said = capsys.readouterr().err
    assert "node_crashed" in said
    assert "ValueError: 12" in said
    assert "local-secret" not in said
