"""A part of a screen goes with the last contact that it shows."""

from dataclasses import replace

import pytest

from recorder.adapters.contact_db import open_engine
from recorder.adapters.contact_db.agent_events import SqlAgentEventDb
from recorder.adapters.contact_db.db import SqlContactDb
from recorder.adapters.contact_db.screens import SqlScreenDb
from recorder.adapters.contact_db.screens_of_contacts import forget_own, own_parts
from recorder.model import Party, Window
from recorder.scn.model import AgentEvent, AgentEventKind
from tests.calls import START_US, a_file, an_item, names_of
from tests.databases import migrated
from tests.recorder.hand_clock import HandClock
from tests.screens import KEY, T0_US, a_part

ALWAYS = Window(0, 2**62)
AGENT = "ag-1"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def engine(request, tmp_path):
    url = f"sqlite:///{tmp_path / 'contacts.db'}"
    if request.param == "postgres":
        url = request.getfixturevalue("postgres_url")
    else:
        migrated(url)
    engine = open_engine(url)
    yield engine
    engine.dispose()


class World:
    def __init__(self, engine):
        assert T0_US == START_US
        self.engine = engine
        self.db = SqlContactDb(engine, cluster="pair", node="alpha", clock=HandClock())
        self.screens = SqlScreenDb(engine)
        self.events = SqlAgentEventDb(engine)

    def contact(self, call, *, from_s=0, to_s=60, agent=AGENT):
        item = an_item(f"item-{call}", session=call, source="dyn", files=[a_file(f"m-{call}")])
        parties = (Party(agent, "agent"),) if agent else ()
        spoken = replace(
            item.interaction,
            key=f"int-{call}",
            parties=parties,
            segments=(),
            started_us=T0_US + from_s * 10**6,
            ended_us=T0_US + to_s * 10**6,
        )
        item = replace(item, interaction=spoken)
        self.db.commit([item], names_of(item))
        (row,) = self.db.contacts_called(call)
        return row.contact_id

    def call(self, call, *, from_s=0, to_s=60, agent=AGENT):
        kinds = ((AgentEventKind.RINGING, from_s), (AgentEventKind.ENDED, to_s))
        self.events.record(
            [
                AgentEvent(
                    "dyn", f"{call}-{kind}", agent, call, kind, T0_US + s * 10**6, T0_US, "alpha"
                )
                for kind, s in kinds
            ]
        )

    def own(self, contact_id):
        with self.engine.connect() as connection:
            return [part.part_key for part in own_parts(connection, contact_id)]


@pytest.fixture
def world(engine):
    made = World(engine)
    made.screens.record_parts([a_part(from_s=5, to_s=50)])
    return made


@pytest.mark.parametrize("agent", [AGENT, ""])
def test_a_part_that_shows_one_contact_alone_is_its_own(world, agent):
    world.call("call-1")
    assert world.own(world.contact("call-1", agent=agent)) == [KEY]


def test_a_contact_whose_call_no_event_names_is_known_by_its_agent_and_time(world):
    assert world.own(world.contact("call-1")) == [KEY]
    assert world.own(world.contact("call-2", agent="ag-2")) == []
    assert world.own(world.contact("call-3", from_s=55)) == []


def test_a_part_that_another_contact_needs_is_nobodys_own(world):
    world.call("call-1")
    world.call("call-2", from_s=30, to_s=90)
    first, second = world.contact("call-1"), world.contact("call-2", from_s=30, to_s=90, agent="")
    assert world.own(first) == world.own(second) == []


def test_a_later_call_of_the_same_agent_needs_nothing_of_it(world):
    world.call("call-1")
    world.call("call-2", from_s=7200, to_s=7300)
    world.contact("call-2", from_s=7200, to_s=7300)
    assert world.own(world.contact("call-1")) == [KEY]


def test_a_call_long_before_needs_nothing_of_it(world):
    world.call("call-1")
    world.call("call-0", from_s=-9000, to_s=-8000)
    world.contact("call-0", from_s=-9000, to_s=-8000)
    assert world.own(world.contact("call-1")) == [KEY]


def test_a_part_that_went_is_not_listed_and_not_told_again(world):
    contact = world.contact("call-1")
    with world.engine.begin() as connection:
        (part,) = own_parts(connection, contact)
        assert part.object_key == a_part().object_key
        forget_own(connection, part, "deleted: retention policy p")
    assert world.screens.parts(["dyn/ag-1"], ALWAYS) == ()
    assert world.own(contact) == []


def test_a_contact_that_is_not_there_has_no_parts(world):
    assert world.own("nobody") == []
