"""The table of a source that people begin with: a sample of every shipped kind, and those in the books."""

import re
import tomllib
from pathlib import Path

import pytest

from recorder.adapters.registry import LoadProblem, PluginRegistry, setting_faults
from recorder.source_check import check_config

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "docs/samples/sources"
LOADED = PluginRegistry().load()
SHIPPED = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["entry-points"]
KINDS = sorted(SHIPPED["tandem.data_source"])


def tables_in_the_books():
    """Every complete table of a source that is shown in a page."""
    for page in sorted((ROOT / "docs").glob("*.md")):
        for block in re.findall(r"(?ms)^ *```toml[^\n]*\n(.*?)^ *```", page.read_text("utf-8")):
            if "[sources." in block and "kind =" in block:
                lines = block.replace("\n   ", "\n")
                for name, table in tomllib.loads(lines.strip())["sources"].items():
                    yield pytest.param(table, id=f"{page.name}:{name}")


def references(value):
    """The names of the variables that a table refers to."""
    return re.findall(r'"env:(\w+)"', value)


@pytest.fixture
def whole(tmp_path, monkeypatch):
    """A node's sample with another source in place of its own, every secret set."""

    def made(kind):
        text = (SAMPLES.parent / "alpha.toml").read_text("utf-8").partition("[sources.")[0]
        text += (SAMPLES / f"{kind}.toml").read_text("utf-8")
        for name in references(text):
            monkeypatch.setenv(name, "a-secret")
        path = tmp_path / "alpha.toml"
        path.write_text(text, "utf-8")
        return path

    return made


def test_every_shipped_kind_has_a_sample():
    assert sorted(path.stem for path in SAMPLES.glob("*.toml")) == KINDS


@pytest.mark.parametrize("kind", KINDS)
def test_a_node_with_the_sample_of_a_source_has_no_fault(kind, whole):
    assert check_config(whole(kind)) == ()


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_sample_only_suggests_is_right_too(kind, whole):
    path = whole(kind)
    suggested = re.sub(r"(?m)^# (\w+ = )", r"\1", path.read_text("utf-8").partition("[sources.")[2])
    table = tomllib.loads(f"[sources.{suggested}")["sources"][kind]
    assert faults(table) == []


@pytest.mark.parametrize("table", [*tables_in_the_books()])
def test_a_table_shown_in_the_books_is_one_that_the_adapter_accepts(table):
    if table["kind"] not in LOADED:
        assert table["kind"] == "tapes"
        return
    assert faults(table) == []


def faults(table):
    plugin = LOADED[table["kind"]]
    assert not isinstance(plugin, LoadProblem)
    given = {key: value for key, value in table.items() if key != "kind"}
    try:
        plugin.settings.model_validate(given)
    except ValueError as error:
        return setting_faults(error)
    return []
