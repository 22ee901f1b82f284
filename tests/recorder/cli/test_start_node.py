import subprocess
import sys
from pathlib import Path

import pytest

from recorder.cli.errors import CliError
from recorder.cli.start_node import plain_options
from recorder.cli.tree import run_command


@pytest.fixture(autouse=True)
def _bare(monkeypatch):
    monkeypatch.delenv("TANDEM_CONFIG", raising=False)


@pytest.mark.parametrize(
    ("words", "options"),
    [
        ("node run --config a.toml", (Path("a.toml"), False)),
        ("node run --json --config=a.toml", (Path("a.toml"), True)),
        ("node run", (None, False)),
        ("node run --config", None),
        ("node run --config --json", None),
        ("node run --config=", None),
        ("node run --help", None),
        ("node run --colour", None),
        ("node run a.toml", None),
        ("node list --config a.toml", None),
        ("", None),
    ],
)
def test_only_the_plain_start_of_a_node_takes_the_short_way(words, options):
    assert plain_options(words.split()) == options


def test_the_file_may_be_named_by_the_environment(monkeypatch):
    monkeypatch.setenv("TANDEM_CONFIG", "b.toml")
    assert plain_options(["node", "run"]) == (Path("b.toml"), False)
    assert plain_options(["node", "run", "--config", "a.toml"]) == (Path("a.toml"), False)


def test_both_ways_refuse_in_the_same_words(bare, tmp_path):
    missing = tmp_path / "none.toml"
    short = bare("node", "run", "--config", missing)
    with pytest.raises(CliError) as long:
        run_command(["node", "run", "--config", str(missing)])
    assert (short.status, long.value.code) == (2, 2)
    assert str(long.value) in short.err


def test_a_node_carries_no_libraries_of_the_command_line():
    code = (
        "import sys; from recorder.cli.main import run;"
        "run(['node', 'run', '--config', '/nowhere.toml']);"
        "print(sorted(set(sys.modules) & {'cyclopts', 'recorder.cli.tree', 'recorder.cli.client'}))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert ended.stdout.strip() == "[]"


@pytest.mark.parametrize("option", ["--no-such", "--config"])
def test_a_wrong_option_is_told_as_everywhere_else(bare, option):
    ended = bare("node", "run", option)
    assert ended.status == 2
    assert option in ended.err
