"""Edits of single bytes: python tests/faults/edits.py --edits 200 --library pandas.

An environment of the library, in files of its own (link-mode = "copy"), gets one bit of one byte turned at a
time, sizes and times as they were; `health --deep` must name that very file, and nothing else as changed. The
exit status is 1 when an edit was not found.
"""

import argparse
import json
import os
import random
import sys
import tempfile
from pathlib import Path

from envmgr.config import load
from envmgr.environments.layout import Layout
from envmgr.operations.health import health
from envmgr.operations.syncing import sync


def turn(path: Path, position: int, bit: int) -> None:
    """And back, when done twice."""
    facts = path.stat()
    with path.open("r+b") as file:
        file.seek(position)
        (byte,) = file.read(1)
        file.seek(position)
        file.write(bytes([byte ^ 1 << bit]))
    os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns))


def main() -> int:
    parser = argparse.ArgumentParser(prog="nox -s faults --")
    parser.add_argument("--edits", type=int, required=True)
    parser.add_argument("--library", default="pandas")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    chance = random.Random(asked.seed)
    missed = []
    with tempfile.TemporaryDirectory(prefix="envmgr-edits-") as place:
        root = Path(place)
        text = f'[library.{asked.library}]\n[environment.{asked.library}]\nlink-mode = "copy"\n'
        (root / "envmgr.toml").write_text(text)
        project = load(root)
        sync(project)
        home = Layout(root).current(asked.library).resolve()
        files = sorted(path for path in home.rglob("*") if not path.is_symlink() and path.is_file())
        files = [path for path in files if path.stat().st_size]
        for number in range(asked.edits):
            path = chance.choice(files)
            position, bit = chance.randrange(path.stat().st_size), chance.randrange(8)
            turn(path, position, bit)
            (found,) = health(project, deep=True)
            turn(path, position, bit)
            name = path.relative_to(home).as_posix()
            if [each.file for each in found.findings if each.problem == "changed"] != [name] or found.healthy:
                missed.append(f"{name}, byte {position}, bit {bit}")
            if number % 20 == 19:
                print(f"{number + 1} edits, {len(missed)} missed", flush=True)
        clean = health(project, deep=True)[0].healthy
    print(
        json.dumps({"library": asked.library, "edits": asked.edits, "missed": missed, "clean after": clean})
    )
    return 1 if missed or not clean else 0


if __name__ == "__main__":
    sys.exit(main())
