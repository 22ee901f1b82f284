"""Small ports driven by hand: inboxes that collect, a clock that is told the time, queued workers."""

import itertools
from dataclasses import dataclass, field

from cluster.ports import Done, Failed


class Inbox:
    """An address that keeps what it was told."""

    def __init__(self, name="inbox"):
        self.name = name
        self.messages = []

    def tell(self, message):
        self.messages.append(message)

    def of(self, kind):
        return [message for message in self.messages if isinstance(message, kind)]

    def take(self):
        taken, self.messages = self.messages, []
        return taken


@dataclass
class HandTimer:
    due_ns: int
    address: object
    message: object
    cancelled: bool = False

    def cancel(self):
        self.cancelled = True


@dataclass
class HandClock:
    """Time stands still until `advance`, which delivers the timers that come due, in order."""

    now_ns: int = 1_000_000_000_000
    wall: int = 1_700_000_000_000_000
    timers: list = field(default_factory=list)
    _number: itertools.count = field(default_factory=itertools.count)

    def monotonic_ns(self):
        return self.now_ns

    def wall_us(self):
        return self.wall + (self.now_ns - 1_000_000_000_000) // 1000

    def call_later(self, delay_s, address, message):
        timer = HandTimer(self.now_ns + round(delay_s * 1e9), address, message)
        self.timers.append((timer.due_ns, next(self._number), timer))
        return timer

    def advance(self, seconds, then=lambda: None):
        """Move on; `then` runs after every delivered timer."""
        end_ns = self.now_ns + round(seconds * 1e9)
        while self.timers and min(self.timers)[0] <= end_ns:
            entry = min(self.timers, key=lambda timer: timer[:2])
            self.timers.remove(entry)
            self.now_ns = max(self.now_ns, entry[0])
            if not entry[2].cancelled:
                entry[2].address.tell(entry[2].message)
                then()
        self.now_ns = end_ns


class HandWorkers:
    """Jobs wait until `run_one`; so a test can look between any two of them."""

    def __init__(self):
        self.jobs = []

    def submit(self, job, reply_to, then):
        self.jobs.append((job, reply_to, then))

    def waiting(self):
        return len(self.jobs)

    def run_one(self):
        job, reply_to, then = self.jobs.pop(0)
        try:
            outcome = Done(job())
        except AssertionError:
            raise
        except Exception as error:  # noqa: BLE001 - that is what workers do
            outcome = Failed(error)
        reply_to.tell(then(outcome))
