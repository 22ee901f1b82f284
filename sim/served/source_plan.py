"""What a local pair is told of one data source: its table in both nodes' configuration, and the secrets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

NODES = ("alpha", "beta")


@dataclass(frozen=True, slots=True)
class SourcePlan:
    """One source of both nodes; each node has credentials of its own."""

    kind: str
    keys: Mapping[str, Any]
    """The same on both nodes."""
    of_node: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])
    """Of one node, in clear: node → key → value."""
    secrets: Mapping[str, Mapping[str, str]] = field(
        default_factory=dict[str, Mapping[str, str]], repr=False
    )
    """Of one node, kept out of its file: node → key → secret, written as a reference to a variable."""
    name: str = ""
    """As in `[sources.NAME]`; the kind by default."""

    @property
    def table_name(self) -> str:
        """The name of its table."""
        return f"sources.{self.name or self.kind}"

    def table(self, node: str) -> dict[str, Any]:
        """The table for one node."""
        return {
            "kind": self.kind,
            **self.keys,
            **self.of_node.get(node, {}),
            **{key: f"env:{self._variable(key)}" for key in self.secrets.get(node, {})},
        }

    def environment(self, node: str) -> dict[str, str]:
        """The variables that its table refers to."""
        return {self._variable(key): text for key, text in self.secrets.get(node, {}).items()}

    def _variable(self, key: str) -> str:
        return f"TANDEM_{self.name or self.kind}_{key}".upper().replace("-", "_")


def client_id(kind: str, node: str) -> str:
    """What a node's application is called at a service; the fakes tell the nodes apart by it."""
    return f"recorder-{node}" if kind == "dynamics" else f"{kind}-{node}"


def client_secret(kind: str, node: str) -> str:
    """Its secret, another one for every node and service."""
    return f"secret-of-{node}" if kind == "dynamics" else f"{kind}-secret-of-{node}"


def nodes_by_client(kinds: tuple[str, ...]) -> dict[str, str]:
    """Which node an application belongs to, for the checkers."""
    return {client_id(kind, node): node for kind in kinds for node in NODES}
