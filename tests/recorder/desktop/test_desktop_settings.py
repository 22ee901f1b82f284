from pathlib import Path

import pytest

from recorder.desktop.settings import ROUTE, load_settings
from recorder.errors import ConfigError

SAMPLE = Path(__file__).parents[3] / "docs/samples/desktop.toml"
PLAIN = """
[desktop]
id = "desk-1"
[desktop.agents]
dynamics = "anna"
webex = "a@example.com"
[nodes]
urls = ["wss://alpha:8440", "ws://127.0.0.1:8441/behind/a/proxy/"]
token = "file:token"
ca_file = "ca.pem"
[spool]
folder = "frames"
"""


@pytest.fixture
def load(tmp_path):
    def load(text=PLAIN, **replaced):
        for old, new in replaced.items():
            assert old in text
            text = text.replace(old, new)
        path = tmp_path / "desktop.toml"
        path.write_text(text)
        return load_settings(path)

    return load


def wrong(load, text):
    with pytest.raises(ConfigError) as refused:
        load(text)
    return str(refused.value)


def test_sample_has_no_fault():
    sample = load_settings(SAMPLE)
    assert len(sample.nodes.urls) == 2
    assert sample.agent_keys == ("dynamics/00000000-0000-0000-0000-0000000000a1",)
    assert sample.open_addresses() == ()


def test_paths_count_from_the_folder_of_the_file(load, tmp_path):
    one = load()
    assert one.spool.folder == tmp_path / "frames"
    assert one.nodes.ca_file == tmp_path / "ca.pem"
    assert one.nodes.token == f"file:{tmp_path / 'token'}"


def test_route_is_added_where_an_address_has_none(load):
    assert load().nodes.urls == (f"wss://alpha:8440{ROUTE}", "ws://127.0.0.1:8441/behind/a/proxy")


def test_agents_are_named_as_nodes_name_them(load):
    assert load().agent_keys == ("dynamics/anna", "webex/a@example.com")


def test_unknown_key_is_named_with_its_path_and_the_nearest(load):
    found = wrong(load, PLAIN + "byte_max = 1\n")
    assert "spool.byte_max: unknown key (did you mean bytes_max?)" in found


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"file:token"', '"hunter2"', "nodes.token: must be a reference"),
        ('"wss://alpha:8440"', '"https://alpha:8440"', "nodes.urls.0: must be"),
        ('"wss://alpha:8440"', '"wss://me:pw@alpha"', "nodes.urls.0: must be an address alone"),
        ('id = "desk-1"', 'id = "desk 1"', "desktop.id:"),
        ('id = "desk-1"', "", "desktop.id: missing"),
        ('folder = "frames"', 'folder = "frames"\nbytes_max = 5', "spool.bytes_max:"),
    ],
)
def test_wrong_value_is_named_with_its_path(load, old, new, said):
    assert old in PLAIN
    found = wrong(load, PLAIN.replace(old, new))
    assert said in found
    assert "hunter2" not in found


def test_file_that_is_no_toml_is_told(load):
    assert "not valid TOML" in wrong(load, "[desktop")


def test_only_other_computers_count_as_open(load):
    one = load(PLAIN.replace("wss://alpha", "ws://alpha"))
    assert one.open_addresses() == (f"ws://alpha:8440{ROUTE}",)
