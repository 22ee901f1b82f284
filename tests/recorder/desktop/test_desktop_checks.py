"""What `tandem agent-desktop --check` says of a token that is not there."""

from recorder.desktop.checks import findings_of
from recorder.desktop.settings import load_settings

TEXT = """
[desktop]
id = "desk-1"
[desktop.agents]
dynamics = "anna"
[nodes]
urls = ["wss://alpha:8440"]
token = "env:TANDEM_NO_SUCH_TOKEN"
[spool]
folder = "frames"
"""


def test_a_token_that_is_not_in_the_environment_is_told_in_two_sentences(tmp_path, monkeypatch):
    monkeypatch.delenv("TANDEM_NO_SUCH_TOKEN", raising=False)
    path = tmp_path / "desktop.toml"
    path.write_text(TEXT)
    token = findings_of(load_settings(path))[0]
    assert (token.what, token.good) == ("nodes.token", False)
    assert "no such environment variable. Set TANDEM_NO_SUCH_TOKEN in the environment" in token.text
    assert "of the node" not in token.text
