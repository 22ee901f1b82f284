import stat
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from cluster.adapters.certs import make_certificates
from cluster.errors import ClusterError

NOW = datetime(2026, 1, 1, tzinfo=UTC)
NOW_US = int(NOW.timestamp()) * 1_000_000
HOSTS = {"a": ["rec-a.example.com", "192.0.2.1"], "b": ["2001:db8::2"]}


def make(directory, **changes):
    given = {"cluster": "acme", "nodes": ["a", "b"], "hosts": HOSTS} | changes
    return make_certificates(
        directory, given["cluster"], given["nodes"], given["hosts"], now_us=NOW_US
    )


def certificate(path):
    return x509.load_pem_x509_certificate(path.read_bytes())


def extension(certificate, kind):
    return certificate.extensions.get_extension_for_class(kind).value


def test_an_authority_and_a_pair_of_files_per_node_are_written(tmp_path):
    paths = make(tmp_path / "tls")
    assert [path.name for path in paths] == [
        "authority.pem", "authority.key", "a.pem", "a.key", "b.pem", "b.key",
    ]  # fmt: skip
    assert all(path.exists() for path in paths)


def test_keys_are_readable_by_their_owner_only(tmp_path):
    for path in make(tmp_path / "tls"):
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == 0o600 if path.suffix == ".key" else not mode & 0o022


def test_node_certificates_are_signed_by_the_authority_for_both_directions(tmp_path):
    authority, _, a, *_ = (certificate(p) if p.suffix == ".pem" else p for p in make(tmp_path))
    a.verify_directly_issued_by(authority)
    assert extension(authority, x509.BasicConstraints).ca
    assert not extension(a, x509.BasicConstraints).ca
    assert set(extension(a, x509.ExtendedKeyUsage)) == {
        ExtendedKeyUsageOID.SERVER_AUTH,
        ExtendedKeyUsageOID.CLIENT_AUTH,
    }


def test_a_node_certificate_carries_its_id_names_and_addresses(tmp_path):
    paths = make(tmp_path)
    names = extension(certificate(paths[2]), x509.SubjectAlternativeName)
    assert names.get_values_for_type(x509.DNSName) == ["a", "rec-a.example.com"]
    assert [str(one) for one in names.get_values_for_type(x509.IPAddress)] == ["192.0.2.1"]


def test_certificates_are_valid_although_a_nodes_clock_is_a_little_behind(tmp_path):
    one = certificate(make(tmp_path)[2])
    assert one.not_valid_before_utc == NOW - timedelta(days=1)
    assert one.not_valid_after_utc > NOW + timedelta(days=3000)


def test_nothing_is_overwritten(tmp_path):
    (tmp_path / "b.key").write_text("precious")
    with pytest.raises(ClusterError, match=r"b\.key") as caught:
        make(tmp_path)
    assert "empty directory" in caught.value.hint
    assert [path.name for path in tmp_path.iterdir()] == ["b.key"]
    assert (tmp_path / "b.key").read_text() == "precious"


@pytest.mark.parametrize(
    "changes",
    [
        {"nodes": ["../a"], "hosts": {}},
        {"nodes": [""], "hosts": {}},
        {"nodes": ["authority"], "hosts": {}},
        {"nodes": ["a", "a"], "hosts": {}},
        {"hosts": {"c": ["x"]}},
        {"hosts": {"a": ["bücher.example"]}},
    ],
)
def test_names_that_do_not_fit_are_refused_before_anything_is_written(tmp_path, changes):
    with pytest.raises(ClusterError) as caught:
        make(tmp_path, **changes)
    assert caught.value.hint
    assert list(tmp_path.iterdir()) == []
