"""The bound: answers every frame of descriptor 3 with its own bytes on descriptor 4, many at a time."""

import os
import struct

BYTES = 1 << 16


def main():
    waiting = b""
    buffer = bytearray(BYTES)
    while True:
        count = os.readv(3, [buffer])
        if count == 0:
            return
        waiting += buffer[:count]
        end = 0
        while len(waiting) - end >= 4:
            (size,) = struct.unpack_from(">I", waiting, end)
            if len(waiting) - end - 4 < size:
                break
            end += 4 + size
        whole, waiting = waiting[:end], waiting[end:]
        while whole:
            whole = whole[os.write(4, whole) :]


main()
