"""Which build this is, for hello frames, metrics and `--version`."""

from __future__ import annotations

from functools import cache
from importlib.metadata import PackageNotFoundError, version


@cache
def build() -> str:
    """The version of the installed package; `0+source` when run from a tree that is not installed."""
    try:
        return version("tandem-recorder")
    except PackageNotFoundError:
        return "0+source"
