"""What the fake answers when it refuses, in the codes and words Dataverse uses."""

from __future__ import annotations


class Refusal(Exception):
    """A request that is answered with an error body."""

    def __init__(
        self, status: int, code: str, message: str, headers: tuple[tuple[str, str], ...] = ()
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers


def bad_query(message: str) -> Refusal:
    """A malformed query or an unknown property."""
    return Refusal(400, "0x80060888", message)


def no_row(logical: str, key: str) -> Refusal:
    """A row that does not exist."""
    return Refusal(404, "0x80040217", f"Entity '{logical}' With Id = {key} Does Not Exist")


def no_resource(segment: str) -> Refusal:
    """A path that leads nowhere."""
    return Refusal(404, "0x8006088a", f"Resource not found for the segment '{segment}'.")
