"""Actors of a node that answer by script, at once."""

from cluster.errors import ReplyTimeout
from cluster.messages import CommandAnswer
from recorder.messages import Rewind
from recorder.scn.messages import AgentEventsKept
from tests.by_hand import Inbox


class FakePair:
    """Answers commands at once; `then` may change the node before the answer is given."""

    name = "pair"

    def __init__(self):
        self.told = []
        self.answer = CommandAnswer("done", "it is done", "a hint")
        self.then = lambda _message: None

    def tell(self, message):
        self.told.append(message)
        self.then(message)
        if self.answer is not None:
            message.reply_to.tell(self.answer)


class FakePoller(Inbox):
    def tell(self, message):
        super().tell(message)
        if isinstance(message, Rewind):
            message.reply_to.tell(CommandAnswer("done", "the watermark is back"))


class FakeRis(Inbox):
    """Keeps what it hears at once, unless its disk is said to be full."""

    full = False

    def tell(self, message):
        super().tell(message)
        if not self.full:
            message.reply_to.tell(AgentEventsKept(len(message.events)))


class FakeReconciliation(Inbox):
    """Begins what it is asked for."""

    def tell(self, message):
        super().tell(message)
        message.reply_to.tell(CommandAnswer("done", f"C-1 compares {message.source}.", "look"))


class FakeRuntime:
    """Asks and takes the answer that came at once."""

    def ask(self, address, question, _timeout_s):
        reply = Inbox()
        address.tell(question(reply))
        if not reply.messages:
            raise ReplyTimeout("no answer")
        return reply.messages[0]

    def mailbox_depths(self):
        return {"pair": 0, "poller:zoom": 3}

    def dead_letters(self):
        return 2
