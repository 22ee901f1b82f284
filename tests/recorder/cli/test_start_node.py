import os
import subprocess
import sys
from pathlib import Path

import pytest

from cluster.errors import ClusterError
from recorder.cli.errors import CliError
from recorder.cli.start_node import plain_options
from recorder.cli.tree import run_command
from recorder.errors import ConfigError, DataCenterDown, SchemaTooNew


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


@pytest.mark.parametrize(
    ("error", "status", "hint"),
    [
        (ConfigError("node.data: no such folder", hint="Make it."), 2, "Make it."),
        (SchemaTooNew("the schema is newer", hint="Install 2.0."), 2, "Install 2.0."),
        (DataCenterDown("it is away", hint="Look there."), 1, "Look there."),
        (ClusterError("cannot use the TLS files", hint="Make them."), 1, "Make them."),
        (OSError(28, "No space left on device"), 1, "No space left on device"),
    ],
)
def test_a_start_that_fails_says_why_and_what_to_do(error, status, hint, bare, monkeypatch):
    def fails(_path, **_options):
        raise error

    monkeypatch.setattr("recorder.daemon.run_node", fails)
    ended = bare("node", "run", "--config", "a.toml")
    assert ended.status == status
    assert ended.err.startswith("tandem: ")
    assert str(error.args[0]) in ended.err or error.strerror in ended.err
    assert hint in ended.err
    assert ended.out == ""


def test_the_exit_status_of_a_node_is_that_of_the_command(bare, monkeypatch):
    monkeypatch.setattr("recorder.daemon.run_node", lambda _path, **_options: 0)
    assert bare("node", "run", "--config", "a.toml").status == 0


def test_logs_are_json_when_that_is_wanted_whatever_the_file_says(bare, monkeypatch):
    monkeypatch.delenv("TANDEM__LOG__FORMAT", raising=False)
    seen = []
    monkeypatch.setattr(
        "recorder.daemon.run_node",
        lambda path, *, trace: (
            seen.append((path, os.environ.get("TANDEM__LOG__FORMAT"), trace)) or 0
        ),
    )
    bare("node", "run", "--config", "a.toml")
    monkeypatch.setenv("TANDEM__LOG__FORMAT", "console")
    bare("node", "run", "--config=a.toml", "--json")
    assert seen == [(Path("a.toml"), None, None), (Path("a.toml"), "json", None)]


def test_a_trace_is_written_where_it_is_wanted(bare, monkeypatch):
    seen = []
    monkeypatch.setattr("recorder.daemon.run_node", lambda _path, *, trace: seen.append(trace) or 0)
    bare("node", "run", "--config", "a.toml", "--trace", "a.trace")
    assert seen == [Path("a.trace")]
