import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.cli.arguments import command_of, normalized


@pytest.mark.parametrize(
    "arguments",
    [
        "--json --url http://h:1 node list",
        "node --json list --url http://h:1",
        "node list --json --url http://h:1",
        "--json node --url http://h:1 list",
    ],
)
def test_global_options_may_stand_anywhere(arguments):
    assert sorted(normalized(arguments.split())) == sorted(
        ["node", "list", "--json", "--url", "http://h:1"]
    )
    assert normalized(arguments.split())[:2] == ["node", "list"]


def test_a_value_in_the_same_word_goes_along():
    assert normalized(["--url=http://h:1", "health"]) == ["health", "--url=http://h:1"]


def test_watch_without_a_number_gets_one():
    assert normalized(["node", "list", "--watch"]) == ["node", "list", "--watch", "2"]
    assert normalized(["node", "list", "--watch", "--json"])[2:4] == ["--watch", "2"]
    assert normalized(["node", "list", "--watch", "0.5"]) == ["node", "list", "--watch", "0.5"]


def test_an_option_that_lacks_its_value_is_left_to_the_parser():
    assert normalized(["node", "list", "--url"]) == ["node", "list", "--url"]


def test_what_follows_two_dashes_is_left_alone():
    assert normalized(["--json", "item", "why", "--", "--json"]) == [
        "item",
        "why",
        "--json",
        "--",
        "--json",
    ]


WORDS = st.sampled_from(
    ["node", "list", "--json", "--url", "x", "--watch", "5", "--yes", "--config", "--url=x"]
)


@given(st.lists(WORDS, max_size=8))
def test_nothing_is_lost_and_twice_is_once(words):
    once = normalized(words)
    assert normalized(once) == once
    added = ["2"] * (len(once) - len(words))
    assert sorted(once) == sorted([*words, *added])


@pytest.mark.parametrize(
    ("arguments", "command"), [("--version", ""), ("node list", "node"), ("-h sim run", "sim")]
)
def test_the_command_is_the_first_word_that_is_no_option(arguments, command):
    assert command_of(arguments.split()) == command
