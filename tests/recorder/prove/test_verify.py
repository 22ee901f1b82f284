"""Offline: whatever is changed in a certificate is found, and the item is named."""

from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from recorder.prove.document import from_text, pack, to_text, unpack
from recorder.prove.verify import verify
from recorder.records.certificates import LeafState
from tests.recorder.prove.certified import (
    ITEMS,
    LEAVES,
    a_leaf,
    certify,
    public,
    signed,
    the_key,
)


def codes(certificate, **kwargs):
    return [fault.code for fault in verify(certificate, **kwargs)]


def named(certificate):
    return {fault.item for fault in verify(certificate)} - {""}


@given(LEAVES)
def test_a_certificate_is_whole_also_after_a_way_through_a_file(leaves):
    certificate = certify(leaves)
    assert verify(certificate) == ()
    assert verify(from_text(to_text(certificate))) == ()
    assert from_text(to_text(certificate)) == certificate
    assert unpack(pack(certificate.leaves, certificate.checks)) == (
        certificate.leaves,
        certificate.checks,
    )


def changes(leaf):
    """Every single thing that can be changed in a leaf."""
    yield replace(leaf, version=leaf.version + "x")
    yield replace(leaf, changed_us=leaf.changed_us + 1)
    yield replace(leaf, committed_us=None if leaf.committed_us else 5)
    yield replace(leaf, listed=not leaf.listed)
    yield replace(leaf, cause=leaf.cause + "x")
    yield replace(leaf, reason=leaf.reason + ".")
    yield replace(leaf, recovery="R-1")
    for state in LeafState:
        if state is not leaf.state:
            yield replace(leaf, state=state)
    for n, one in enumerate(leaf.media):
        flipped = ("0" if one.sha256[0] != "0" else "1") + one.sha256[1:]
        for media in (
            replace(one, sha256=flipped),
            replace(one, size_bytes=one.size_bytes + 1),
            replace(one, object_key=one.object_key + "x"),
            replace(one, key=one.key + "x"),
        ):
            yield replace(leaf, media=(*leaf.media[:n], media, *leaf.media[n + 1 :]))
        yield replace(leaf, media=leaf.media[:n] + leaf.media[n + 1 :])


@given(LEAVES, st.data())
def test_any_change_of_a_leaf_is_found_and_named(leaves, data):
    assume(leaves)
    certificate = certify(leaves)
    place = data.draw(st.integers(0, len(leaves) - 1))
    bent = data.draw(st.sampled_from([*changes(certificate.leaves[place])]))
    other = replace(
        certificate, leaves=(*certificate.leaves[:place], bent, *certificate.leaves[place + 1 :])
    )
    assert {"root", "leaf_changed"} <= {*codes(other)}
    assert named(other) == {bent.item}


@given(LEAVES, ITEMS, st.data())
def test_a_leaf_more_is_found_and_named(leaves, item, data):
    assume(item not in {leaf.item for leaf in leaves})
    certificate = certify(leaves)
    state = data.draw(st.sampled_from(list(LeafState)))
    added = sorted([*certificate.leaves, a_leaf(item, state)], key=lambda leaf: leaf.item)
    other = replace(certificate, leaves=tuple(added))
    assert {"root", "leaf_added"} <= {*codes(other)}
    assert named(other) == {item}


@given(LEAVES, st.data())
def test_a_leaf_less_is_found_and_its_place_is_named(leaves, data):
    assume(leaves)
    certificate = certify(leaves)
    place = data.draw(st.integers(0, len(leaves) - 1))
    rest = certificate.leaves[:place] + certificate.leaves[place + 1 :]
    (lost,) = [f for f in verify(replace(certificate, leaves=rest)) if f.code == "leaf_removed"]
    before = repr(rest[place - 1].item) if place else "beginning"
    after = repr(rest[place].item) if place < len(rest) else "at the end"
    assert before in lost.what
    assert after in lost.what


@given(LEAVES, st.data())
def test_a_leaf_that_is_repeated_or_moved_is_named(leaves, data):
    assume(len(leaves) > 1)
    certificate = certify(leaves)
    place = data.draw(st.integers(0, len(leaves) - 1))
    twice = (*certificate.leaves[: place + 1], *certificate.leaves[place:])
    assert named(replace(certificate, leaves=twice)) == {certificate.leaves[place].item}
    turned = (certificate.leaves[-1], *certificate.leaves[:-1])
    assert {"root", "leaf_order"} <= {*codes(replace(certificate, leaves=turned))}


@given(LEAVES)
def test_every_member_of_the_statement_is_under_the_signature(leaves):
    certificate = certify(leaves)
    for name, value in certificate.statement.items():
        other = value + 1 if type(value) is int else "other"
        bent = replace(certificate, statement={**certificate.statement, name: other})
        assert {"signature", "format"} & {*codes(bent)}, name
        less = {key: one for key, one in certificate.statement.items() if key != name}
        assert {"signature", "format"} & {*codes(replace(certificate, statement=less))}, name


def test_who_signs_a_lie_is_caught_by_counting_again():
    """With a stolen key: counts and verdict must still follow from the leaves."""
    certificate = certify([a_leaf("a"), a_leaf("b", LeafState.MISSING, cause="shown_late")])
    assert certificate.statement["verdict"] == "incomplete"
    counts = {**certificate.statement["counts"], "archived": 2, "missing": 0}
    for lie in ({"verdict": "complete"}, {"counts": counts}, {"day_is_over": False}, {"to_us": 7}):
        statement = {**certificate.statement, **lie}
        bent = replace(certificate, statement=statement, signature=signed(statement, the_key()))
        assert set(codes(bent)) == {"statement"}
    statement = {**certificate.statement, "counts": counts}
    bent = replace(certificate, statement=statement, signature=signed(statement, the_key()))
    assert any("archived is 2, not 1" in fault.what for fault in verify(bent))


def test_a_day_that_was_not_over_cannot_be_called_complete():
    early = certify([a_leaf()], source_us=5)
    assert (early.statement["verdict"], early.statement["day_is_over"]) == ("incomplete", False)
    assert verify(early) == ()


def test_a_key_is_trusted_by_its_id_or_by_itself_and_no_other():
    certificate = certify([a_leaf()])
    mine = certificate.signature
    assert codes(certificate, trusted=[mine["key_id"]]) == []
    assert codes(certificate, trusted=["another", mine["public_key"]]) == []
    assert codes(certificate, trusted=["another"]) == ["key"]


def test_who_signs_with_another_key_is_told_by_the_trusted_one_only():
    forged = certify([a_leaf("forged")], key=the_key(2))
    assert codes(forged) == []
    honest = certify([a_leaf()])
    assert codes(forged, trusted=[honest.signature["key_id"]]) == ["key"]
    posing = {**forged.signature, "key_id": honest.signature["key_id"]}
    assert "signature" in codes(replace(forged, signature=posing))
    swapped = {**forged.signature, "public_key": honest.signature["public_key"]}
    assert "signature" in codes(replace(forged, signature=swapped))


@pytest.mark.parametrize(
    "change", [{"value": "?"}, {"value": ""}, {"public_key": "QUJD"}, {"algorithm": "none"}]
)
def test_no_other_kind_of_signature_passes(change):
    certificate = certify([a_leaf()])
    bent = replace(certificate, signature={**certificate.signature, **change})
    assert "signature" in codes(bent)


def test_checks_that_were_changed_are_told():
    certificate = certify([a_leaf("a"), a_leaf("b")])
    assert codes(replace(certificate, checks="")) == ["checks"]
    less = replace(certificate, leaves=certificate.leaves[:1], checks="")
    assert {"root", "checks"} <= {*codes(less)}


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"checks":"","leaves":[],"signature":{},"statement":[]}', "{" * 9],
)
def test_what_is_no_certificate_is_said_to_be_none(text):
    with pytest.raises(ValueError, match=r".+"):
        from_text(text)


def test_a_leaf_with_a_key_of_its_own_is_no_leaf():
    text = to_text(certify([a_leaf()]))
    with pytest.raises(ValueError, match=r"leaves\[0\]"):
        from_text(text.replace('"cause":""', '"cause":"","note":""'))
    with pytest.raises(ValueError, match="twice"):
        from_text(text.replace('"cause":""', '"cause":"","cause":""'))


def test_another_format_is_none_of_ours():
    certificate = certify([])
    statement = {**certificate.statement, "format": "tandem-certificate/9"}
    assert codes(replace(certificate, statement=statement)) == ["format"]


def test_public_keys_have_ids_for_people():
    assert certify([]).signature["key_id"].startswith("ed25519:")
    assert len(public(the_key())) == 32
