"""Rows of what actors do, and the file that keeps them."""

import threading
from itertools import count
from pathlib import Path

import pytest

from cluster.adapters.thread_runtime import ThreadRuntime
from cluster.frames import Heartbeat, Mark, MarksMoved, Role
from cluster.messages import PeerSaid, Ping, RoleChanged, SendFrame
from cluster.work_messages import WorkDone
from recorder.adapters.trace_file import TraceFile
from recorder.errors import ConfigError
from recorder.tracing.ports import TracedCalls, failed
from recorder.tracing.rows import TraceHeader, TraceKind, TraceRow, read_trace
from recorder.tracing.tracer import ThreadCause, TracedRuntime, Tracer, traced
from tests.waiting import wait_until


class Relay:
    """Tells the next actor whatever it hears."""

    def __init__(self, following=None):
        self.following = following
        self.heard = []

    def on_start(self):
        pass

    def on_message(self, message):
        self.heard.append(message)
        if self.following is not None:
            self.following.tell(message)

    def on_stop(self):
        pass


@pytest.fixture
def rows():
    return []


@pytest.fixture
def tracer(rows):
    numbers, clock = count(1), count(100)
    return Tracer(
        lane="a",
        now_ns=lambda: next(clock),
        number=lambda: next(numbers),
        cause=ThreadCause(),
        note=rows.append,
    )


def change(term):
    return RoleChanged("a", Role.CANDIDATE, Role.PRIMARY, term, "why", 0)


def test_each_message_an_actor_handles_is_a_row(tracer, rows):
    behaviour = traced(Relay(), "pair", tracer)
    behaviour.on_message(change(3))
    assert [(row.kind, row.what, row.actor, row.lane) for row in rows] == [
        (TraceKind.MESSAGE, "RoleChanged", "pair", "a")
    ]


def test_a_routine_message_is_a_row_only_when_one_follows_from_it(tracer, rows):
    quiet = traced(Relay(), "pair", tracer)
    quiet.on_message(Ping(1, None))
    assert rows == []

    class Saving(Relay):
        def on_message(self, message):
            super().on_message(message)
            tracer.row(TraceKind.CALL, "renew", to="data_center")

    traced(Saving(), "pair", tracer).on_message(Ping(2, None))
    ping, call = rows
    assert (ping.what, call.what, call.cause) == ("Ping", "renew", ping.number)


def test_causes_pass_from_actor_to_actor_on_threads(tracer, rows):
    crashes = []
    runtime = TracedRuntime(ThreadRuntime(on_crash=lambda *crash: crashes.append(crash)), tracer)
    first, second = runtime.reserve("pair"), runtime.reserve("monitor")
    last = Relay()
    runtime.start(second, last)
    runtime.start(first, Relay(second))
    for term in range(1, 6):
        first.tell(change(term))
    wait_until(lambda: len(last.heard) == 5, 5, "the last actor hears everything")
    runtime.stop(first)
    runtime.stop(second)
    by_number = {row.number: row for row in rows}
    handled = [row for row in rows if row.actor == "monitor" and row.kind == TraceKind.MESSAGE]
    assert len(handled) == 5
    for row in handled:
        role = by_number[row.cause]
        assert role.kind == TraceKind.ROLE
        assert by_number[role.cause].actor == "pair"
    assert crashes == []


def test_a_role_an_end_and_a_watermark_are_rows_of_their_own(tracer, rows):
    tracer.told("monitor", change(7))
    tracer.told("distributor", WorkDone("c1", "dynamics/r1@f1", 5, b""))
    tracer.told("link", SendFrame(MarksMoved({"dynamics": Mark(1, 50)})))
    role, done, mark = rows
    assert (role.what, role.data["term"]) == ("primary", 7)
    assert done.data == {"source": "dynamics", "key": "r1", "version": "f1", "claim": "c1"}
    assert (mark.what, mark.data["watermark_us"]) == ("shared", 50)


def test_a_call_is_a_row_when_it_is_over_and_names_an_error_by_its_kind_alone(tracer):
    ended = []

    class Port:
        name = "port"

        def ask(self, number):
            if number > 1:
                raise ValueError("a secret")
            return number

        def items(self):
            return "quiet"

    port = TracedCalls(
        Port(),
        on_end=lambda *what: ended.append(what),
        now_ns=tracer.now_ns,
        outcome_of=failed,
        names=("ask",),
    )
    assert (port.name, port.items(), port.ask(1)) == ("port", "quiet", 1)
    with pytest.raises(ValueError, match="secret"):
        port.ask(2)
    assert [(name, outcome, answer) for name, _, outcome, _, answer in ended] == [
        ("ask", "ok", 1),
        ("ask", "failed: ValueError", None),
    ]


# -- the file ----


def header():
    return TraceHeader("a", "test", 5)


def row(number, **data):
    return TraceRow(number, number, "a", TraceKind.CALL, "renew", data=data)


def test_rows_are_read_back_as_they_were_written(tmp_path):
    path = tmp_path / "a.trace"
    file = TraceFile(path, header)
    for number in range(1, 50):
        file.note(row(number, term=number))
    file.close()
    told, rows = read_trace(path)
    assert told == header()
    assert [*rows] == [row(number, term=number) for number in range(1, 50)]


def test_the_file_is_bounded_and_the_part_before_is_kept(tmp_path):
    path = tmp_path / "a.trace"
    file = TraceFile(path, header, bytes_max=2_000)
    for number in range(1, 200):
        file.note(row(number))
    file.close()
    old = Path(f"{path}.1")
    assert path.stat().st_size <= 2_000 >= old.stat().st_size
    numbers = [one.number for part in (old, path) for one in read_trace(part)[1]]
    assert numbers == [*range(numbers[0], 200)]


def test_a_start_keeps_what_the_process_before_wrote(tmp_path):
    path = tmp_path / "a.trace"
    for number in (1, 2):
        file = TraceFile(path, header)
        file.note(row(number))
        file.close()
    assert [one.number for one in read_trace(Path(f"{path}.1"))[1]] == [1]
    assert [one.number for one in read_trace(path)[1]] == [2]


def test_a_slow_disk_costs_rows_and_no_time(tmp_path, monkeypatch):
    path, held = tmp_path / "a.trace", threading.Event()
    write = TraceFile._write
    monkeypatch.setattr(TraceFile, "_write", lambda *what: held.wait(5) and write(*what))
    file = TraceFile(path, header, rows_waiting_max=10)
    for number in range(1, 100):
        file.note(row(number))
    held.set()
    file.close()
    assert 10 <= len([*read_trace(path)[1]]) <= 12


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    with pytest.raises(ConfigError, match="nowhere"):
        TraceFile(tmp_path / "nowhere" / "a.trace", header)


def test_beats_are_routine(tracer, rows):
    beat = Heartbeat(1, Role.PRIMARY, True, (), True, 3, {}, 1, 0, 0)
    traced(Relay(), "pair", tracer).on_message(PeerSaid(beat, 0))
    assert rows == []
