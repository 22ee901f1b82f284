"""Lets global options stand anywhere: before the command, between its words, or behind it. Pure."""

from __future__ import annotations

from collections.abc import Sequence

_FLAGS = ("--json",)
_WITH_VALUE = ("--url", "--config")
_WATCH = "--watch"
WATCH_DEFAULT_S = "2"


def normalized(arguments: Sequence[str]) -> list[str]:
    """The same arguments with the global options last, and `--watch` with its seconds.

    What follows `--` is left alone.
    """
    words, rest = list(arguments), list[str]()
    if "--" in words:
        place = words.index("--")
        words, rest = words[:place], words[place:]
    own: list[str] = []
    common: list[str] = []
    while words:
        word = words.pop(0)
        if word in _FLAGS or word.startswith(tuple(f"{name}=" for name in _WITH_VALUE)):
            common.append(word)
        elif word in _WITH_VALUE:
            common += [word, *words[:1]]
            del words[:1]
        elif word == _WATCH and not (words and _is_number(words[0])):
            own += [word, WATCH_DEFAULT_S]
        else:
            own.append(word)
    return [*own, *common, *rest]


def command_of(arguments: Sequence[str]) -> str:
    """The first word that is no option; empty when there is none."""
    return next((word for word in arguments if not word.startswith("-")), "")


def _is_number(word: str) -> bool:
    return word.replace(".", "", 1).isdecimal()
