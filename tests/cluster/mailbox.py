"""An address that keeps what it is told, from whatever thread."""

import threading

from cluster.ports import Received


class Mailbox:
    def __init__(self, name="mailbox"):
        self.name = name
        self._lock = threading.Lock()
        self._messages = []

    def tell(self, message):
        with self._lock:
            self._messages.append(message)

    @property
    def messages(self):
        with self._lock:
            return list(self._messages)

    def of(self, kind):
        return [message for message in self.messages if isinstance(message, kind)]

    def bytes_of(self, connection):
        return b"".join(m.data for m in self.of(Received) if m.connection is connection)
