import json

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from recorder.prove.inclusion import inclusion_of, is_inclusion, to_text, verify_inclusion
from tests.recorder.prove.certified import LEAVES, a_leaf, certify


@given(LEAVES, st.data())
def test_each_item_has_a_proof_that_stands_without_the_others(leaves, data):
    assume(leaves)
    certificate = certify(leaves)
    leaf = data.draw(st.sampled_from(certificate.leaves))
    text = to_text(inclusion_of(certificate, leaf.item))
    assert is_inclusion(text)
    assert verify_inclusion(text) == (leaf, dict(certificate.statement), ())
    assert all(f'"{one.item}"' not in text for one in leaves if len(one.item) > 2 and one != leaf)


def test_an_item_that_is_not_certified_has_none():
    assert inclusion_of(certify([a_leaf("a")]), "b") is None


@pytest.mark.parametrize(
    "change",
    [
        {"place": 1},
        {"place": "0"},
        {"path": []},
        {"path": "ab"},
        {"leaf": {"item": "c"}},
        {"leaf": {"reason": "x"}},
    ],
)
def test_a_proof_that_was_changed_leads_nowhere(change):
    certificate = certify([a_leaf("a"), a_leaf("b"), a_leaf("c")])
    proof = inclusion_of(certificate, "a")
    if "leaf" in change:
        change = {"leaf": {**proof["leaf"], **change["leaf"]}}
    _, _, faults = verify_inclusion(json.dumps({**proof, **change}))
    assert [fault.code for fault in faults] == ["leaf_changed"]


def test_the_statement_of_a_proof_is_verified_too():
    proof = inclusion_of(certify([a_leaf("a")]), "a")
    statement = {**proof["statement"], "source": "other"}
    _, _, faults = verify_inclusion(json.dumps({**proof, "statement": statement}))
    assert [fault.code for fault in faults] == ["signature"]
    _, _, faults = verify_inclusion(json.dumps(proof), trusted=["another"])
    assert [fault.code for fault in faults] == ["key"]


@pytest.mark.parametrize("text", ["{}", "[]", '{"format":"tandem-inclusion/1"}', "x"])
def test_what_is_no_proof_is_said_to_be_none(text):
    with pytest.raises(ValueError, match=r".+"):
        verify_inclusion(text)
