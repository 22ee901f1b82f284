"""Named tokens in a configuration."""

import pytest

from recorder.config import load_config
from recorder.errors import ConfigError
from tests.recorder.test_config import GOOD

BI = "[web.tokens.bi]\ntoken = 'file:bi'\nroles = ['das', 'replay']\n"


@pytest.fixture
def load(tmp_path):
    def _load(text):
        path = tmp_path / "node.toml"
        path.write_text(GOOD + text, encoding="utf-8")
        return load_config(path)

    return _load


def test_a_token_has_a_name_and_roles_and_its_file_counts_from_the_configuration(load, tmp_path):
    token = load(BI).web.tokens["bi"]
    assert token.token == f"file:{tmp_path}/bi"
    assert token.roles == ("das", "replay")


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("[web.tokens.bi]\ntoken = 'hunter2'\nroles = ['das']", "web.tokens.bi.token"),
        ("[web.tokens.bi]\ntoken = 'env:X'\nroles = []", "web.tokens.bi.roles"),
        ("[web.tokens.bi]\ntoken = 'env:X'\nroles = ['root']", "web.tokens.bi.roles"),
        ("[web.tokens.bi]\nroles = ['das']", "web.tokens.bi.token"),
        ("[web.tokens.Bi]\ntoken = 'env:X'\nroles = ['das']", "web.tokens.Bi"),
        ("[web.tokens.admin]\ntoken = 'env:X'\nroles = ['das']", "web.tokens.admin"),
        (
            "[web.tokens.bi]\ntoken = 'env:X'\nroles = ['das']\nshared = true",
            "web.tokens.bi.shared",
        ),
        ("[web.tokens.system]\ntoken = 'env:X'\nroles = ['das']", "web.tokens.system"),
    ],
)
def test_what_is_wrong_with_a_token_is_named_by_its_path(load, text, path):
    with pytest.raises(ConfigError) as caught:
        load(text)
    assert path in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_a_named_token_is_enough_for_an_address_that_others_reach(load):
    assert load(f"[web]\nlisten = '0.0.0.0:8440'\n{BI}").web.token is None
