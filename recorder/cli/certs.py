"""`tandem certs`: a private authority and one certificate per node for the peer link."""

from __future__ import annotations

import time
from pathlib import Path

from cluster.errors import ClusterError
from recorder.cli.common import JsonFlag
from recorder.cli.errors import CliError, Exit
from recorder.cli.output import print_json, print_line


def certs(
    *,
    cluster: str = "tandem",
    node: list[str],
    out: Path = Path("certs"),
    json: JsonFlag = False,
) -> None:
    """Make the certificates of the peer link: an authority, and a key and certificate for each node.

    Give each node its own two files and authority.pem; keep authority.key away from both.

    Args:
        cluster: Name of the cluster, as in node.cluster.
        node: Once per node: NAME=HOST[,HOST], where the peer reaches it.
        out: Folder to write into; nothing in it is ever overwritten.
        json: Answer with JSON on stdout.
    """
    from cluster.adapters.certs import make_certificates  # noqa: PLC0415 - cryptography is slow to import

    hosts: dict[str, list[str]] = {}
    for entry in node:
        name, _, given = entry.partition("=")
        its_hosts = [host.strip() for host in given.split(",") if host.strip()]
        if not name or not its_hosts:
            raise CliError(
                f"--node {entry}: must be NAME=HOST", Exit.USAGE, hint="--node alpha=10.0.0.5"
            )
        hosts.setdefault(name, []).extend(its_hosts)
    now_us = time.time_ns() // 1000  # noqa: TID251 - the command line reads the calendar
    try:
        paths = make_certificates(out, cluster, list(hosts), hosts, now_us=now_us)
    except ClusterError as error:
        raise CliError(str(error), Exit.REFUSED, hint=error.hint) from error
    except OSError as error:
        raise CliError(
            f"{error.filename or out}: {error.strerror or error}", Exit.FAILED, hint="Choose --out."
        ) from error
    if json:
        print_json({"files": [str(path) for path in paths]})
        return
    for path in paths:
        print_line(str(path))
