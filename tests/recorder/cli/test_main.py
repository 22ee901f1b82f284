from importlib.metadata import EntryPoint

import pytest
from cyclopts import App

from recorder.cli import tree
from recorder.plugins import COMMAND_GROUP

GREET = App(name="greet", help="Says something.")


@GREET.default
def greet() -> int:
    return 5


@pytest.fixture
def plugins(monkeypatch):
    def _plugins(**objects):
        entries = [EntryPoint(name, value, COMMAND_GROUP) for name, value in objects.items()]
        monkeypatch.setattr(tree, "entry_points", lambda group: entries)  # noqa: ARG005

    return _plugins


def test_a_command_joins_by_its_entry_point(bare, plugins):
    plugins(greet="tests.recorder.cli.test_main:GREET")
    assert bare("greet").status == 5
    assert "Says something." in bare("--help").out


def test_a_broken_command_is_named_and_takes_nothing_else_away(bare, plugins):
    plugins(broken="no.such.module:APP", greet="tests.recorder.cli.test_main:GREET")
    ended = bare("greet")
    assert ended.status == 5
    assert "'broken' (no.such.module:APP) cannot be loaded" in ended.err


def test_our_own_commands_do_not_load_those_of_others(bare, plugins):
    plugins(broken="no.such.module:APP")
    assert bare("config", "--help").err == ""


def test_every_command_has_a_help_line_and_takes_json(bare):
    app = tree.build_app("node")
    for words in every_command(app):
        ended = bare(*words, "--help")
        assert ended.status == 0
        assert "--json" in ended.out, words
        assert len(ended.out.splitlines()) > 3


def every_command(app):
    for name in app:
        if name.startswith("-"):
            continue
        inner = [other for other in app[name] if not other.startswith("-")]
        yield from ((name, other) for other in inner) if inner else ((name,),)
