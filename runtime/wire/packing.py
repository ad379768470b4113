"""The one import of msgpack.

In a runtime layer msgpack lies inside this package (`_vendor`), out of reach of the environment's own. Its
C module registers itself under its compiled-in name `msgpack._cmsgpack`; that entry is taken back, or an
environment's msgpack of another release would pick ours up.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import msgpack
else:
    _already = sys.modules.get("msgpack._cmsgpack")
    try:
        from .._vendor import msgpack
    except ImportError:
        import msgpack
    else:
        if _already is None:
            sys.modules.pop("msgpack._cmsgpack", None)

ExtType = msgpack.ExtType
ExtraData = msgpack.ExtraData
OutOfData = msgpack.OutOfData
Packer = msgpack.Packer
Unpacker = msgpack.Unpacker
packb = msgpack.packb
unpackb = msgpack.unpackb

__all__ = ["ExtType", "ExtraData", "OutOfData", "Packer", "Unpacker", "packb", "unpackb"]
