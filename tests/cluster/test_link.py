from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from cluster.errors import NodeIdTaken
from cluster.frames import (
    Goodbye,
    HandOverAbort,
    HandOverAccept,
    HandOverCommit,
    HandOverOffer,
    HandOverPlease,
    HandOverRefuse,
    Heartbeat,
    Hello,
    JobAnswer,
    JobCancel,
    JobDone,
    JobFailed,
    JobOffer,
    JobProgress,
    Mark,
    MarksMoved,
    Refusal,
    Role,
)
from cluster.links.wire import encode
from cluster.messages import (
    BeatDue,
    DescribeSelf,
    HintsHeard,
    MarksHeard,
    PeerGone,
    PeerRejected,
    PeerSaid,
    PeerUp,
    Ping,
    Pong,
    RedialDue,
    SendFrame,
    StopLink,
)
from cluster.ports import Closed, DialFailed, Endpoint, PeerSeen, Received
from cluster.work_messages import PeerJobFrame
from tests.cluster.link_node import THERE, Node
from tests.cluster.links.test_handshake import PEER
from tests.cluster.mailbox import Mailbox

S = 1_000_000_000
MARKS = {"crm": Mark(1, 2)}


@pytest.fixture
def node():
    return Node()


def beats(wire):
    return [frame for frame in wire.frames if isinstance(frame, Heartbeat)]


def test_a_started_link_listens_announces_and_dials(node):
    assert node.discovery.state == "started"
    assert node.transport.dialled == [THERE]
    assert node.timers(BeatDue) == [1.0]
    assert not node.status().connected


def test_hello_is_the_first_word_on_every_connection_and_tells_the_bound_port(node):
    node.tell(DescribeSelf(term=4, role=Role.SECONDARY, paused=True, marks=MARKS))
    answered = node.open(inbound=True)
    assert answered.frames == []
    node.hear(answered, PEER)
    for wire in (answered, node.open()):
        assert len(wire.frames) == 1
        hello = wire.frames[0]
        assert isinstance(hello, Hello)
        assert (hello.node, hello.listen_port, hello.boot) == ("a", 7500, "ba")
        assert (hello.term, hello.role, hello.paused) == (4, Role.SECONDARY, True)
        assert hello.marks == MARKS


def test_the_pair_and_the_duties_hear_of_the_peer(node):
    wire = node.open()
    node.hear(wire, replace(PEER, marks=MARKS))
    assert node.pair.messages == [PeerUp(replace(PEER, marks=MARKS), restarted=False)]
    assert [duty.messages for duty in node.duties] == [[MarksHeard(MARKS)]] * 2
    assert node.status().connected
    assert node.status().node == "b"
    assert node.status().endpoint == str(THERE)


JOB_FRAMES = [
    JobOffer("c", "k", b"b", 1),
    JobAnswer("c", True, 1),
    JobProgress("c", 5),
    JobDone("c", "k", 5, b"b", 1),
    JobFailed("c", "k", b"b", 1),
    JobCancel("c"),
]
BEAT = Heartbeat(1, Role.PRIMARY, True, (), True, 3, {}, 1, 0, 0)
PAIR_FRAMES = [
    BEAT,
    HandOverPlease("x"),
    HandOverOffer(1, {}),
    HandOverAccept(1),
    HandOverRefuse(1, "x"),
    HandOverCommit(2, {}, True),
    HandOverAbort(1, "x"),
]


@pytest.mark.parametrize("frame", JOB_FRAMES, ids=lambda frame: type(frame).__name__)
def test_frames_about_jobs_go_to_the_distributor_only(node, frame):
    wire = node.up()
    before = node.pair.messages
    node.hear(wire, frame)
    assert node.distributor.messages == [PeerJobFrame(frame)]
    assert node.pair.messages == before


@pytest.mark.parametrize("frame", PAIR_FRAMES, ids=lambda frame: type(frame).__name__)
def test_all_other_frames_go_to_the_pair_with_their_instant(node, frame):
    wire = node.up()
    node.hear(wire, frame)
    assert node.pair.messages[-1] == PeerSaid(frame, 50 * S)
    assert node.distributor.messages == []


@pytest.mark.parametrize(
    "frame",
    [MarksMoved(MARKS), replace(BEAT, marks=MARKS), HandOverOffer(1, MARKS), HandOverCommit(2, MARKS, True)],
    ids=lambda frame: type(frame).__name__,
)  # fmt: skip
def test_marks_reach_every_duty_in_whatever_frame_they_come(node, frame):
    wire = node.up()
    node.hear(wire, frame)
    assert [duty.messages for duty in node.duties] == [[MarksHeard(MARKS)]] * 2
    assert node.pair.messages[-1] == PeerSaid(frame, 50 * S)


def test_a_hint_reaches_every_duty_once_however_often_it_is_said(node):
    wire = node.up()
    for seq in (1, 2):
        node.hear(wire, replace(BEAT, seq=seq, hints={"crm": 1}))
    assert [duty.messages for duty in node.duties] == [[HintsHeard(("crm",))]] * 2


def test_a_hint_is_sent_at_once(node):
    wire = node.up()
    node.work()
    node.tell(DescribeSelf(hints={"crm": 1}, at_once=True))
    assert wire.frames[-1].hints == {"crm": 1}


def test_frames_are_sent_while_connected_and_forgotten_otherwise(node):
    node.tell(SendFrame(JobCancel("lost")))
    wire = node.up()
    node.tell(SendFrame(JobCancel("sent")))
    assert wire.frames[-1] == JobCancel("sent")
    assert JobCancel("lost") not in wire.frames


def test_no_beat_without_proof_of_work(node):
    wire = node.up()
    node.tell(BeatDue())
    node.tell(DescribeSelf(term=2, at_once=True))
    assert beats(wire) == []
    node.work()
    node.tell(BeatDue())
    assert len(beats(wire)) == 1


def test_beats_stop_when_the_proof_of_work_is_too_old_and_the_log_says_so_once(node):
    wire = node.up()
    node.work()
    with capture_logs() as logs:
        for _ in range(9):
            node.clock.now_ns += S
            node.tell(BeatDue())
    assert len(beats(wire)) == 4
    assert [log["event"] for log in logs if log["log_level"] == "error"] == ["heartbeat_withheld"]


def test_a_beat_goes_out_at_once_when_asked_or_when_health_changes(node):
    node.work()
    wire = node.up()
    assert len(beats(wire)) == 1, "at once when the link comes up"
    node.tell(DescribeSelf(free_capacity=9))
    assert len(beats(wire)) == 1
    node.tell(DescribeSelf(role=Role.PRIMARY, at_once=True))
    node.work()
    assert len(beats(wire)) == 2
    node.work(healthy=False, problems=("disk",))
    last = beats(wire)[-1]
    assert (last.role, last.free_capacity, last.healthy) == (Role.PRIMARY, 9, False)
    assert last.problems == ("disk",)


def test_every_beat_plans_the_next_one(node):
    node.tell(BeatDue())
    assert node.timers(BeatDue) == [1.0, 1.0]


def test_facts_merge_by_name_and_marks_never_go_back(node):
    wire = node.up()
    node.work()
    node.tell(DescribeSelf(marks={"x": Mark(1, 5)}, figures={"lag": 1.0, "queue": 2.0}))
    node.tell(DescribeSelf(marks={"y": Mark(1, 1), "x": Mark(1, 4)}, figures={"lag": 3.0}))
    node.tell(DescribeSelf(figures={"queue": float("nan")}, at_once=True))
    assert beats(wire)[-1].marks == {"x": Mark(1, 5), "y": Mark(1, 1)}
    assert beats(wire)[-1].figures == {"lag": 3.0}


def test_long_reports_of_problems_do_not_silence_the_heartbeat(node):
    wire = node.up()
    node.work(problems=("x" * 10_000,) * 5000)
    node.tell(BeatDue())
    assert len(beats(wire)[-1].problems) == 20


def test_beats_echo_what_was_heard_and_measure_the_round_trip(node):
    node.work()
    wire = node.up()
    sent = beats(wire)[-1]
    node.clock.now_ns += 30_000_000
    node.hear(wire, replace(BEAT, seq=8, echo_seq=sent.seq, echo_age_ms=10))
    assert node.status().round_trip_ms == pytest.approx(20.0)
    assert node.status().last_beat.seq == 8
    node.clock.now_ns += 500_000_000
    node.tell(BeatDue())
    assert (beats(wire)[-1].echo_seq, beats(wire)[-1].echo_age_ms) == (8, 500)


def test_an_older_beat_arriving_late_does_not_turn_the_echo_back(node):
    node.work()
    wire = node.up()
    node.hear(wire, replace(BEAT, seq=8), replace(BEAT, seq=7))
    node.tell(BeatDue())
    assert beats(wire)[-1].echo_seq == 8


def test_an_echo_of_a_beat_never_sent_ends_the_connection(node):
    wire = node.up()
    node.hear(wire, replace(BEAT, echo_seq=99))
    assert wire.reason == "it echoes a beat never sent"
    assert isinstance(node.pair.messages[-1], PeerGone)


def test_after_a_restart_of_the_peer_its_beats_count_from_one(node):
    node.work()
    wire = node.up()
    node.hear(wire, replace(BEAT, seq=80))
    again = node.open(inbound=True)
    node.hear(again, replace(PEER, boot="b2"))
    assert beats(again)[-1].echo_seq == 0
    node.hear(again, replace(BEAT, seq=1))
    node.tell(BeatDue())
    assert beats(again)[-1].echo_seq == 1


@pytest.mark.parametrize("junk", [b"GET / HTTP/1.1\r\n\r\n", b"\0\0\0\1\xc1", b"\xff" * 64])
def test_bytes_that_are_no_frame_close_the_connection_and_change_nothing(node, junk):
    wire = node.open(inbound=True)
    with capture_logs() as logs:
        node.tell(Received(wire, junk))
    node.tell(Received(wire, encode(PEER)))
    assert "not a valid frame" in wire.reason
    assert node.pair.messages == []
    assert [log["event"] for log in logs] == ["peer_misbehaved"]


def test_a_frame_before_hello_closes_the_connection_and_is_not_delivered(node):
    wire = node.open(inbound=True)
    node.hear(wire, JobOffer("c", "k", b"", 1), PEER)
    assert wire.reason == "JobOffer before hello"
    assert node.pair.messages == node.distributor.messages == []


def test_a_rejected_hello_is_told_to_the_pair(node):
    wire = node.open(inbound=True)
    node.hear(wire, replace(PEER, node="a"))
    assert wire.reason.startswith("rejected")
    assert isinstance(node.pair.messages[0], PeerRejected)


def test_a_clone_of_the_peer_is_told_why_before_its_connection_is_closed(node):
    node.up()
    wire = node.open(inbound=True)
    node.hear(wire, replace(PEER, instance="copy", boot="clone"))
    assert isinstance(wire.frames[-1], Refusal)
    assert wire.reason.startswith("rejected: another installation")


@pytest.mark.parametrize("greets", [True, False])
def test_a_stranger_that_dials_in_cannot_end_the_node_by_a_refusal(node, greets):
    wire = node.open(inbound=True)
    node.hear(wire, *([replace(PEER, boot="f" * 32)] if greets else []), Refusal("says so"))
    assert wire.reason.startswith("Refusal")
    assert node.open(inbound=True).reason is None


def test_a_node_whose_id_is_taken_fails_with_the_next_step(node):
    wire = node.open()
    with pytest.raises(NodeIdTaken, match="another installation") as raised:
        node.hear(wire, Refusal("another installation with node id a is connected already"))
    assert "own node.id" in raised.value.hint


def test_a_broken_link_is_told_and_redialled_and_a_failed_dial_repeated(node):
    wire = node.up()
    node.tell(Closed(wire, "reset"))
    assert node.pair.messages[-1] == PeerGone("reset")
    assert not node.status().connected
    assert node.transport.dialled == [THERE, THERE]
    node.tell(DialFailed(THERE, refused=True, reason="refused"))
    assert node.timers(RedialDue) == [0.1]
    node.tell(RedialDue())
    assert node.transport.dialled == [THERE] * 3


def test_discovery_is_followed_only_without_a_fixed_address():
    elsewhere = Endpoint("192.0.2.77", 1)
    with_address, without = Node(), Node(fixed=None)
    for node in (with_address, without):
        node.tell(PeerSeen("b", elsewhere))
    assert with_address.transport.dialled == [THERE]
    assert without.transport.dialled == [elsewhere]


def test_a_frame_too_large_for_the_peer_is_logged_and_dropped(node):
    wire = node.up()
    with capture_logs() as logs:
        node.tell(SendFrame(JobOffer("c", "k", b"x" * 2_000_000, 1)))
    assert [log["event"] for log in logs] == ["frame_not_sent"]
    assert len(wire.frames) == 1


def test_a_stopping_link_says_goodbye_last_and_closes(node):
    node.tell(DescribeSelf(term=6))
    wire = node.up()
    node.tell(StopLink("upgrade"))
    node.tell(SendFrame(JobCancel("late")))
    node.tell(BeatDue())
    assert wire.frames[-1] == Goodbye(6, "upgrade")
    assert wire.reason == "upgrade"
    assert node.timers(RedialDue) == []
    node.link.on_stop()
    assert node.discovery.state == "stopped"
    assert node.transport.stopped
    assert node.open(inbound=True).reason == "this node is stopping"


def test_a_link_answers_a_ping(node):
    reply = Mailbox()
    node.tell(Ping(3, reply))
    assert reply.messages == [Pong("link", 3)]
