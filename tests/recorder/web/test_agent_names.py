from collections import Counter
from dataclasses import replace

from recorder.errors import DataCenterDown
from recorder.model import Party
from recorder.web.agent_names import FRESH_NS, READS_MAX, TROUBLED_NS, UNKNOWN_NS, AgentNames
from tests.recorder.fake_node import FakeNode
from tests.recorder.fakes import buffered


class Center:
    """Contacts by call, and how often each was read."""

    def __init__(self):
        self.node = FakeNode()
        self.read = Counter()
        self.now_ns, self.down, self.seen = 1, False, True
        self.names = AgentNames(
            contact=self.contact,
            sees_data_center=lambda: self.seen,
            monotonic_ns=lambda: self.now_ns,
        )

    def contact(self, call):
        self.read[call] += 1
        if self.down:
            raise DataCenterDown("it is away")
        return self.node.contact_db.contact(call)

    def archive(self, key, *parties):
        item = buffered(key)
        told = replace(item.interaction, parties=parties)
        self.node.contact_db.commit([replace(item, interaction=told)], [[f"zoom/{key}.mp3"]])
        return f"session-{key}"


ADA = Party("ada", "agent", "Ada Albers")


def test_an_agent_is_called_as_in_the_contact_of_a_call():
    center = Center()
    call = center.archive("i1", ADA, Party("carl", "customer", "Carl"))
    told = center.names.of({"zoom/ada": [call], "zoom/carl": [call], "crm/ada": [call]})
    assert told == {"zoom/ada": "Ada Albers"}


def test_a_party_that_stands_for_one_stretch_of_an_agent_names_the_agent():
    center = Center()
    call = center.archive("i1", Party("ada:first-stretch", "consultant", "Ada Albers"))
    assert center.names.of({"zoom/ada": [call]}) == {"zoom/ada": "Ada Albers"}


def test_the_newest_call_that_is_archived_tells_the_name():
    center = Center()
    old = center.archive("i1", ADA)
    new = center.archive("i2", replace(ADA, name="Ada Brandt"))
    assert center.names.of({"zoom/ada": ["not yet", new, old]}) == {"zoom/ada": "Ada Brandt"}
    assert center.read[old] == 0


def test_a_name_that_is_known_is_not_looked_up_again_for_a_while():
    center = Center()
    call = center.archive("i1", ADA)
    for _ in range(3):
        assert center.names.of({"zoom/ada": [call]}) == {"zoom/ada": "Ada Albers"}
    assert center.read[call] == 1
    center.now_ns += FRESH_NS
    center.names.of({"zoom/ada": [call]})
    assert center.read[call] == 2


def test_who_has_no_name_yet_is_looked_for_again_soon():
    center = Center()
    assert center.names.of({"zoom/ada": ["session-i1"]}) == {}
    center.archive("i1", ADA)
    assert center.names.of({"zoom/ada": ["session-i1"]}) == {}
    center.now_ns += UNKNOWN_NS
    assert center.names.of({"zoom/ada": ["session-i1"]}) == {"zoom/ada": "Ada Albers"}


def test_without_a_data_center_what_was_learnt_is_told_and_nobody_asks():
    center = Center()
    call = center.archive("i1", ADA)
    center.names.of({"zoom/ada": [call]})
    center.seen = False
    center.now_ns += FRESH_NS
    assert center.names.of({"zoom/ada": [call], "zoom/bo": ["b"]}) == {"zoom/ada": "Ada Albers"}
    assert center.read == {call: 1}


def test_a_data_center_that_does_not_answer_is_left_alone_for_a_while():
    center = Center()
    center.down = True
    assert center.names.of({"zoom/ada": ["a", "b"], "zoom/bo": ["c"]}) == {}
    assert center.names.of({"zoom/cy": ["d"]}) == {}
    assert sum(center.read.values()) == 1
    center.now_ns += TROUBLED_NS
    center.down = False
    assert center.names.of({"zoom/cy": [center.archive("i1", Party("cy", "agent", "Cy"))]})


def test_of_many_agents_some_are_looked_up_at_each_question_until_all_are_known():
    center = Center()
    many = READS_MAX + 5
    calls = {f"zoom/{n}": [center.archive(f"i{n}", Party(f"{n}", "agent", f"N{n}"))] for n in range(many)}  # fmt: skip
    assert len(center.names.of(calls)) == READS_MAX
    assert len(center.names.of(calls)) == many
    assert set(center.read.values()) == {1}
