"""A small story of three behaviours, told on any runtime: timers, messages, jobs, a question.

A metronome beats five times; each beat goes to a calculator, which squares it in a job (the fourth
fails); the results go to a ledger, which answers a question once it holds five.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any, assert_never

from cluster.ports import Address, Done, Failed, Outcome

BEATS = 5


@dataclass(frozen=True, slots=True)
class BeatDue:
    number: int


@dataclass(frozen=True, slots=True)
class Square:
    number: int


@dataclass(frozen=True, slots=True)
class SquareEnded:
    number: int
    outcome: Outcome[int]


@dataclass(frozen=True, slots=True)
class Entry:
    number: int
    text: str


@dataclass(frozen=True, slots=True)
class WhatHappened:
    reply_to: Address[tuple[Entry, ...]]


def square(number: int) -> int:
    if number == 4:
        raise OSError("four is out of order")
    return number * number


class Metronome:
    def __init__(self, *, clock, own, calculator, notes):
        self._clock, self._own, self._calculator, self._notes = clock, own, calculator, notes

    def on_start(self):
        self._notes.append("metronome starts")
        self._clock.call_later(30.0, self._own, BeatDue(99)).cancel()
        self._clock.call_later(0.005, self._own, BeatDue(1))

    def on_message(self, message):
        match message:
            case BeatDue(number):
                self._notes.append(f"beat {number}")
                self._calculator.tell(Square(number))
                if number < BEATS:
                    self._clock.call_later(0.005, self._own, BeatDue(number + 1))
            case _:
                assert_never(message)

    def on_stop(self):
        self._notes.append("metronome stops")


class Calculator:
    def __init__(self, *, workers, own, ledger, notes):
        self._workers, self._own, self._ledger, self._notes = workers, own, ledger, notes

    def on_start(self):
        self._notes.append("calculator starts")

    def on_message(self, message):
        match message:
            case Square(number):
                self._workers.submit(
                    partial(square, number), self._own, partial(SquareEnded, number)
                )
            case SquareEnded(number, Done(value)):
                self._ledger.tell(Entry(number, f"{number}² = {value}"))
            case SquareEnded(number, Failed(error)):
                self._ledger.tell(Entry(number, f"{number}: {error}"))
            case _:
                assert_never(message)

    def on_stop(self):
        self._notes.append("calculator stops")


class Ledger:
    def __init__(self, *, notes):
        self._notes = notes
        self._entries: list[Entry] = []
        self._asked: list[Address[Any]] = []

    def on_start(self):
        self._notes.append("ledger starts")

    def on_message(self, message):
        match message:
            case Entry():
                self._notes.append(message.text)
                self._entries.append(message)
            case WhatHappened(reply_to):
                self._asked.append(reply_to)
            case _:
                assert_never(message)
        if len(self._entries) == BEATS:
            for reply_to in self._asked:
                reply_to.tell(tuple(self._entries))
            self._asked.clear()

    def on_stop(self):
        self._notes.append("ledger stops")


def tell_story(host):
    """Run the story on `host`; returns everything an observer saw."""
    runtime, notes = host.runtime, {"metronome": [], "calculator": [], "ledger": []}
    addresses = {name: runtime.reserve(name) for name in notes}
    behaviours = {
        "metronome": Metronome(
            clock=host.clock,
            own=addresses["metronome"],
            calculator=addresses["calculator"],
            notes=notes["metronome"],
        ),
        "calculator": Calculator(
            workers=host.workers(),
            own=addresses["calculator"],
            ledger=addresses["ledger"],
            notes=notes["calculator"],
        ),
        "ledger": Ledger(notes=notes["ledger"]),
    }
    for name, behaviour in behaviours.items():
        runtime.start(addresses[name], behaviour)
    answer = runtime.ask(addresses["ledger"], WhatHappened, 20)
    for name in notes:
        runtime.stop(addresses[name])
        addresses[name].tell("into the void")
    return {
        "answer": answer,
        "notes": notes,
        "dead letters": runtime.dead_letters(),
        "crashes": host.crashes,
        "mailboxes": dict(runtime.mailbox_depths()),
    }
