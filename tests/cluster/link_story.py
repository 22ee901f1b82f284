"""A link state with a clock of its own and short words for what happens to it."""

from cluster.links.effects import RedialIn, TellPair
from cluster.links.state import LinkState, S
from cluster.ports import Endpoint
from tests.cluster.links.test_handshake import OWN, PEER

THERE = Endpoint("192.0.2.2", 7400)
MS = 1_000_000


class Story:
    def __init__(self, fixed=THERE, own=OWN):
        self.state = LinkState(own, fixed=fixed, pause_guard_s=3.0)
        self.now_ns = 100 * S
        self.number = 0

    def after(self, ns):
        self.now_ns += ns
        return self

    def start(self):
        return self.state.start(self.now_ns)

    def open(self, *, inbound):
        self.number += 1
        self.state.opened(self.number, inbound=inbound, remote_host="192.0.2.2", now_ns=self.now_ns)
        return self.number

    def said(self, number, frame):
        return self.state.said(number, frame, self.now_ns, 0.5)

    def closed(self, number):
        return self.state.closed(number, "reset", self.now_ns, 0.5)

    def broken(self, number):
        return self.state.broken(number, "bad frame", self.now_ns, 0.5)

    def refused(self, *, refused=True):
        return self.state.dial_failed("no", refused=refused, now_ns=self.now_ns, jitter=0.5)

    def redial(self):
        return self.state.redial_due(self.now_ns)

    def sweep(self):
        return self.state.sweep(self.now_ns, 0.5)

    def up(self, *, inbound=False, hello=PEER):
        number = self.open(inbound=inbound)
        self.said(number, hello)
        assert self.state.current == number
        return number


def up_by_dialling(**story):
    one = Story(**story)
    one.start()
    return one, one.up()


def news(effects):
    return [effect.news for effect in effects if isinstance(effect, TellPair)]


def delays(effects):
    return [effect.delay_s for effect in effects if isinstance(effect, RedialIn)]
