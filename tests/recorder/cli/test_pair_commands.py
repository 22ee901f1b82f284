import sys

import pytest

from cluster.frames import Role
from cluster.messages import CommandAnswer, Failover, SetPaused, Switchover
from cluster.status import PairStatus, PeerStatus
from recorder.cli import pair_commands
from recorder.cli.errors import CliError, Exit
from tests.recorder.fake_node import heartbeat


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    monkeypatch.setattr(pair_commands, "CONFIRM_TIMEOUT_S", 0.5)
    monkeypatch.setattr(pair_commands, "_LOOK_EVERY_S", 0.02)


@pytest.fixture
def person(monkeypatch, capsys):  # noqa: ARG001 - capsys replaces the streams first
    """Someone at a terminal who types these lines."""

    def types(*lines):
        said = iter(lines)
        monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
        monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
        monkeypatch.setattr(sys.stdin, "readline", lambda: next(said) + "\n", raising=False)

    return types


def test_a_switchover_waits_until_both_nodes_confirm(tandem, node):
    node.obey()
    ended = tandem("switchover", "--yes")
    assert ended.status == 0
    assert ended.lines[0] == "it is done"
    assert "primary beta · term 8" in ended.lines[1]
    assert node.pair.told[0].to_node == "beta", "said by name, so that a second one changes nothing"


def test_a_switchover_as_json_tells_the_pair_afterwards(tandem, node):
    node.obey()
    view = tandem("switchover", "--to", "beta", "--yes", "--json").json
    assert view["status"] == "done"
    assert view["cluster"]["primary"] == "beta"
    assert node.pair.told[0].to_node == "beta"


@pytest.mark.parametrize(
    "pair",
    [
        {"role": Role.SECONDARY, "term": 7},  # beta is in the new term, alpha is not
        {"role": Role.HANDING_OVER, "term": 8},
    ],
)
def test_a_switchover_that_one_node_does_not_confirm_is_unknown(tandem, node, pair):
    def then(_message):
        node.change("pair", PairStatus, **pair)
        node.change("peer", PeerStatus, last_beat=heartbeat(Role.PRIMARY, 8))

    node.pair.then = then
    ended = tandem("switchover", "--yes")
    assert ended.status == 7
    assert "not every node confirmed" in ended.err
    assert "tandem node list" in ended.err


def test_a_switchover_that_changed_nothing_is_unknown(tandem):
    assert tandem("switchover", "--yes").status == 7


def test_a_refused_switchover_is_6_and_says_why(tandem, node):
    node.pair.answer = CommandAnswer("refused", "beta is not healthy", "See the list.")
    ended = tandem("switchover", "--yes")
    assert ended.status == 6
    assert ended.err == "tandem: beta is not healthy\n        See the list.\n"


def test_a_switchover_to_the_primary_is_done_already(tandem, node):
    node.pair.answer = CommandAnswer("already", "alpha is primary in term 7")
    ended = tandem("switchover", "--to", "alpha", "--yes")
    assert ended.status == 0
    assert ended.lines[0] == "alpha is primary in term 7"


def test_an_outcome_that_nobody_told_is_unknown(tandem, node):
    node.pair.answer = None
    ended = tandem("switchover", "--yes")
    assert ended.status == 7
    assert "did not say in time" in ended.err


def test_a_lost_answer_whose_outcome_the_nodes_confirm_is_done(tandem, node):
    node.obey()
    node.pair.answer = None
    ended = tandem("switchover", "--yes")
    assert ended.status == 0
    assert "the nodes confirm it" in ended.lines[0]


def test_nothing_is_asked_without_a_terminal(tandem, node):
    for command in (("switchover",), ("failover",), ("failover", "--without-peer")):
        ended = tandem(*command)
        assert ended.status == 2
        assert "--yes" in ended.err
    assert node.pair.told == []


def test_a_person_sees_the_pair_before_the_question(tandem, node, person):
    node.obey()
    person("y")
    ended = tandem("switchover", "--json")
    assert ended.status == 0
    assert ended.json["cluster"]["primary"] == "beta"
    assert "primary alpha · term 7" in ended.err
    assert "Hand the primary role over to beta? [y/N]" in ended.err


@pytest.mark.parametrize("line", ["", "n", "beta"])
def test_a_person_may_say_no(tandem, node, person, line):
    person(line)
    ended = tandem("switchover")
    assert ended.status == 1
    assert "Nothing was changed" in ended.err
    assert node.pair.told == []


def test_a_failover_waits_until_this_node_is_primary(tandem, node):
    node.obey()
    node.change("pair", PairStatus, role=Role.SECONDARY, peer="dead")
    ended = tandem("failover", "--yes")
    assert ended.status == 0
    assert "primary alpha · term 8" in ended.out
    assert node.pair.told[0] == Failover(False, node.pair.told[0].reply_to)


def test_the_last_resort_wants_the_name_of_the_node_typed(tandem, node, person):
    node.obey()
    node.change("pair", PairStatus, role=Role.SECONDARY, peer="dead")
    person("y")
    ended = tandem("failover", "--without-peer")
    assert ended.status == 1
    assert node.pair.told == []
    person("alpha")
    ended = tandem("failover", "--without-peer")
    assert ended.status == 0
    assert "both would be primary" in ended.err
    assert node.pair.told[0].without_peer


@pytest.mark.parametrize(("command", "paused"), [("pause", True), ("resume", False)])
def test_a_pause_waits_until_both_nodes_know(tandem, node, command, paused):
    node.obey()
    node.change("pair", PairStatus, paused=not paused)
    ended = tandem(command)
    assert ended.status == 0
    assert ("PAUSED" in ended.out) is paused
    assert isinstance(node.pair.told[0], SetPaused)


def test_a_pause_that_the_peer_does_not_confirm_is_unknown(tandem, node):
    node.pair.then = lambda message: node.change("pair", PairStatus, paused=message.paused)
    assert tandem("pause").status == 7


def test_a_silent_peer_learns_of_a_pause_later(tandem, node):
    node.pair.then = lambda message: node.change("pair", PairStatus, paused=message.paused)
    node.change("pair", PairStatus, peer="dead")
    ended = tandem("pause")
    assert ended.status == 0
    assert "beta is silent; it learns of this" in ended.err


def test_a_command_goes_to_one_node_only(tandem, node):
    node.obey()
    tandem("switchover", "--yes")
    assert [type(message) for message in node.pair.told] == [Switchover]


@pytest.fixture
def looks(monkeypatch):
    """What each look at the pair after the command ends with: an error, or the true view."""

    def script(*errors):
        left = list(errors)
        true_look = pair_commands.read_pair

        def look(client):
            error = left.pop(0) if left else None
            if error is not None:
                raise error
            return true_look(client)

        monkeypatch.setattr(pair_commands, "read_pair", look)

    return script


def test_a_node_that_is_away_for_a_moment_is_looked_at_again(tandem, node, looks):
    node.obey()
    away = CliError("No node answers.", Exit.UNREACHABLE)
    busy = CliError("The Data Center is away.", Exit.TEMPORARY)
    looks(None, away, busy)
    ended = tandem("switchover", "--yes")
    assert ended.status == 0
    assert ended.lines[0] == "it is done"


def test_what_looking_again_cannot_mend_ends_the_command_at_once(tandem, node, looks):
    node.obey()
    looks(None, CliError("The admin token is wrong.", Exit.USAGE))
    ended = tandem("switchover", "--yes")
    assert ended.status == 2
    assert "token" in ended.err
    assert len(node.pair.told) == 1
