"""Whether this machine carries multicast DNS over its loopback interface."""

import functools
import socket

GROUP, PORT = "224.0.0.251", 5353


@functools.cache
def multicast_works():
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as hearer:
            hearer.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            hearer.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            hearer.bind(("", PORT))
            group = socket.inet_aton(GROUP) + socket.inet_aton("127.0.0.1")
            hearer.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group)
            hearer.settimeout(1.0)
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as speaker:
                here = socket.inet_aton("127.0.0.1")
                speaker.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, here)
                speaker.sendto(b"\0" * 12, (GROUP, PORT))
            return bool(hearer.recv(100))
    except OSError:
        return False
