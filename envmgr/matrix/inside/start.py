"""Runs a script as `python SCRIPT` would, and keeps the bytecode of what it imports from its environment.

    start.py DIRECTORY SCRIPT [ARGUMENT …]

The environment itself is not written to (`-B`): what was compiled goes to DIRECTORY, by paths from site-packages,
and into the environment once it is known whole.
"""

import importlib.machinery
import importlib.util
import marshal
import os
import runpy
import struct
import sys
from types import CodeType
from typing import Any


def keep_bytecode(directory: str) -> None:
    here = tuple(
        place + os.sep for place in sys.path if place.startswith(sys.prefix) and "site-packages" in place
    )
    loader = importlib.machinery.SourceFileLoader
    compile_ = loader.source_to_code

    def source_to_code(self: Any, data: Any, path: Any, *rest: Any, **options: Any) -> CodeType:
        code: CodeType = compile_(self, data, path, *rest, **options)
        try:
            if isinstance(path, str) and path.startswith(here) and isinstance(data, bytes):
                home = next(place for place in here if path.startswith(place))
                write(directory, path[len(home) :], path, data, code)
        except (OSError, ValueError, NotImplementedError):
            pass
        return code

    loader.source_to_code = source_to_code  # type: ignore[method-assign]


def write(directory: str, name: str, path: str, data: bytes, code: CodeType) -> None:
    """As PEP 552 says."""
    folder, source = os.path.split(name)
    compiled = f"{os.path.splitext(source)[0]}.{sys.implementation.cache_tag}.pyc"  # noqa: PTH122
    place = os.path.join(directory, folder, "__pycache__", compiled)  # noqa: PTH118
    os.makedirs(os.path.dirname(place), exist_ok=True)  # noqa: PTH103, PTH120
    changed = int(os.stat(path).st_mtime) & 0xFFFFFFFF  # noqa: PTH116
    header = importlib.util.MAGIC_NUMBER + struct.pack("<III", 0, changed, len(data) & 0xFFFFFFFF)
    beside = f"{place}.{os.getpid()}"
    with open(beside, "wb") as file:  # noqa: PTH123
        file.write(header + marshal.dumps(code))
    os.replace(beside, place)  # noqa: PTH105


if __name__ == "__main__":
    directory, script = sys.argv[1:3]
    keep_bytecode(directory)
    del sys.argv[:2]
    runpy.run_path(script, run_name="__main__")
