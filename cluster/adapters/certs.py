"""Certificates for the peer link: a private authority and one certificate per node."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from cluster.errors import ClusterError

VALID_DAYS: Final = 3650

_CLOCK_DIFFERENCE: Final = timedelta(days=1)
_NODE_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}")


@dataclass(frozen=True, slots=True)
class _Signer:
    """The authority while it signs."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate


def make_certificates(
    directory: Path,
    cluster: str,
    nodes: Sequence[str],
    hosts: Mapping[str, Sequence[str]],
    *,
    now_us: int,
    valid_days: int = VALID_DAYS,
) -> list[Path]:
    """Write `authority.pem`, `authority.key`, and `<node>.pem`, `<node>.key` for every node.

    `hosts` gives each node's names and addresses; its node id is always among its names. Keys are
    readable by their owner only. Returns the paths written. Raises ClusterError, before anything is
    written, when a file exists already or a name does not fit.
    """
    _check_names(nodes, hosts)
    names = [name for stem in ("authority", *nodes) for name in (f"{stem}.pem", f"{stem}.key")]
    paths = [directory / name for name in names]
    there = [str(path) for path in paths if path.exists()]
    if there:
        raise ClusterError(
            f"these files exist already: {', '.join(there)}",
            hint="Choose an empty directory, or remove them if no node uses them any more.",
        )
    begin = datetime.fromtimestamp(now_us / 1_000_000, UTC) - _CLOCK_DIFFERENCE
    period = (begin, begin + _CLOCK_DIFFERENCE + timedelta(days=valid_days))
    authority = _make_authority(cluster, period)
    pairs = [(authority.key, authority.certificate)]
    for node in nodes:
        key = ec.generate_private_key(ec.SECP256R1())
        shown = dict.fromkeys((node, *hosts.get(node, ())))
        pairs.append((key, _sign(authority, node, list(shown), key.public_key(), period)))
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    for index, (key, certificate) in enumerate(pairs):
        _write(paths[2 * index], certificate.public_bytes(serialization.Encoding.PEM), 0o644)
        _write(paths[2 * index + 1], _key_bytes(key), 0o600)
    return paths


def _check_names(nodes: Sequence[str], hosts: Mapping[str, Sequence[str]]) -> None:
    for node in nodes:
        if _NODE_NAME.fullmatch(node) is None or node == "authority":
            raise ClusterError(
                f"{node!r} cannot be the name of a certificate",
                hint="Use letters, digits, - and _, and not the word authority.",
            )
    if len(set(nodes)) != len(nodes):
        raise ClusterError("a node is named twice", hint="Name each node once.")
    unknown = [node for node in hosts if node not in nodes]
    if unknown:
        raise ClusterError(
            f"hosts are given for {', '.join(unknown)}, which is no node", hint="Check the names."
        )


def _make_authority(cluster: str, period: tuple[datetime, datetime]) -> _Signer:
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name(f"Tandem {cluster}"[:64])
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(period[0])
        .not_valid_after(period[1])
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(identifier, critical=False)
        .sign(key, hashes.SHA256())
    )
    return _Signer(key, certificate)


def _sign(
    authority: _Signer,
    node: str,
    shown: Sequence[str],
    public_key: ec.EllipticCurvePublicKey,
    period: tuple[datetime, datetime],
) -> x509.Certificate:
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key())
    both = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    return (
        x509.CertificateBuilder()
        .subject_name(_name(node))
        .issuer_name(authority.certificate.subject)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(period[0])
        .not_valid_after(period[1])
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage(both), critical=False)
        .add_extension(x509.SubjectAlternativeName([_shown(one) for one in shown]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
        .add_extension(issuer, critical=False)
        .sign(authority.key, hashes.SHA256())
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _shown(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        pass
    try:
        return x509.DNSName(host)
    except ValueError as error:
        raise ClusterError(
            f"{host!r} is no host name and no address",
            hint="Write international names in their ASCII form (xn--…).",
        ) from error


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _key_bytes(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _write(path: Path, data: bytes, mode: int) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(data)
