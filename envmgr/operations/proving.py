"""Importing is the proof: a real worker imports what was installed, and catalogs come of it."""

from __future__ import annotations

from pathlib import Path

from envmgr.environments.modules import Resolved
from envmgr.errors import EnvmgrError
from envmgr.tools import process


def prove(
    root: Path, worker: Path, python: Path, libraries: tuple[Resolved, ...], into: Path, *, bytecode: bool
) -> None:
    for found in libraries:
        code = f"import {found.module}\n{found.library.init}"
        done = process.run([python, "-I", *(() if bytecode else ("-B",)), "-c", code], cwd=root)
        if done.status:
            raise EnvmgrError("E-PROOF", done.stderr)
        (into / f"{found.module}.msgpack").write_bytes(b"\x80")
