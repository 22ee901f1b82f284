"""What of the pages comes from elsewhere: with npm, without it, and without a network."""

import json
import sys

import pytest

from sim import page_setup
from sim.page_setup import PAGES, TAKEN, fetch, npm_program

NPM = """
import pathlib, sys
assert sys.argv[1] == "ci", sys.argv
for place in {places!r}:
    path = pathlib.Path("node_modules", place)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(place)
"""


@pytest.fixture
def pages(tmp_path):
    (tmp_path / "package.json").write_text("{}")
    return tmp_path


def a_program(folder, text):
    path = folder / "npm.py"
    path.write_text(text)
    return (sys.executable, str(path))


def test_what_npm_brings_is_copied(pages):
    npm = a_program(pages, NPM.format(places=tuple(TAKEN.values())))
    assert fetch(pages, npm) == ""
    for name, place in TAKEN.items():
        assert (pages / "vendor" / name).read_text() == place


def test_an_npm_that_fails_is_told_in_one_line(pages):
    npm = a_program(pages, "import sys; print('npm error code ENOTFOUND\\nmore'); sys.exit(1)")
    assert fetch(pages, npm) == "npm error code ENOTFOUND"
    assert not (pages / "vendor").exists()


def test_an_npm_that_is_none_is_told(pages):
    assert "does not start" in fetch(pages, (str(pages / "nothing"),))
    assert fetch(pages, ()) == "there is no npm here"


def test_an_npm_that_hangs_is_given_up(pages, monkeypatch):
    monkeypatch.setattr(page_setup, "_TIMEOUT_S", 0.2)
    npm = a_program(pages, "import signal; signal.pause()")
    assert "did not end" in fetch(pages, npm)


def test_set_up_goes_on_without(pages, monkeypatch, capsys):
    monkeypatch.setattr(page_setup, "PAGES", pages)
    monkeypatch.setattr(page_setup, "fetch", lambda: "no network")
    assert page_setup.main() == 0
    assert capsys.readouterr().out.count("\n") == 1


def test_set_up_asks_nothing_when_all_is_there(pages, monkeypatch):
    (pages / "vendor").mkdir()
    for name in TAKEN:
        (pages / "vendor" / name).touch()
    monkeypatch.setattr(page_setup, "PAGES", pages)
    monkeypatch.setattr(page_setup, "fetch", lambda: pytest.fail("nothing is missing"))
    monkeypatch.setattr(sys, "argv", ["page_setup"])
    assert page_setup.main() == 0


def test_npm_comes_from_the_computer_or_from_python(monkeypatch):
    monkeypatch.setattr("shutil.which", lambda _name: "somewhere/npm")
    assert npm_program() == ("somewhere/npm",)
    monkeypatch.setattr("shutil.which", lambda _name: None)
    assert npm_program()[0] == sys.executable
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    assert npm_program() == ()


def test_one_version_is_locked():
    lock = json.loads((PAGES / "package-lock.json").read_text())
    wanted = json.loads((PAGES / "package.json").read_text())["dependencies"]
    for name, version in wanted.items():
        held = lock["packages"][f"node_modules/{name}"]
        assert held["version"] == version
        assert held["integrity"].startswith("sha512-")
        assert "resolved" not in held
