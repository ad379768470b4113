"""The pool's side of a second lane, in Python."""

from __future__ import annotations

import os
import socket
import threading
from pathlib import Path

from envmgr_runtime.wire.lane import IN, OUT, Lane


class PoolSide:
    """Meets a `Lane` in `directory`: reads what the worker sends, sends buffers to it."""

    def __init__(self, directory):
        self._directory = Path(directory)
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self._directory / IN))
        self._listener.listen(1)
        self._keys = 0
        self.lane = None

    def meet(self):
        """Blocks until the worker is there."""
        self._socket, _ = self._listener.accept()
        self._out = (self._directory / OUT).open("rb", buffering=0)
        self._socket.sendall(b"\x01")

    def read(self, size):
        data = bytearray()
        while len(data) < size:
            more = self._out.read(size - len(data))
            if not more:
                raise EOFError
            data += more
        return bytes(data)

    def send(self, data, kind=1):
        return self.send_as(data, len(data), kind)

    def send_as(self, data, size, kind):
        self._keys += 1
        self._socket.sendall(bytes([kind]) + self._keys.to_bytes(8, "big") + size.to_bytes(8, "big") + data)
        return self._keys

    def leave(self):
        """As a pool that is gone."""
        self._socket.close()
        self._listener.close()
        self._out.close()

    def close(self):
        """Both sides: a worker's own ends with its process."""
        self.leave()
        if self.lane is not None:
            os.close(self.lane.descriptors[0])
            self.lane._socket.close()
            self.lane = None


def pair(directory, *fill):
    """Both sides of a lane in this process."""
    pool = PoolSide(directory)
    meeting = threading.Thread(target=pool.meet)
    meeting.start()
    pool.lane = Lane(str(directory), *fill)
    meeting.join()
    return pool.lane, pool
