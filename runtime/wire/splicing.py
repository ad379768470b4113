"""Writing large buffers to a pipe. Linux hands their pages on instead of copying them (`vmsplice(2)`)."""

from __future__ import annotations

import os
import sys
from typing import Any

_F_SETPIPE_SZ = 1031
_PIPE_BYTES = 1 << 20
_CHUNK = 1 << 28


class Splicer:
    """A blocking writer. `write` returns when the reader has taken every byte but those the pipe holds itself.

    Pages that `vmsplice` put into the pipe still belong to the buffer: they must have been read before the
    buffer may change. The last bytes, as many as the pipe holds, are therefore written by copy: once they are
    all in, nothing else is.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._pipe_bytes = _widen(descriptor)
        self._splice = _vmsplice() if self._pipe_bytes else None

    def write(self, view: memoryview) -> None:
        """Raises `OSError` when nobody reads any more."""
        done = 0
        if self._splice is not None and view.nbytes > 2 * self._pipe_bytes:
            address = _address(view)
            while address is not None and done < view.nbytes - self._pipe_bytes:
                count = self._splice(
                    self._descriptor, address + done, min(view.nbytes - self._pipe_bytes - done, _CHUNK)
                )
                if count <= 0:  # memory that cannot be lent, such as a device's: copy it
                    break
                done += count
        while done < view.nbytes:
            done += os.write(self._descriptor, view[done : done + _CHUNK])


def _widen(descriptor: int) -> int:
    """The pipe's size, as large as it may be had; 0 where that is not known."""
    if not sys.platform.startswith("linux"):
        return 0
    import fcntl

    try:
        return fcntl.fcntl(descriptor, _F_SETPIPE_SZ, _PIPE_BYTES)
    except OSError:
        try:
            return fcntl.fcntl(descriptor, _F_SETPIPE_SZ + 1)
        except OSError:
            return 0


def _vmsplice() -> Any:
    try:
        import ctypes

        call = ctypes.CDLL(None, use_errno=True).vmsplice
    except (ImportError, OSError, AttributeError):
        return None

    class Vector(ctypes.Structure):
        _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))

    call.argtypes = [ctypes.c_int, ctypes.POINTER(Vector), ctypes.c_ulong, ctypes.c_uint]
    call.restype = ctypes.c_ssize_t

    def splice(descriptor: int, address: int, length: int) -> int:
        return int(call(descriptor, ctypes.byref(Vector(address, length)), 1, 0))

    return splice


def _address(view: memoryview) -> int | None:
    """Where the bytes of a contiguous view lie."""
    import ctypes

    if not view.readonly:
        return ctypes.addressof(ctypes.c_char.from_buffer(view))
    if type(view.obj) is bytes and len(view.obj) == view.nbytes:
        return ctypes.cast(ctypes.c_char_p(view.obj), ctypes.c_void_p).value
    numpy = sys.modules.get("numpy")
    try:
        return int(numpy.frombuffer(view, numpy.uint8).ctypes.data)  # type: ignore[union-attr]
    except AttributeError:  # not there, or its import is under way in another thread
        return None
