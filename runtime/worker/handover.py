"""Makes a forked worker of the process behind a port: `python -I -S -B handover.py SOCKET NUMBER`.

The program that a pool starts in place of a worker. It gives its descriptors 3 and 4 to the zygote that listens on
SOCKET, waits until they are taken, and ends: the pool's port stays open as long as the worker that has them. It is on
the way of every worker to its first call, so it imports nothing but what Python has built in, and not the runtime.
"""

import _socket
import posix
import sys

if __name__ == "__main__":
    path, number = sys.argv[1:]
    descriptors = b"".join(descriptor.to_bytes(4, sys.byteorder) for descriptor in (3, 4))
    zygote = _socket.socket(_socket.AF_UNIX)
    try:
        zygote.connect(path)
        zygote.sendmsg([number.encode()], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, descriptors)])
        taken = zygote.recv(1)  # some systems forget descriptors on their way when the sender ends
    except OSError:  # the zygote is gone, which the pool hears from elsewhere
        taken = b""
    posix._exit(0 if taken else 1)
