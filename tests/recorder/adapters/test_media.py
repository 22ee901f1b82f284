"""Which media fetcher a node gets."""

import sys

import pytest

from recorder.adapters.media import open_media_fetcher
from recorder.adapters.media_fast import FastMediaFetcher
from recorder.adapters.media_httpx import HttpxMediaFetcher
from recorder.errors import ConfigError


@pytest.mark.parametrize(
    ("choice", "kind"),
    [("auto", FastMediaFetcher), ("fast", FastMediaFetcher), ("httpx", HttpxMediaFetcher)],
)
def test_the_configured_fetcher_is_opened(choice, kind):
    fetcher = open_media_fetcher(choice)
    assert isinstance(fetcher, kind)
    fetcher.close()


def test_without_the_fast_client_auto_means_httpx_and_fast_is_an_error(monkeypatch):
    monkeypatch.setitem(sys.modules, "recorder.adapters.media_fast", None)
    assert isinstance(open_media_fetcher("auto"), HttpxMediaFetcher)
    with pytest.raises(ConfigError, match="not installed") as raised:
        open_media_fetcher("fast")
    assert raised.value.hint


@pytest.mark.parametrize("choice", ["fast", "httpx"])
def test_an_authority_file_that_is_not_there_is_a_config_error(choice, tmp_path):
    with pytest.raises(ConfigError, match=r"ca\.pem"):
        open_media_fetcher(choice, ca_file=str(tmp_path / "ca.pem"))
