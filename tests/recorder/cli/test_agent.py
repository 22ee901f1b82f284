"""`tandem agent list`, the route behind it and the metrics."""

from dataclasses import replace

import pytest

from recorder.errors import DataCenterDown
from recorder.model import Party
from recorder.scn.model import ClockOffset, Leg, ScreenPart, ScreenStream, Span, Verdict
from recorder.scn.recorder_status import DesktopStatus, ScreenRecorderStatus
from recorder.scn.ris_status import AgentAtHand, RisStatus
from recorder.web.agent_names import UNKNOWN_NS
from tests.recorder.fake_node import TOKEN, FakeNode
from tests.recorder.fakes import buffered
from tests.recorder.web.test_metrics import scraped

AT = 1_700_000_000_000_000
S = 1_000_000


def leg(call, from_s, to_s=None, verdict=Verdict.KEPT, ended_by="", *, masks=()):
    span = Span(AT + from_s * S, None if to_s is None else AT + to_s * S)
    return Leg("crm/ann", call, span, verdict, ended_by, masks)


def at_hand(*legs, masked=False):
    lasting = sum(one.span.to_us is None for one in legs)
    return AgentAtHand("crm/ann", legs, lasting, masked, "connected", AT)


def status(agents, **counts):
    known = dict.fromkeys(
        ("events", "heard", "told", "doubled", "refused", "shared", "waiting", "lost"), 0
    )
    return RisStatus(agents=agents, **{**known, "problem": "", **counts})


def screens(*desktops):
    return ScreenRecorderStatus(desktops, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, None, "")


DESKTOP = DesktopStatus("pc-7", ("crm/ann",), "pc", True, False, 0.0, 0.1)
OLD = leg("call-1", 0, 60, Verdict.DELETED, "not_responding")


class PartsOnRecord:
    """The part of ScreenDb that is asked."""

    def __init__(self):
        self.found, self.down = (), False

    def parts(self, agents, window):
        if self.down:
            raise DataCenterDown("it is away", hint="It is tried again.")
        stream = ScreenStream("s-1", "pc-7", agents, "vp9", 320, 180, AT)
        made = [ScreenPart("p", stream, "alpha", AT + b * S, AT + e * S, 0, 9, ClockOffset(0, 1), 1, "", "", 0) for b, e in self.found]  # fmt: skip
        return tuple(one for one in made if window.from_us <= one.from_us < window.to_us)


class RecordingNode(FakeNode):
    """A node that knows which screens are on record."""

    def __post_init__(self):
        super().__post_init__()
        self.screen_db = PartsOnRecord()
        self.clock.wall = AT + 281 * S

    def control(self, web_url="http://10.0.0.5:8443"):
        return replace(super().control(web_url), screen_db=self.screen_db)


@pytest.fixture
def node():
    made = RecordingNode()
    agents = {"crm/ann": at_hand(OLD, leg("call-2", 70))}
    made.board.publish("ris", status(agents, heard=3, told=2, doubled=1, waiting=4))
    made.board.publish("screens", screens(DESKTOP))
    return made


def test_an_agent_with_the_newest_call_and_who_records(tandem):
    ended = tandem("agent", "list")
    assert ended.status == 0
    (row,) = [line for line in ended.lines if "crm/ann" in line]
    assert "recording" in row
    assert "call-2" in row
    assert "lasts" in row
    assert row.rstrip().endswith("alpha")
    assert "call-1" not in ended.out
    assert any("3 events heard, 2 told, 1 doubled, 4 waiting" in line for line in ended.lines)


def screens_of(tandem):
    (agent,) = tandem("agent", "list", "--json").json["agents"]
    return [one.get("screen", one["verdict"]) for one in agent["legs"]]


def test_a_kept_call_without_a_screen_on_record_says_none(tandem, node):
    known = at_hand(OLD, leg("a", 0, 60), leg("b", 100, 160), leg("c", 161, 200), leg("d", 200))
    node.board.publish("ris", status({"crm/ann": known}))
    assert screens_of(tandem) == ["deleted", "none", "none", "kept", "kept"]
    node.screen_db.found = ((10, 20),)
    assert screens_of(tandem) == ["deleted", "kept", "none", "kept", "kept"]
    shown = tandem("agent", "list", "--legs").lines
    assert any(" b " in line and "none" in line for line in shown)
    node.screen_db.down = True
    assert screens_of(tandem) == ["deleted", "kept", "kept", "kept", "kept"]


def test_an_agent_is_called_by_the_name_that_the_platform_gives(tandem, node):
    item = buffered("i1", source="crm")
    called = replace(item.interaction, parties=(Party("ann", "agent", "Ann Albers"),))
    node.contact_db.commit([replace(item, interaction=called)], [["crm/i1.mp3"]])
    assert "name" not in tandem("agent", "list", "--json").json["agents"][0]
    known = at_hand(OLD, leg("session-i1", 70), leg("not archived yet", 80))
    node.board.publish("ris", status({"crm/ann": known}))
    node.clock.now_ns += UNKNOWN_NS
    (agent,) = tandem("agent", "list", "--json").json["agents"]
    assert agent["name"] == "Ann Albers"
    head, *rows = tandem("agent", "list").lines
    assert head.split()[:2] == ["Name", "Agent"]
    assert any(row.startswith("Ann Albers  crm/ann") for row in rows)


def test_every_leg_is_shown_on_request(tandem):
    ended = tandem("agent", "list", "--legs")
    assert any("call-1" in line and "deleted" in line for line in ended.lines)
    assert any("not_responding" in line for line in ended.lines)


def test_as_json_it_holds_what_each_node_says(tandem):
    view = tandem("agent", "list", "--json").json
    (agent,) = view["agents"]
    assert (agent["node"], agent["desktop"], agent["streaming"]) == ("alpha", "pc-7", True)
    assert [one["verdict"] for one in agent["legs"]] == ["deleted", "kept"]
    assert view["nodes"][0]["heard"] == 3
    assert view["silent"] == []


def test_two_nodes_are_put_together_and_a_silent_one_named(bare, node, monkeypatch):
    other = FakeNode(name="beta")
    other.board.publish("ris", status({"crm/ann": at_hand()}, problem="it is away"))
    monkeypatch.setenv("TANDEM_TOKEN", TOKEN)
    with node.served() as one, other.served() as two:
        ended = bare("agent", "list", "--url", f"{two},{one},http://127.0.0.1:9")
    assert ended.status == 0
    (row,) = [line for line in ended.lines if "crm/ann" in line]
    assert row.rstrip().endswith("alpha")
    assert any("beta: it is away" in line for line in ended.lines)
    assert any("No node answers at http://127.0.0.1:9" in line for line in ended.lines)


def test_an_agent_without_a_desktop_is_told(tandem, node):
    node.board.publish("screens", screens())
    assert any("no desktop" in line for line in tandem("agent", "list").lines)


def test_a_masked_agent_is_told(tandem, node):
    lasting = leg("call-2", 0, masks=(Span(AT, None),))
    node.board.publish("ris", status({"crm/ann": at_hand(lasting, masked=True)}))
    assert any("masked" in line for line in tandem("agent", "list").lines)
    view = tandem("agent", "list", "--json").json
    assert view["agents"][0]["legs"][0]["masks"] == [{"begin": "2023-11-14T22:13:20Z"}]


def test_nobody_heard_of(tandem, node):
    node.board.publish("ris", status({}))
    node.board.publish("screens", screens())
    assert "Nothing was heard of any agent lately." in tandem("agent", "list").lines


def test_a_desktop_of_an_agent_nobody_heard_of(tandem, node):
    node.board.publish("ris", status({}))
    assert any("crm/ann" in line and "idle" in line for line in tandem("agent", "list").lines)


def test_no_node_at_all_is_3(bare):
    assert bare("agent", "list", "--url", "http://127.0.0.1:9").status == 3


def test_a_node_that_hears_nothing_of_agents_is_5(tandem, node):
    node.board._parts.pop("ris")
    assert tandem("agent", "list").status == 5


def test_without_a_token_nothing_is_told(node):
    assert node.client(token="").get("/api/v1/agents").status_code in {401, 403}


def test_metrics_count_events_and_legs(node):
    told = scraped(node)
    assert told["tandem_agent_events_total", ("how", "heard")] == 3
    assert told["tandem_agent_recording",] == 1
    assert told["tandem_agent_events_waiting",] == 4
