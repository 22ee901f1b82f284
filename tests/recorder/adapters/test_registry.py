from dataclasses import dataclass
from importlib.metadata import EntryPoint

import pytest
from pydantic import BaseModel

from recorder.adapters.registry import (
    LoadProblem,
    PluginRegistry,
    PluginStatus,
    open_source,
    status_of,
)
from recorder.errors import ConfigError
from recorder.plugins import DATA_SOURCE_GROUP, SourceDeps
from tests.recorder.adapters.dynamics.scripted import FakeClock, FakeSecrets, ScriptedDataverse


@dataclass(frozen=True)
class Given:
    """An entry point whose object is at hand."""

    name: str
    value: str

    def load(self):
        return globals()[self.value]


def entry(name, value):
    return EntryPoint(name, value, DATA_SOURCE_GROUP)


def load(*entries, disabled=frozenset()):
    return PluginRegistry(disabled=disabled, found=lambda: entries).load()


def deps():
    clock = FakeClock()
    return SourceDeps(
        name="crm",
        transport=lambda: ScriptedDataverse(clock),
        clock=clock,
        secrets=FakeSecrets(),
        user_agent="t",
    )


DYNAMICS = entry("dynamics", "recorder.adapters.dynamics:PLUGIN")
GOOD_SETTINGS = {
    "org_url": "https://contoso.crm.dynamics.com",
    "tenant": "contoso.example",
    "client_id": "node-a",
    "client_secret": "env:DYNAMICS",
}


class Settings(BaseModel):
    size: int = 1


class Plugin:
    kind = "good"
    settings = Settings

    def __init__(self, error=None):
        self.error = error

    def open(self, _settings, _deps):
        raise self.error


GOOD = Plugin()


class OtherKind(Plugin):
    kind = "other"


class NoSettings(Plugin):
    settings = dict


class Explosive:
    @property
    def kind(self):
        raise ValueError("boom")


class NoOpen:
    kind = "good"
    settings = Settings


OTHER_KIND, NO_SETTINGS, EXPLOSIVE, NO_OPEN = OtherKind(), NoSettings(), Explosive(), NoOpen()


def plugin(name):
    return Given("good", name)


def test_the_dynamics_adapter_comes_in_by_the_common_door():
    loaded = load(DYNAMICS)["dynamics"]

    assert not isinstance(loaded, LoadProblem)
    assert status_of(loaded) is PluginStatus.ENABLED
    source = open_source(loaded, GOOD_SETTINGS, deps())
    assert not isinstance(source, LoadProblem)
    assert source.name == "crm"


@pytest.mark.parametrize(
    "value",
    [
        "no.such.module:PLUGIN",
        "recorder.adapters.dynamics:NOTHING",
        "this.is:not.there",
        "os:no_such",
    ],
)
def test_a_plugin_that_cannot_be_imported_stops_nobody_else(value):
    loaded = load(entry("broken", value), DYNAMICS)

    assert list(loaded) == ["broken", "dynamics"]
    assert status_of(loaded["broken"]) is PluginStatus.STOPPED_BY_LOAD_ERROR
    assert status_of(loaded["dynamics"]) is PluginStatus.ENABLED
    assert value in loaded["broken"].what
    assert loaded["broken"].hint


def test_a_plugin_that_exits_at_import_stops_nobody_else(tmp_path, monkeypatch):
    (tmp_path / "exits_at_import.py").write_text("raise SystemExit(3)")
    monkeypatch.syspath_prepend(str(tmp_path))

    loaded = load(entry("broken", "exits_at_import:PLUGIN"))

    assert status_of(loaded["broken"]) is PluginStatus.STOPPED_BY_LOAD_ERROR


@pytest.mark.parametrize("name", ["OTHER_KIND", "NO_SETTINGS", "EXPLOSIVE", "NO_OPEN"])
def test_an_object_that_is_no_plugin_fails_its_self_check(name):
    (problem,) = load(plugin(name)).values()

    assert status_of(problem) is PluginStatus.STOPPED_BY_SELF_CHECK


def test_a_disabled_plugin_is_not_even_imported():
    (problem,) = load(entry("x", "no.such:P"), disabled=frozenset({"x"})).values()

    assert status_of(problem) is PluginStatus.DISABLED


def test_a_kind_offered_twice_is_not_guessed():
    (problem,) = load(plugin("GOOD"), plugin("NO_OPEN")).values()

    assert status_of(problem) is PluginStatus.STOPPED_BY_LOAD_ERROR
    assert "GOOD" in problem.what
    assert "NO_OPEN" in problem.what


def test_the_same_entry_seen_twice_is_one():
    (loaded,) = load(plugin("GOOD"), plugin("GOOD")).values()

    assert status_of(loaded) is PluginStatus.ENABLED


def test_wrong_settings_are_named_with_their_path_and_without_their_value():
    loaded = load(DYNAMICS)["dynamics"]
    wrong = GOOD_SETTINGS | {"client_secret": "my-real-secret", "page_sise": 3}
    del wrong["tenant"]

    problem = open_source(loaded, wrong, deps())

    assert status_of(problem) is PluginStatus.STOPPED_BY_CONFIG_ERROR
    assert "sources.crm.tenant: missing" in problem.what
    assert "sources.crm.page_sise: unknown key" in problem.what
    assert "sources.crm.client_secret: must be a reference" in problem.what
    assert "my-real-secret" not in f"{problem}"


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ConfigError("no file", hint="make it"), PluginStatus.STOPPED_BY_CONFIG_ERROR),
        (RuntimeError("secret inside"), PluginStatus.STOPPED_BY_SELF_CHECK),
    ],
)
def test_a_plugin_that_cannot_open_is_a_problem_and_no_exception(error, status):
    problem = open_source(Plugin(error), {}, deps())

    assert status_of(problem) is status
    assert "secret inside" not in problem.what


def test_a_problem_stays_the_same_problem_when_opened():
    (problem,) = load(entry("x", "no.such:P")).values()

    assert open_source(problem, {}, deps()) is problem


def test_installed_entry_points_are_looked_up_by_default():
    assert isinstance(dict(PluginRegistry().load()), dict)
