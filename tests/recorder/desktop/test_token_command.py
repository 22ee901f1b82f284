"""`tandem agent-desktop token`: the token of a computer, from the configuration of a node."""

import json

import pytest

from recorder.cli.main import run
from recorder.scn.desktop_tokens import desktop_token
from tests.recorder.test_config import GOOD

SECRET = "a-secret-that-is-long-enough"
DESKS = f"[web.tokens.desks]\ntoken = 'value:{SECRET}'\nroles = ['desktop']\n"
GUESTS = DESKS.replace("tokens.desks", "tokens.guests").replace(SECRET, SECRET[::-1])
REPLAY = "[web.tokens.coach]\ntoken = 'value:x'\nroles = ['replay']\n"


@pytest.fixture
def ask(tmp_path):
    def _ask(text, *words):
        path = tmp_path / "node.toml"
        path.write_text(GOOD + text, encoding="utf-8")
        return run(["agent-desktop", "token", *words, "--config", str(path)])

    return _ask


def test_the_token_of_a_desktop_is_printed_alone(ask, capsys):
    assert ask(DESKS + REPLAY, "--desktop", "desk-17") == 0
    assert capsys.readouterr().out == desktop_token(SECRET, "desk-17") + "\n"


def test_several_are_lines_of_id_and_token(ask, capsys):
    assert ask(DESKS, "--desktop", "a", "--desktop", "b") == 0
    assert capsys.readouterr().out.splitlines() == [
        f"{one} {desktop_token(SECRET, one)}" for one in ("a", "b")
    ]


def test_json_names_each(ask, capsys):
    assert ask(DESKS, "--desktop", "a", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told == {"tokens": [{"desktop": "a", "token": desktop_token(SECRET, "a")}]}


def test_of_several_secrets_one_must_be_named(ask, capsys):
    assert ask(DESKS + GUESTS, "--desktop", "a") == 2
    assert "--name with one of them: desks, guests" in capsys.readouterr().err
    assert ask(DESKS + GUESTS, "--desktop", "a", "--name", "guests") == 0
    assert capsys.readouterr().out.strip() == desktop_token(SECRET[::-1], "a")


@pytest.mark.parametrize(
    ("text", "words", "said"),
    [
        (REPLAY, ("--desktop", "a"), "no entry of web.tokens has the role desktop"),
        (DESKS, ("--desktop", "a", "--name", "coach"), "It has: desks"),
        (DESKS, ("--desktop", "a b"), "letters, digits"),
        (DESKS, (), "--desktop DESKTOP is missing"),
        (DESKS.replace(SECRET, "short"), ("--desktop", "a"), "openssl rand -hex 32"),
        (
            DESKS.replace(f"value:{SECRET}", "env:TANDEM_NO_SUCH"),
            ("--desktop", "a"),
            "TANDEM_NO_SUCH",
        ),
    ],
)
def test_what_is_wrong_is_said_with_the_next_step(ask, capsys, text, words, said):
    assert ask(text, *words) == 2
    told = capsys.readouterr()
    assert said in told.err
    assert SECRET not in told.out + told.err
