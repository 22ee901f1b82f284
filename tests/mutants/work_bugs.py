"""Bugs of sharing the work between the two nodes."""

from __future__ import annotations

from cluster.jobs.claims import Claims
from tests.mutants import profiles
from tests.mutants.mutant import Mutant, Patch


def claim_outlives_node(patch: Patch) -> None:
    def make(peer_changed):
        def bug(self, peer, *, alone):
            known, self._claims = (
                self._claims,
                {name: claim for name, claim in self._claims.items() if claim.node == self._node},
            )
            try:
                return peer_changed(self, peer, alone=alone)
            finally:
                self._claims = known

        return bug

    patch.around(Claims, "peer", make)


BUGS = (
    Mutant(
        "claim_outlives_node",
        "what a node had in hand when it died is not given to the other",
        "a claim ends with the process that holds it",
        claim_outlives_node,
        profiles.LONG_CLAIMS,
    ),
)
