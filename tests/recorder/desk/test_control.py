from dataclasses import replace

import pytest

from cluster.board import Board
from cluster.errors import ReplyTimeout
from cluster.messages import CommandAnswer, Failover, SetPaused, Switchover
from recorder.budgets import BudgetFigures
from recorder.desk.control import COMMAND_TIMEOUT_S, NodeControl, OpenSource
from recorder.messages import PollNow, RetryItems, Rewind
from recorder.model import ItemRef
from tests.by_hand import HandClock, Inbox

DONE = CommandAnswer("done", "It is so.", "")
REF = ItemRef("crm", "k", "1", 0, "s")


class AskedRuntime:
    """Answers every question at once, or never."""

    def __init__(self, answer=DONE):
        self.answer = answer
        self.asked = []

    def ask(self, address, question, timeout_s):
        self.asked.append((address, question(Inbox("reply")), timeout_s))
        if self.answer is None:
            raise ReplyTimeout("no answer")
        return self.answer


class Bench:
    def __init__(self, answer=DONE):
        self.runtime = AskedRuntime(answer)
        self.pair, self.poller = Inbox("pair"), Inbox("poller:crm")
        self.control = NodeControl(
            node="a",
            cluster="pair",
            boot="boot",
            build="1",
            started_us=0,
            web_url="http://127.0.0.1:1",
            board=Board(),
            clock=HandClock(),
            contact_db=None,
            archive=None,
            runtime=self.runtime,
            pair=self.pair,
            pollers={"crm": self.poller},
            problems=(),
            admin_token=lambda: "hush-hush",
        )

    @property
    def question(self):
        ((address, message, timeout_s),) = self.runtime.asked
        assert timeout_s == COMMAND_TIMEOUT_S
        return address, message


class Telling:
    def __init__(self, told):
        self.told = told

    def budget(self):
        if isinstance(self.told, Exception):
            raise self.told
        return self.told


FIGURES = BudgetFigures(used=1, limit=2, per_s=3.0, waits=4, throttled=5)


@pytest.mark.parametrize(
    ("source", "told"),
    [
        (Telling(FIGURES), FIGURES),
        (Telling(None), None),
        (Telling("nonsense"), None),
        (Telling(ZeroDivisionError()), None),
        (object(), None),
    ],
)
def test_a_budget_is_told_where_an_adapter_can(source, told):
    control = replace(Bench().control, sources={"crm": OpenSource("dynamics", source)})
    assert control.budget("crm") == told
    assert control.budget("other") is None


COMMANDS = [
    (lambda control: control.switchover("b"), Switchover, {"to_node": "b"}),
    (lambda control: control.failover(without_peer=True), Failover, {"without_peer": True}),
    (lambda control: control.set_paused(paused=True), SetPaused, {"paused": True}),
]


@pytest.mark.parametrize(
    ("command", "kind", "fields"), COMMANDS, ids=[kind.__name__ for _, kind, _ in COMMANDS]
)
def test_a_command_is_asked_of_the_pair_and_its_answer_handed_back(command, kind, fields):
    bench = Bench()
    assert command(bench.control) == DONE
    address, message = bench.question
    assert address is bench.pair
    assert isinstance(message, kind)
    assert {name: getattr(message, name) for name in fields} == fields


@pytest.mark.parametrize(
    "command", [*(one for one, _, _ in COMMANDS), lambda control: control.rewind("crm", 5)]
)
def test_without_an_answer_in_time_the_operator_is_told_where_to_look(command):
    answer = command(Bench(None).control)
    assert answer.status == "unknown"
    assert "tandem node list" in answer.hint


def test_a_rewind_is_asked_of_the_poller_of_the_source():
    bench = Bench()
    assert bench.control.rewind("crm", 5) == DONE
    address, message = bench.question
    assert address is bench.poller
    assert isinstance(message, Rewind)
    assert message.to_us == 5


def test_hints_and_retries_are_told_without_waiting():
    bench = Bench()
    bench.control.poll_now("crm")
    bench.control.retry("crm", (REF,))
    assert bench.poller.messages == [PollNow("crm"), RetryItems((REF,))]
    assert bench.runtime.asked == []


@pytest.mark.parametrize(
    "command",
    [
        lambda control: control.rewind("other", 5),
        lambda control: control.poll_now("other"),
        lambda control: control.retry("other", (REF,)),
    ],
)
def test_an_unknown_source_is_a_key_error(command):
    with pytest.raises(KeyError, match="other"):
        command(Bench().control)


def test_the_token_is_not_shown():
    assert "hush" not in repr(Bench().control)
