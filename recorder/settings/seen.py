"""Which keys of the effective configuration changed since this node ran last. Values stay where they are.

Secrets have no part in it: they are masked before anything is hashed, so a new password is no change here.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from cluster.adapters.state_file import replace_file
from recorder.cli.masking import masked
from recorder.config import Config

_DIGITS = 16


@dataclass(frozen=True, slots=True)
class Seen:
    """A configuration without its values."""

    digest: str
    """SHA-256 of the whole, masked, in hexadecimal."""
    keys: Mapping[str, str]
    """Dotted path to a digest of its value."""


def seen(config: Config) -> Seen:
    """As it is in effect: file, environment and defaults together."""
    tree = masked(config.model_dump(mode="json"))
    keys = {path: _digest(value)[:_DIGITS] for path, value in sorted(_leaves(tree, ""))}
    return Seen(_digest(tree), keys)


def changed_keys(before: Seen, now: Seen) -> dict[str, list[str]]:
    """Dotted paths by what became of them: added, removed, changed; absent where there are none."""
    both = sorted(before.keys.keys() & now.keys.keys())
    found = {
        "added": sorted(now.keys.keys() - before.keys.keys()),
        "removed": sorted(before.keys.keys() - now.keys.keys()),
        "changed": [path for path in both if before.keys[path] != now.keys[path]],
    }
    return {name: paths for name, paths in found.items() if paths}


def load_seen(path: Path) -> Seen | None:
    """What was in effect when this node ran last; None when that is not known."""
    try:
        found = json.loads(path.read_bytes())
        return Seen(str(found["digest"]), {str(k): str(v) for k, v in found["keys"].items()})
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def save_seen(path: Path, now: Seen) -> None:
    """Raises OSError."""
    document = {"digest": now.digest, "keys": dict(now.keys)}
    replace_file(path, json.dumps(document, indent=1).encode() + b"\n")


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and value:
        for name, one in cast("dict[str, Any]", value).items():
            yield from _leaves(one, f"{path}.{name}" if path else name)
    else:
        yield path, value


def _digest(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
