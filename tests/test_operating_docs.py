"""What an operator can meet is in the books: every finding, reason, state, metric and command."""

import ast
import json
import re
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from cluster.frames import Role
from cluster.settings import PairSettings
from recorder.adapters.registry import PluginStatus
from recorder.budgets import BudgetFigures
from recorder.cli.main import run
from recorder.cli.tree import build_app
from recorder.desk.control import OpenSource
from recorder.model import ItemState
from recorder.records.findings import RunRow, Scope
from recorder.scn.recorder_status import DesktopStatus, ScreenRecorderStatus
from recorder.status import Findings, IngestStatus, ReconciliationStatus, SourceWork
from sim.commands import SIM
from tests.recorder.fake_node import BEGAN_US, LINK_DOWN, TOKEN, FakeNode

ROOT = Path(__file__).parent.parent
OPERATING = (ROOT / "docs/operating.md").read_text("utf-8")
CONTRACT = (ROOT / "docs/cli-json.md").read_text("utf-8")
RAISERS = {"Finding", "AlarmRaised", "Outage", "Failure", "Refusal", "_outage"}
METHODS = {"open", "set"}
POSITION = {"Failure": 1, "Refusal": 1}


def modules():
    for package in ("cluster", "recorder"):
        for path in sorted((ROOT / package).rglob("*.py")):
            yield ast.parse(path.read_text("utf-8"))


def text_of(node):
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def constants(parsed):
    """Names bound to a text at the top of any module."""
    return {
        target.id: text_of(node.value)
        for module in parsed
        for node in module.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name) and text_of(node.value)
    }


def called(call):
    """The name that is called, and whether it is a method of somebody's alarms."""
    if isinstance(call.func, ast.Name):
        return call.func.id in RAISERS, call.func.id
    if isinstance(call.func, ast.Attribute) and call.func.attr in METHODS:
        return "alarms" in ast.unparse(call.func.value), call.func.attr
    return False, ""


def codes_in(module, known):
    for node in ast.walk(module):
        if isinstance(node, ast.Call):
            raises, name = called(node)
            if raises:
                given = [keyword.value for keyword in node.keywords if keyword.arg == "code"]
                place = POSITION.get(name, 0)
                given += node.args[place : place + 1]
                for value in given[:1]:
                    yield text_of(value) or (
                        known.get(value.id) if isinstance(value, ast.Name) else None
                    )
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Tuple):
            if ast.unparse(node.targets[0]).startswith("(code, "):
                yield text_of(node.value.elts[0])
        elif isinstance(node, ast.ClassDef):
            for line in node.body:
                if isinstance(line, ast.Assign) and ast.unparse(line.targets[0]) == "code":
                    yield text_of(line.value)


@cache
def codes():
    parsed = list(modules())
    known = constants(parsed)
    return sorted({code for module in parsed for code in codes_in(module, known) if code})


def rows():
    """First cells of every table row, one word in backquotes each."""
    for line in OPERATING.splitlines():
        if line.startswith("| `"):
            yield from re.findall(r"`([^`]+)`", line.split(" | ")[0])


DOCUMENTED = set(rows())


def test_the_search_for_codes_finds_what_it_should():
    found = codes()
    assert len(found) > 40
    for code in ("peer_dead", "actor_silent", "poll_failing", "buffer_full", "data_center_down",
                 "token_refused", "hook_failed", "truncated", "standby_credentials_failing"):  # fmt: skip
        assert code in found


@pytest.mark.parametrize("code", codes())
def test_every_code_has_a_row_with_cause_and_next_step(code):
    assert code in DOCUMENTED, f"docs/operating.md has no row for {code}"


@pytest.mark.parametrize(
    "word",
    [
        *(role.value for role in Role),
        *(state.value for state in ItemState),
        *(status.value for status in PluginStatus if status is not PluginStatus.ENABLED),
        "running", "degraded", "silent", "standby", "polling", "waiting", "failing",
    ],
)  # fmt: skip
def test_every_role_and_state_is_explained(word):
    assert word in DOCUMENTED


def test_every_setting_of_the_pair_is_in_the_book_of_the_pair():
    timings = (ROOT / "docs/pair.md").read_text("utf-8").partition("## Timings")[2]
    for name in PairSettings.model_fields:
        assert f"`{name}`" in timings, f"docs/pair.md has no row for {name}"


def test_the_one_setting_that_may_differ_between_the_nodes_is_explained():
    (row,) = [line for line in OPERATING.splitlines() if line.startswith("| `pair.priority` |")]
    assert str(PairSettings().priority) in row
    assert "may differ" in row


def commands():
    app = build_app("node")
    for name in app:
        if not name.startswith("-"):
            inner = [other for other in app[name] if not other.startswith("-")]
            yield from (f"tandem {name} {other}" for other in inner)
            if not inner or app[name].default_command is not None:
                yield f"tandem {name}"


@pytest.mark.parametrize("command", list(commands()))
def test_every_command_is_in_both_books(command):
    assert command in DOCUMENTED
    assert f"\n## `{command}`\n" in CONTRACT


def test_no_command_is_described_that_does_not_exist():
    known = set(commands())
    described = {row for row in DOCUMENTED if row.startswith("tandem ")}
    assert {row for row in described if row not in known} == {"tandem failover --without-peer"}
    simulated = {f"tandem sim {name}" for name in SIM if not name.startswith("-")}
    simulated |= {f"tandem sim fault {name}" for name in SIM["fault"] if not name.startswith("-")}
    told = set(re.findall(r"\n## `([^`]+)`\n", CONTRACT))
    assert known <= told <= known | simulated


class Thrifty:
    """A source that tells of its budget."""

    def budget(self):
        return BudgetFigures(used=1, limit=2, per_s=3.0, waits=4, throttled=5)


def test_every_metric_of_a_node_is_explained():
    node = FakeNode(sources={"zoom": OpenSource("zoom", Thrifty())})
    work = {"zoom": SourceWork(downloading=2, queued=1, free_capacity=21)}
    node.change("ingest", IngestStatus, by_source=work)
    run = RunRow("C-1", "zoom", Scope.RECENT, 0, 10, 0, 10)
    ended = {"zoom": replace(run, ended_us=BEGAN_US)}
    counts = {("zoom", "minor", "commit_unfinished"): 1}
    node.board.publish("reconciliation", ReconciliationStatus(True, (run,), ended, counts))
    desktop = DesktopStatus("d-1", ("dyn/ag-1",), "pc", True, False, 1.5, 0.2)
    screens = ScreenRecorderStatus((desktop,), 3, 1, 1, 1, 9, 99, 8, 7, 6, 5, 4, 0.2, "")
    node.board.publish("screens", screens)
    client = node.client()
    client.post("/api/recording/cti/v1/nobody")
    page = client.get("/metrics").text
    names = {
        sample.name
        for family in text_string_to_metric_families(page)
        for sample in family.samples
        if sample.name.startswith("tandem_")
    }
    assert names
    assert names <= DOCUMENTED
    assert {name for name in DOCUMENTED if name.startswith("tandem_")} <= names


def test_every_link_within_the_books_leads_somewhere():
    for book in ("operating.md", "cli-json.md"):
        text = (ROOT / "docs" / book).read_text("utf-8")
        for target in re.findall(r"\]\(([^)]+)\)", text):
            name, _, anchor = target.partition("#")
            path = ROOT / "docs" / (name or book)
            assert path.exists(), target
            if anchor:
                heads = re.findall(r"^#+ (.+)$", path.read_text("utf-8"), re.MULTILINE)
                slugs = {
                    re.sub(r"[^a-z0-9 -]", "", head.lower()).replace(" ", "-") for head in heads
                }
                assert anchor in slugs, target


def example(command):
    section = CONTRACT.split(f"\n## `{command}`\n")[1].split("\n## ")[0]
    return json.loads(section.split("```json\n")[1].split("```")[0])


def paths(value, prefix=""):
    """Every key path of a document; lists count as their entries."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield f"{prefix}.{key}"
            yield from paths(item, f"{prefix}.{key}")
    elif isinstance(value, list):
        for item in value:
            yield from paths(item, f"{prefix}[]")


@pytest.fixture
def node():
    node = FakeNode()
    node.archive_one("i1")
    node.fail_one("i2", retry_at_us=BEGAN_US, parked=True)
    node.fail_one("i3")
    node.history((BEGAN_US, "alpha", "candidate", "primary", 7, "the lease is free"))
    node.board.publish("findings", Findings((LINK_DOWN,)))
    return node


@pytest.mark.parametrize(
    "arguments",
    [
        "node list",
        "node history",
        "health",
        "agent list",
        "source list",
        "source rewind zoom --to 1970-01-01T00:00:09Z",
        "item list",
        "item retry zoom i2 nobody",
        "contact list",
        "contact show session-i1",
    ],
)
def test_what_a_command_prints_is_what_the_contract_says(node, arguments, capsys, monkeypatch):
    monkeypatch.setenv("TANDEM_TOKEN", TOKEN)
    words = arguments.split()
    command = "tandem " + " ".join(words[: 1 if words[0] == "health" else 2])
    with node.served() as url:
        run([*words, "--json", "--url", url])
    printed = set(paths(json.loads(capsys.readouterr().out)))
    assert printed
    assert printed <= set(paths(example(command)))


def test_every_example_is_json():
    blocks = re.findall(r"```json\n(.*?)```", CONTRACT, re.DOTALL)
    assert len(blocks) >= 15
    for block in blocks:
        json.loads(block)
