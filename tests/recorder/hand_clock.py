"""A clock that a test moves by hand; timers fire when it passes them."""

from dataclasses import dataclass, field


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
    now_ns: int = 10**12
    wall_start_us: int = 1_700_000_000_000_000
    timers: list = field(default_factory=list)

    def monotonic_ns(self):
        return self.now_ns

    def wall_us(self):
        return self.wall_start_us + (self.now_ns - 10**12) // 1000

    def call_later(self, delay_s, address, message):
        timer = HandTimer(self.now_ns + int(delay_s * 1e9), address, message)
        self.timers.append(timer)
        return timer

    def advance(self, seconds):
        """Pass time; what is due by then is told in order of its instant."""
        end_ns = self.now_ns + int(seconds * 1e9)
        while due := [t for t in self.timers if t.due_ns <= end_ns and not t.cancelled]:
            timer = min(due, key=lambda t: t.due_ns)
            self.timers.remove(timer)
            self.now_ns = max(self.now_ns, timer.due_ns)
            timer.address.tell(timer.message)
        self.now_ns = end_ns
