"""The tree: the vectors of RFC 6962's own implementations, and the laws an attacker would like to break."""

import hashlib

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from recorder.prove.merkle import EMPTY_ROOT, leaf_hash, path_of, root_by_path, root_of

INPUTS = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]  # fmt: skip
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
HASHES = st.lists(st.binary(max_size=8), max_size=40).map(lambda many: [*map(leaf_hash, many)])


def by_the_book(hashes):
    """The definition of RFC 6962, word by word."""
    if len(hashes) <= 1:
        return hashes[0] if hashes else hashlib.sha256(b"").digest()
    split = 1
    while split * 2 < len(hashes):
        split *= 2
    return hashlib.sha256(b"\x01" + by_the_book(hashes[:split]) + by_the_book(hashes[split:])).digest()  # fmt: skip


@pytest.mark.parametrize("count", range(1, 9))
def test_roots_are_those_that_certificate_transparency_publishes(count):
    hashes = [leaf_hash(bytes.fromhex(one)) for one in INPUTS[:count]]
    assert root_of(hashes).hex() == ROOTS[count - 1]


def test_nothing_has_a_root_of_its_own():
    assert root_of([]) == EMPTY_ROOT == hashlib.sha256(b"").digest()


@given(HASHES)
def test_the_quick_way_gives_the_root_of_the_definition(hashes):
    assert root_of(hashes) == by_the_book(hashes)


@given(HASHES, st.data())
def test_every_leaf_has_a_proof_and_it_proves_no_other_place_or_length(hashes, data):
    assume(hashes)
    place = data.draw(st.integers(0, len(hashes) - 1))
    path = path_of(hashes, place)
    root = root_of(hashes)
    assert root_by_path(hashes[place], place, len(hashes), path) == root
    other = data.draw(st.integers(0, len(hashes) - 1))
    if hashes[other] != hashes[place]:
        assert root_by_path(hashes[other], place, len(hashes), path) != root
    assert root_by_path(hashes[place], len(hashes), len(hashes), path) is None
    assert root_by_path(hashes[place], -1, len(hashes), path) is None
    assert root_by_path(hashes[place], place, len(hashes), (*path, root)) is None
    if path:
        assert root_by_path(hashes[place], place, len(hashes), path[:-1]) is None
        bent = (path[0][:-1] + bytes([path[0][-1] ^ 1]), *path[1:])
        assert root_by_path(hashes[place], place, len(hashes), bent) != root


@given(HASHES, st.data())
def test_any_change_of_the_list_changes_the_root(hashes, data):
    root = root_of(hashes)
    extra = leaf_hash(b"an added leaf")
    place = data.draw(st.integers(0, len(hashes)))
    assert root_of([*hashes[:place], extra, *hashes[place:]]) != root
    if hashes:
        gone = data.draw(st.integers(0, len(hashes) - 1))
        assert root_of(hashes[:gone] + hashes[gone + 1 :]) != root
        assert root_of([*hashes[:gone], extra, *hashes[gone + 1 :]]) != root
        assert root_of([*hashes, hashes[-1]]) != root, "an end that is repeated"


def test_a_node_cannot_be_shown_as_a_leaf():
    left, right = leaf_hash(b"a"), leaf_hash(b"b")
    assert root_of([left, right]) != root_of([leaf_hash(left + right)])
    assert root_of([left, right]) != leaf_hash(left + right)
