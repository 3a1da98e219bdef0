"""A network path between the switch and an upstream that can be cut: datagrams then vanish in both directions."""
import select
import socket
import threading


class Path:
    """Stands at `address` before the upstream at `peer`: the switch is told this address as its proxy.

    The upstream sees the path as the sender, and answers to where the top Via's rport and received lead: here.
    """

    def __init__(self, address, peer):
        self.peer, self.is_cut, self.lost = peer, False, 0
        self._outer, self._inner = socket.socket(socket.AF_INET, socket.SOCK_DGRAM), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._outer.bind(address)
        self._inner.bind((address[0], 0))
        self._source = None
        self._wake, self._stop = socket.socketpair()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def cut(self):
        self.is_cut = True

    def mend(self):
        self.is_cut = False

    def _run(self):
        while True:
            ready, _, _ = select.select([self._outer, self._inner, self._wake], [], [])
            if self._wake in ready:
                return
            for readable in ready:
                try:
                    data, source = readable.recvfrom(65535)
                    if self.is_cut:
                        self.lost += 1
                    elif readable is self._outer:
                        self._source = source
                        self._inner.sendto(data, self.peer)
                    elif self._source:
                        self._outer.sendto(data, self._source)
                except OSError:
                    # The ICMP error of an earlier datagram: nobody is there, which the switch is not to learn.
                    self.lost += 1

    def discard(self):
        self._stop.send(b"x")
        self._thread.join(5)
        for open_socket in (self._outer, self._inner, self._wake, self._stop):
            open_socket.close()
