"""`tandem sim replay --html`: from an incident file to a page."""

import json
import re

import pytest

from sim.commands import SIM
from sim.world.incident import Fault, Incident, read_incident
from sim.world.world import World


@pytest.fixture
def incident(tmp_path):
    path = tmp_path / "incident.json"
    fault = Fault("crash", "alpha", at_s=8, for_s=4)
    path.write_text(Incident(seed=5, minutes=0.25, faults=(fault,)).as_text())
    return path


def replayed(*arguments):
    with pytest.raises(SystemExit) as ended:
        SIM(["replay", *map(str, arguments)])
    return ended.value.code


def data_of(page):
    (text,) = re.findall(r'id="trace">(.*?)</script>', page.read_text(encoding="utf-8"))
    return json.loads(text)


def test_the_page_shows_the_run_that_was_replayed_and_when_its_fault_is_fatal(
    incident, tmp_path, capsys
):
    page, trace = tmp_path / "out.html", tmp_path / "trace.jsonl"
    assert replayed(incident, "--html", page, "--trace", trace, "--heat-runs", 3) in {0, 1, None}
    shown = data_of(page)
    assert shown["report"]["digest"] == World(read_incident(incident)).run().digest
    assert shown["heat"]["runs"] == 3
    said = capsys.readouterr().err
    assert "heat map: run 3 of 3" in said
    assert f"the picture is in {page}" in said
    lines = trace.read_text(encoding="utf-8").splitlines()
    assert [row[0] for row in shown["rows"]] == [json.loads(line)["number"] for line in lines[1:]]


def test_the_heat_map_can_be_left_out(incident, tmp_path, capsys):
    page = tmp_path / "out.html"
    replayed(incident, "--html", page, "--heat-runs", 0)
    assert data_of(page)["heat"] is None
    assert "heat map" not in capsys.readouterr().err
