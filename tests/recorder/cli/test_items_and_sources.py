import pytest

from cluster.frames import Role
from cluster.status import PairStatus
from recorder.budgets import BudgetFigures
from recorder.desk.control import OpenSource, SourceProblem
from recorder.messages import Rewind
from recorder.model import Window
from recorder.status import SourceStatus
from tests.recorder.fake_node import BEGAN_US, TOKEN, FakeNode


class Thrifty:
    def budget(self):
        return BudgetFigures(used=41, limit=400, per_s=300.0, waits=2, throttled=1, quiet_s=90.0)


def test_items_are_listed_newest_change_first(tandem, node):
    node.archive_one("i1")
    node.fail_one("i2", parked=True)
    ended = tandem("item", "list")
    assert ended.status == 0
    assert ended.lines[0].split() == [
        "Source",
        "Item",
        "State",
        "Try",
        "Changed",
        "(UTC)",
        "Reason",
    ]
    found = {line.split()[1]: line.split()[2] for line in ended.lines[1:]}
    assert found == {"i1": "archived", "i2": "parked"}
    assert "truncated: 5 of 9 bytes" in ended.out


def test_items_are_chosen_by_state(tandem, node):
    node.archive_one("i1")
    node.fail_one("i2")
    node.fail_one("i3", parked=True)

    def keys(*options):
        return sorted(
            row["item"] for row in tandem("item", "list", "--json", *options).json["items"]
        )

    assert keys() == ["i1", "i2", "i3"]
    assert keys("--failed") == ["i2", "i3"]
    assert keys("--state", "archived", "--state", "parked") == ["i1", "i3"]
    assert keys("--source", "zoom") == ["i1", "i2", "i3"]


@pytest.mark.parametrize(
    ("option", "value", "status"), [("--source", "crm", 4), ("--state", "fialed", 2)]
)
def test_a_misspelt_filter_is_told_instead_of_an_empty_list(tandem, option, value, status):
    ended = tandem("item", "list", option, value)
    assert (ended.status, ended.out) == (status, "")
    assert f"'{value}'" in ended.err


def test_the_next_page_is_told_on_stderr(tandem, node):
    for number in range(3):
        node.fail_one(f"i{number}")
    ended = tandem("item", "list", "--limit", "2")
    assert len(ended.lines) == 3
    assert ended.err.startswith("more: --after ")
    cursor = ended.err.split()[-1]
    assert len(tandem("item", "list", "--after", cursor).lines) == 2


def test_why_tells_the_whole_story(tandem, node):
    row = node.archive_one("i1")
    ended = tandem("item", "why", "i1")
    assert ended.lines[0] == "zoom i1: ARCHIVED"
    assert f"contact {row.contact_id}" in ended.out
    assert ended.lines[-2].split() == ["2023-11-14", "22:13:21.000", "alpha", "found", "listed"]
    assert ended.lines[-1].split() == ["2023-11-14", "22:13:22.001", "alpha", "archived", "7"]
    assert [step["what"] for step in tandem("item", "why", "i1", "--json").json[0]["story"]] == [
        "found",
        "archived",
    ]


def test_why_of_a_failed_item_says_why_and_when_next(tandem, node):
    node.fail_one("i2", retry_at_us=BEGAN_US, parked=True)
    out = tandem("item", "why", "i2").out
    assert "FAILED (parked" in out
    assert "because truncated: 5 of 9 bytes" in out
    assert "next try at 2023-11-14T22:13:20Z" in out
    assert "2 tries" in out


def test_failed_items_are_tried_again(tandem, node):
    node.fail_one("i2")
    node.fail_one("i3", parked=True)
    ended = tandem("item", "retry", "zoom", "--failed")
    assert ended.status == 0
    assert ended.lines == ["2 are tried again, 0 are unknown"]
    assert sorted(node.retried()) == ["i2", "i3"]


def test_one_unknown_item_among_others_is_said_and_is_4(tandem, node):
    node.fail_one("i2")
    ended = tandem("item", "retry", "zoom", "i2", "i9", "--json")
    assert ended.status == 4
    assert ended.json == {"retried": ["i2"], "unknown": ["i9"]}


def test_retrying_all_that_failed_when_nothing_failed_is_done(tandem):
    assert tandem("item", "retry", "zoom", "--failed").status == 0


def test_sources_are_listed_with_their_next_step(tandem, node):
    node.change("source:zoom", SourceStatus, last_error="429", next_step="Wait.", state="waiting")
    ended = tandem("source", "list")
    assert ended.status == 0
    assert ended.lines[0] == "As alpha sees them:"
    assert ended.lines[2].split() == [
        *("zoom", "zoom", "waiting", "12s"),
        *("2023-11-14", "22:13", "3", "1", "0"),
    ]
    assert ended.lines[3:] == [" ! zoom: 429", "   → Wait."]
    assert max(len(line) for line in ended.lines) <= 80
    assert tandem("source", "list", "--json").json["sources"][0]["lag_seconds"] == 12.0


def test_a_source_is_listed_with_what_is_covered_and_what_it_cost(tandem, node):
    whole = (Window(BEGAN_US, BEGAN_US + 9),)
    node.change("source:zoom", SourceStatus, coverage=whole)
    assert tandem("source", "list").lines[3:] == ["   zoom: covered since 2023-11-14 22:13"]
    broken = (*whole, Window(BEGAN_US + 20, BEGAN_US + 30))
    node.change("source:zoom", SourceStatus, coverage=broken)
    node.sources["zoom"] = OpenSource("zoom", Thrifty())
    (line,) = tandem("source", "list").lines[3:]
    assert line.startswith("   zoom: covered since 2023-11-14 22:13, 1 gap; 41 of 400 requests in")
    assert line.endswith(" 300 s, 2 put off, 1 throttled, quiet for 1m30s")
    told = tandem("source", "list", "--json").json["sources"][0]
    assert (told["budget"]["used"], len(told["coverage"])) == (41, 2)


def test_a_source_that_did_not_start_is_listed(bare, monkeypatch):
    node = FakeNode(problems=(SourceProblem("crm", "crm", "stopped_by_load_error", "w", "h"),))
    monkeypatch.setenv("TANDEM_TOKEN", TOKEN)
    with node.served() as url:
        ended = bare("source", "list", "--url", url)
    assert ended.lines[2].split()[:4] == ["crm", "crm", "stopped_by_load_error", "?"]


def test_a_source_is_rewound(tandem, node):
    ended = tandem("source", "rewind", "zoom", "--to", "1970-01-01T00:00:09+00:00")
    assert (ended.status, ended.out) == (0, "the watermark is back\n")
    assert node.poller.of(Rewind)[0].to_us == 9_000_000
    answer = tandem("source", "rewind", "zoom", "--to", "1970-01-01T00:00:09Z", "--json").json
    assert answer["status"] == "done"


def test_of_several_nodes_the_primary_is_asked(bare, node, monkeypatch):
    monkeypatch.setenv("TANDEM_TOKEN", TOKEN)
    beta = FakeNode(name="beta")
    beta.change("pair", PairStatus, role=Role.SECONDARY)
    node.fail_one("i2")
    with beta.served() as second, node.served() as first:
        several = f"http://127.0.0.1:1,{second},{first}"
        assert bare("source", "list", "--json", "--url", several).json["node"] == "alpha"
        assert bare("source", "list", "--json", "--url", second).json["node"] == "beta"
        rewind = ("source", "rewind", "zoom", "--to", "1970-01-01T00:00:09Z")
        assert bare(*rewind, "--url", several).status == 0
        assert bare("item", "retry", "zoom", "i2", "--url", several).status == 0
    assert len(node.poller.of(Rewind)) == 1
    assert node.retried() == ["i2"]
    assert beta.poller.messages == []
