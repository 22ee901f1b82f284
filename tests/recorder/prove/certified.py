"""Certificates for tests: leaves by hand or drawn, signed with a key made from a number."""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import strategies as st

from recorder.prove.canonical import canonical
from recorder.prove.document import Certificate, checks_of, hash_of, signature_values
from recorder.prove.signature import key_id, to_be_signed
from recorder.prove.statement import Facts, statement_of
from recorder.records.audit import AuditHead
from recorder.records.certificates import Leaf, LeafMedia, LeafState, ProofRow

DAY_US = 86_400_000_000
FROM_US = 20_000 * DAY_US
DAY = "2024-10-04"


def the_key(number=1):
    return Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)


def public(key):
    return key.public_key().public_bytes_raw()


def a_media(key="m", sha="ab" * 32, size_bytes=10):
    return LeafMedia(key, sha, size_bytes, f"zoom/0/{key}.mp3")


def a_leaf(item="i1", state=LeafState.ARCHIVED, **facts):
    known = {"version": "v1", "changed_us": FROM_US + 1000}
    if state is LeafState.ARCHIVED:
        known |= {"committed_us": FROM_US + 9000, "media": (a_media(f"m-{item}"),)}
    else:
        known |= {"cause": "truncated", "reason": "truncated: 3 of 9 bytes"}
    return Leaf(item=item, state=state, **{**known, **facts})


def a_row(leaf, **facts):
    """What the Data Center knows when it is as certified."""
    known = {
        "item": leaf.item,
        "version": leaf.version,
        "changed_us": leaf.changed_us,
        "state": leaf.state.value,
        "parked": False,
        "reason": leaf.reason,
        "found_us": leaf.changed_us + 5,
        "archived_us": leaf.committed_us,
        "media": leaf.media,
    }
    return ProofRow(**{**known, **facts})


def facts(**more):
    known = {
        "cluster": "tandem",
        "source": "zoom",
        "kind": "zoom",
        "day": DAY,
        "from_us": FROM_US,
        "to_us": FROM_US + DAY_US,
        "number": 1,
        "made_us": FROM_US + 2 * DAY_US,
        "made_by": "alpha",
        "build": "1.0",
        "source_us": FROM_US + 2 * DAY_US,
        "over_us": FROM_US + DAY_US + 90_000_000,
        "watermark_us": FROM_US + 2 * DAY_US,
        "pages": 1,
        "audit": AuditHead(7, "cd" * 32),
    }
    return Facts(**{**known, **more})


def signed(statement, key):
    value = key.sign(to_be_signed(canonical(statement)))
    return signature_values(key_id(public(key)), public(key), value)


def certify(leaves, key=None, **more):
    leaves = tuple(sorted(leaves, key=lambda leaf: leaf.item))
    hashes = [hash_of(leaf) for leaf in leaves]
    statement, checks = statement_of(leaves, hashes, facts(**more)), checks_of(hashes)
    return Certificate(statement, signed(statement, key or the_key()), leaves, checks)


ITEMS = st.text("abcdefé-", min_size=1, max_size=4)
LEAVES = st.dictionaries(
    ITEMS,
    st.tuples(st.sampled_from(list(LeafState)), st.integers(1, 9)),
    max_size=12,
).map(
    lambda drawn: [
        a_leaf(item, state, changed_us=FROM_US + n) for item, (state, n) in sorted(drawn.items())
    ]
)
