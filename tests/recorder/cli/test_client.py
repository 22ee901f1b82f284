"""How the command line bears nodes, proxies and addresses that do not behave."""

import http.server
import os
import threading
from contextlib import contextmanager

import pytest

from recorder.cli import watch
from recorder.cli.client import NodeClient
from recorder.cli.errors import CliError, Exit


@contextmanager
def speaking(answer):
    """The address of a server that answers each request with these bytes and hangs up."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.wfile.write(answer)
            self.close_connection = True

        do_POST = do_GET  # noqa: N815

        def log_message(self, *_words):
            """Nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))  # noqa: TID251 - a server
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def head(status, body=b"", length=None):
    size = len(body) if length is None else length
    return f"HTTP/1.1 {status} x\r\nContent-Length: {size}\r\n\r\n".encode() + body


def failed(call):
    with pytest.raises(CliError) as raised:
        call()
    return raised.value


@pytest.mark.parametrize("answer", [b"", b"nonsense\r\n\r\n", head(200, b"{}", length=50)])
def test_a_question_that_breaks_off_may_be_asked_of_another_node(answer):
    with speaking(answer) as broken, speaking(head(200, b'{"node": "beta"}')) as good:
        client = NodeClient([broken, good], None, ca_file=None)
        assert client.get("/health") == {"node": "beta"}


@pytest.mark.parametrize("answer", [b"", b"nonsense\r\n\r\n", head(200, b"{}", length=50)])
def test_a_command_that_breaks_off_has_an_unknown_outcome_and_is_not_given_twice(answer):
    with speaking(answer) as broken, speaking(head(200, b"{}")) as good:
        client = NodeClient([broken, good], None, ca_file=None)
        error = failed(lambda: client.post("/api/v1/pause"))
    assert error.code is Exit.UNKNOWN
    assert broken in str(error)
    assert "tandem node list" in error.hint


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (head(401, b'{"error": {"message": "the token"}}'), Exit.USAGE),
        (head(404, b'{"error": {"message": "none"}}'), Exit.NOT_FOUND),
        (head(409, b'{"error": {"message": "no"}}'), Exit.REFUSED),
        (head(418, b"{}"), Exit.USAGE),
        (head(503, b'{"error": {"message": "away"}}'), Exit.TEMPORARY),
        (head(503, b'{"error": {"message": "?", "status": "unknown"}}'), Exit.UNKNOWN),
        (head(200, b"<html>"), Exit.FAILED),
        (head(200), Exit.FAILED),
        (head(302, b"{}"), Exit.FAILED),
    ],
)
def test_every_answer_has_its_exit_code(answer, code):
    with speaking(answer) as url:
        client = NodeClient([url], None, ca_file=None)
        assert failed(lambda: client.get("/x")).code is code


@pytest.mark.parametrize(
    ("body", "code"), [(b"{}", Exit.UNKNOWN), (b"[1]", Exit.UNKNOWN), (b'{"error": 5}', Exit.UNKNOWN)]
)  # fmt: skip
def test_a_command_that_a_node_broke_over_has_an_unknown_outcome(body, code):
    with speaking(head(500, body)) as url:
        error = failed(lambda: NodeClient([url], None, ca_file=None).post("/x"))
    assert error.code is code
    assert "500" in str(error)


def test_a_hint_that_is_none_is_no_word():
    with speaking(head(409, b'{"error": {"message": "no", "hint": null}}')) as url:
        error = failed(lambda: NodeClient([url], None, ca_file=None).get("/x"))
    assert (str(error), error.hint) == ("no", "")


@pytest.mark.parametrize("url", ["http://[::1", "http://127.0.0.1:port", "http://"])
def test_an_address_that_is_none_is_a_usage_error(url, bare):
    ended = bare("health", "--url", url)
    assert ended.status == Exit.USAGE
    assert "is no address" in ended.err


@pytest.mark.parametrize("token", ["tökén", "two\nlines", "a\x00b", "\ud800"])
def test_a_token_that_fits_no_request_is_a_usage_error_and_is_not_shown(
    token, url, bare, monkeypatch
):
    monkeypatch.setattr("os.environ", {**os.environ, "TANDEM_TOKEN": token})
    ended = bare("item", "list", "--url", url)
    assert ended.status == Exit.USAGE
    assert "TANDEM_TOKEN" in ended.err
    assert token not in ended.err


def test_a_stream_is_taken_from_the_first_node_that_is_there():
    with speaking(head(200, b"audio")) as url:
        client = NodeClient(["http://127.0.0.1:1", url], None, ca_file=None)
        with client.stream("/media") as answer:
            assert answer.read() == b"audio"


def test_a_stream_that_breaks_off_is_told():
    with speaking(head(200, b"aud", length=5)) as url:
        client = NodeClient([url], None, ca_file=None)

        def read():
            with client.stream("/media") as answer:
                answer.read()

        assert failed(read).code is Exit.UNREACHABLE


def test_only_one_node_needs_no_search_for_the_primary():
    client = NodeClient(["http://127.0.0.1:1"], None, ca_file=None)
    assert client.primary_first().urls == client.urls


def test_no_primary_leaves_the_order_as_it_was():
    urls = ["http://127.0.0.1:1", "http://127.0.0.1:2"]
    assert NodeClient(urls, None, ca_file=None).primary_first().urls == tuple(urls)


def test_watching_ends_where_looking_again_cannot_help():
    def look(_again):
        raise CliError("no such thing", Exit.NOT_FOUND)

    assert failed(lambda: watch.watched(0.01, look)).code is Exit.NOT_FOUND
