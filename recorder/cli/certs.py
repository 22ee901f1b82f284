"""`tandem certs`: a private CA and one certificate per node for the peer link."""

from __future__ import annotations

from pathlib import Path

from cluster.errors import ClusterError
from recorder.cli.errors import CliError, Exit
from recorder.cli.output import print_line


def certs(*, cluster: str, node: list[str], out: Path = Path("certs")) -> None:
    """Make the certificates of the peer link: a CA, and a key and certificate for each node.

    Args:
        cluster: Name of the cluster, as in node.cluster.
        node: Once per node: NAME=HOST, the host the peer reaches it at.
        out: Folder to write into; nothing in it is ever overwritten.
    """
    from cluster.certs import make_certificates  # noqa: PLC0415 - cryptography is slow to import

    hosts: dict[str, str] = {}
    for entry in node:
        name, equals, host = entry.partition("=")
        if not equals or not name or not host:
            raise CliError(
                f"--node {entry}: must be NAME=HOST", Exit.USAGE, hint="--node alpha=10.0.0.5"
            )
        hosts[name] = host
    try:
        paths = make_certificates(out, cluster, hosts)
    except ClusterError as error:
        raise CliError(str(error), Exit.REFUSED, hint=error.hint) from error
    for path in paths:
        print_line(str(path))
