"""A network between two nodes that can be cut: every link of the pair runs through TCP proxies."""

import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress

from sim.served.local_pair import NODES

_ABORT = struct.pack("ii", 1, 0)
_CHUNK_BYTES = 65_536
_CONNECT_S = 5.0


class CutProxy:
    """Where one node dials its peer. Bytes pass `gate(sender)` before they are forwarded."""

    def __init__(self, dialler: str, gate: Callable[[str], None]) -> None:
        self.target = 0
        self._dialler = dialler
        self._gate = gate
        self._lock = threading.Lock()
        self._sockets: set[socket.socket] = set()
        self._listener: socket.socket | None = None
        self.port = 0
        self.listen()

    def listen(self) -> None:
        """Accept connections, on the same port as ever."""
        if self._listener is not None:
            return
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self.port = self._listener.getsockname()[1]
        self._thread(self._accept, self._listener)

    def refuse(self) -> None:
        """Refuse new connections, as a closed port does."""
        listener, self._listener = self._listener, None
        if listener is not None:
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()

    def reset(self) -> None:
        """Abort every connection in both directions."""
        with self._lock:
            sockets, self._sockets = self._sockets, set()
        for one in sockets:
            with suppress(OSError):
                one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABORT)
                # Wakes the thread that reads; the abort itself happens at close.
                one.shutdown(socket.SHUT_RD)
            one.close()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                near, _ = listener.accept()
                try:
                    far = socket.create_connection(("127.0.0.1", self.target), _CONNECT_S)
                except OSError:
                    # The peer's port is closed: so is this one, as seen by who dials.
                    near.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABORT)
                    near.close()
                    continue
                far.settimeout(None)
                with self._lock:
                    self._sockets |= {near, far}
                peer = next(name for name in NODES if name != self._dialler)
                self._thread(self._forward, near, far, self._dialler)
                self._thread(self._forward, far, near, peer)

    def _forward(self, source: socket.socket, sink: socket.socket, sender: str) -> None:
        with suppress(OSError):
            while data := source.recv(_CHUNK_BYTES):
                self._gate(sender)
                sink.sendall(data)
            self._gate(sender)
            sink.shutdown(socket.SHUT_WR)

    @staticmethod
    def _thread(target: Callable[..., None], *arguments: object) -> None:
        threading.Thread(target=target, args=arguments, daemon=True).start()  # noqa: TID251


class Network:
    """Both proxies. `ports` go to PairPlan.peer_ports; `targets` are the nodes' own peer ports."""

    def __init__(self) -> None:
        self._passing = {name: threading.Event() for name in NODES}
        self._delays_s = dict.fromkeys(NODES, 0.0)
        self._never = threading.Event()
        self.heal()
        self._proxies = {name: CutProxy(name, self._wait) for name in NODES}

    @property
    def ports(self) -> dict[str, int]:
        """Where each node dials."""
        return {name: proxy.port for name, proxy in self._proxies.items()}

    def connect(self, peer_ports: dict[str, int]) -> None:
        """Say where the nodes really listen."""
        for name, proxy in self._proxies.items():
            proxy.target = next(port for node, port in peer_ports.items() if node != name)

    def cut(self, *senders: str) -> None:
        """Nothing that these nodes (both, if none is named) send arrives; nobody is told."""
        for name in senders or NODES:
            self._passing[name].clear()

    def delay(self, seconds: float) -> None:
        """Whatever is sent from now on takes so much longer, one piece after the other."""
        self._delays_s = dict.fromkeys(NODES, seconds)

    def reset(self) -> None:
        """Break every connection; new ones are possible."""
        for proxy in self._proxies.values():
            proxy.reset()

    def reject(self) -> None:
        """Break every connection and refuse new ones, as a firewall does that answers."""
        for proxy in self._proxies.values():
            proxy.refuse()
        self.reset()

    def heal(self) -> None:
        """As on the first day."""
        self.delay(0.0)
        for passing in self._passing.values():
            passing.set()
        for proxy in getattr(self, "_proxies", {}).values():
            proxy.listen()

    def close(self) -> None:
        """Stop forwarding and listening."""
        self.heal()
        self.reject()

    def _wait(self, sender: str) -> None:
        self._passing[sender].wait()
        if self._delays_s[sender] > 0:
            self._never.wait(self._delays_s[sender])
