"""How deep `make test` looks where more of the same is looked at by `make test-long`."""

import os
from collections.abc import Sequence
from typing import TypeVar

Value = TypeVar("Value")

LONG = os.environ.get("TANDEM_LONG_TESTS") == "1"


def few_or_all(values: Sequence[Value], few: int) -> Sequence[Value]:
    """The first `few`, always the same; with TANDEM_LONG_TESTS=1 all of them."""
    return values if LONG else values[:few]
