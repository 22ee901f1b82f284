"""Feeds what the watermark model printed to the real watermark, windows and poll runs, and compares."""

from cluster.frames import Mark
from recorder.codec import job_key
from recorder.model import ItemRef, Page, Window
from recorder.poll.poll_run import PollRun
from recorder.poll.watermark import Watermark
from recorder.poll.window import poll_windows

START = 2
OVERLAP = 1
PAGE_1 = 1


class Diverged(Exception):
    """Raised when the code and the model do not agree."""


class Replay:
    """Two watermarks, moved by the lines of one story. `compared` counts the states that agreed."""

    def __init__(self):
        self.marks = [watermark(Mark(0, START)) for _ in range(2)]
        self.runs = [None, None]
        self.refs = []
        self.compared = 0

    def tell(self, line):
        said, _, after = line.partition(" = ")
        what, *numbers = said.split()
        getattr(self, what)(*map(int, numbers))
        if after:
            self.compare(line, int(numbers[0]), tuple(map(int, after.split())))

    def compare(self, line, node, theirs):
        mark = self.marks[node]
        held = sum(
            1 << number for number, ref in enumerate(self.refs) if mark.is_pending(job_key(ref))
        )
        mine = (mark.mark.epoch, mark.mark.at_us, mark.horizon_us, held)
        if mine != theirs:
            raise Diverged(f"after `{line}` the code has {mine}")
        self.compared += 1

    # --- what the source and the workers do is not the watermark's concern ---

    def stamps(self, *stamps):
        self.refs = [ItemRef("s", str(number), "", at, "call") for number, at in enumerate(stamps)]

    def now(self, at):
        pass

    def shown(self, item):
        pass

    def assign(self, node, item, worker):
        pass

    def commit(self, node, item, _):
        pass

    def gained(self, node, *_):
        pass

    # --- polls ---

    def began(self, node, first, end):
        mark = self.marks[node]
        windows = poll_windows(
            next_from_us=mark.next_from_us, to_us=end, overlap_us=OVERLAP, max_us=100
        )
        if windows != (Window(first, end),):
            raise Diverged(f"the code asks {windows}, the model [{first}, {end})")
        self.runs[node] = PollRun(windows=windows, horizon_us=mark.horizon_us, began_ns=0)

    def page_1(self, node, _, found):
        self.listed(node, found, "the second page")

    def page_2(self, node, found, _):
        mark, run = self.marks[node], self.runs[node]
        self.listed(node, found & ~PAGE_1, None)
        for ref in run.found:
            mark.found(job_key(ref), ref.changed_us)
        if run.window is None or not run.is_whole:
            raise Diverged("the code does not think that the window is whole")
        mark.scanned(run.window.from_us, run.window.to_us)
        run.next_window()

    def listed(self, node, found, next_page):
        refs = tuple(ref for number, ref in enumerate(self.refs) if found >> number & 1)
        self.runs[node].listed(Page(refs, next_page, None))
        self.runs[node].unfinished(refs)

    # --- items and marks ---

    def final(self, node, item, _):
        self.marks[node].final(job_key(self.refs[item]))

    def hears(self, node, epoch, at):
        if not self.marks[node].heard(Mark(epoch, at)):
            raise Diverged(f"to the code {(epoch, at)} is nothing new")

    def heard(self, node, *_):
        pass

    def shared(self, node, epoch, at):
        if self.marks[node].mark != Mark(epoch, at):
            raise Diverged(f"the code shares {self.marks[node].mark}")

    def forgot(self, node, *_):
        self.marks[node] = watermark(self.marks[node].mark)

    def crashed(self, node, epoch, at):
        self.marks[node] = watermark(Mark(epoch, at))

    def rewound(self, node, at, _):
        self.marks[node].rewind(at)


def watermark(mark):
    return Watermark(mark=mark, granularity_us=1)
