"""Every exception of this package, as a tree.

* ClusterError
    * SettingsError          timings that contradict each other
    * ImpossibleTransition   a role event that must not happen in this state: a bug
    * StaleTerm              a control write carried a term older than one already seen
    * WireError              bytes from the peer that are no valid frame
    * LeaseUnavailable       the witness did not answer: the outcome is unknown
    * ReplyTimeout           an actor did not answer a question in time
    * NodeIdTaken            the peer is connected to another installation with this node's id
"""


class ClusterError(Exception):
    """Base of every error this package raises on purpose.

    `hint` tells an operator what to do next; it may be empty.
    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class SettingsError(ClusterError):
    """Raised when timings contradict each other; the message names both settings."""


class ImpossibleTransition(ClusterError):
    """Raised when the role machine is given an event that cannot happen in its state."""


class StaleTerm(ClusterError):
    """Raised when a control write carried a term older than the highest one seen."""

    def __init__(self, message: str, *, term: int, seen: int) -> None:
        super().__init__(message, hint="This node is no longer primary; it changes nothing.")
        self.term = term
        self.seen = seen


class WireError(ClusterError):
    """Raised when bytes from the peer are no valid frame; the connection is to be closed."""


class LeaseUnavailable(ClusterError):
    """Raised when the witness could not be asked; whether it acted is unknown."""


class ReplyTimeout(ClusterError):
    """Raised when an actor gave no answer within the time allowed."""


class NodeIdTaken(ClusterError):
    """Raised when the peer says that another installation has this node's id: the process must end."""
