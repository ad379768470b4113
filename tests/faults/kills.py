"""`kill -9` of a VM, of zygotes, of workers, of all at once: python tests/faults/kills.py --rounds 200.

A VM has two environments, one whose workers are forked and one whose workers start afresh. Some of them are idle, some
hold the GIL in C code; each has a child in its process group and one in a session of its own. After each kill
nothing that should have ended may be alive two seconds later, and calls must be answered again: by the same VM, or by
another one that is started. Where even the shell that ends what is left was killed, the next VM does that. Linux only.
The exit status is 1 when anything was otherwise.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

ELIXIR = Path(__file__).parents[2] / "elixir"
KINDS = ("vm", "zygote", "worker", "all", "all and the shell")
SECONDS = 2.0
_ANSWER_SECONDS = 60.0

LIBRARIES = """
[library.{kind}_text]
module = "re"
stdlib = true
environment = "{kind}"
workers = 3
fork = {fork}

[library.{kind}_proc]
module = "subprocess"
stdlib = true
environment = "{kind}"
fork = {fork}
"""


def project(root: Path) -> Path:
    """Synced, with both environments."""
    root.mkdir()
    text = LIBRARIES.format(kind="forked", fork="true") + LIBRARIES.format(kind="afresh", fork="false")
    (root / "envmgr.toml").write_text(text)
    subprocess.run([sys.executable, "-m", "envmgr", "--quiet", "sync"], cwd=root, check=True)
    return root


class VM:
    """Its processes are told by the mark that it gives them."""

    def __init__(self, root: Path, ebin: Path) -> None:
        script = Path(__file__).parent / "kills.exs"
        self.process = subprocess.Popen(
            ["elixir", "-pa", str(ebin), str(script), str(root)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.mark = ""
        self.children: list[int] = []

    def go(self) -> float:
        """Has it call into every environment; seconds until these had answered."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        said = self.process.stdout.readline()
        assert said, f"the VM ended with status {self.process.wait()}"
        self.mark, ready, *children = said.split()
        self.children = [int(child) for child in children]
        return int(ready) / 1000

    @property
    def pid(self) -> int:
        return int(self.mark.split("-")[1])

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()


def marked(mark: str) -> set[int]:
    """Whoever was started with this mark in its environment, and is alive."""
    found = set()
    wanted = f"ENVMGR_WORKER={mark};".encode()
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and wanted in (entry / "environ").read_bytes():
                found.add(int(entry.name))
        except OSError:
            continue
    return {pid for pid in found if alive(pid)}


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def command(pid: int) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return []


def parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def shells(mark: str) -> set[int]:
    pids = (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())
    return {pid for pid in pids if f"{mark};".encode() in command(pid)}


def strike(pids: set[int]) -> None:
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


def survivors(mark: str, doomed: set[int] | None, seconds: float = SECONDS) -> set[int]:
    """Of those that are to end (None: all of the VM), who lives after so many seconds."""
    until = time.monotonic() + seconds
    while True:
        left = marked(mark) | shells(mark) if doomed is None else {pid for pid in doomed if alive(pid)}
        if not left or time.monotonic() > until:
            return left
        time.sleep(0.02)


class Campaign:
    def __init__(self, root: Path, ebin: Path, chance: random.Random) -> None:
        self.root, self.ebin, self.chance = root, ebin, chance
        self.count: Counter[str] = Counter()
        self.problems: list[str] = []
        self.slowest = 0.0
        self.longest = 0.0
        self.vm = VM(root, ebin)

    def round(self, number: int, kind: str) -> None:
        self.slowest = max(self.slowest, self.vm.go())
        mark = self.vm.mark
        there = marked(mark)
        family = {pid for pid in there if b"zygote" in command(pid)}  # a fork goes by its parent's name
        zygotes = {pid for pid in family if parent(pid) not in family}
        forked = family - zygotes
        afresh = {pid for pid in there if command(pid)[-2:-1] and command(pid)[-2].endswith(b"worker.py")}
        workers = forked | afresh
        if not (zygotes and forked and afresh and there.issuperset(self.vm.children)):
            scene = [zygotes, forked, afresh, set(self.vm.children) - there]
            self.problems.append(f"round {number}: the scene is not as it should be: {scene}")
        doomed: set[int] | None = None
        if kind == "zygote":
            struck = zygotes
            doomed = zygotes | forked | self.of(forked)
        elif kind == "worker":
            struck = {self.chance.choice(sorted(workers))}
            doomed = struck | self.of(struck)
        else:
            struck = {self.vm.pid}
            if kind != "vm":
                struck |= zygotes | workers
            if kind == "all and the shell":
                struck |= shells(mark)
        began = time.monotonic()
        strike(struck)
        self.count[kind] += 1
        if kind == "all and the shell":
            doomed = zygotes | workers
        left = survivors(mark, doomed)
        if doomed is None or kind == "all and the shell":
            self.vm.close()
            self.vm = VM(self.root, self.ebin)
        if kind == "all and the shell":  # the children are the next VM's to end
            self.vm.go()
            left |= survivors(mark, None)
        self.longest = max(self.longest, time.monotonic() - began)
        if left:
            told = {pid: b" ".join(command(pid)).decode(errors="replace") for pid in left}
            began = time.monotonic()
            later = survivors(mark, left, 20.0)
            ever = f"for good: {later}" if later else f"{time.monotonic() - began:.1f} s longer"
            self.problems.append(f"round {number}: {kind} killed, and alive: {told}, {ever}")
            print(self.problems[-1], file=sys.stderr, flush=True)
            strike(left)

    def of(self, workers: set[int]) -> set[int]:
        """The children of these workers, told by who their parents are."""
        return {child for child in self.vm.children if parent(child) in workers}

    def close(self) -> None:
        mark = self.vm.mark
        self.vm.close()
        left = survivors(mark, None) if mark else set()
        if left:
            self.problems.append(f"at the end: alive: {left}")


def campaign(rounds: int, seed: int, ebin: Path, kinds: tuple[str, ...] = KINDS) -> Campaign:
    with tempfile.TemporaryDirectory(prefix="envmgr-kills-") as place:
        own = Path(place) / "ebin"  # whoever compiles meanwhile disturbs nothing
        shutil.copytree(ebin, own)
        found = Campaign(project(Path(place) / "project"), own, random.Random(seed))
        try:
            for number in range(rounds):
                found.round(number, kinds[number % len(kinds)])
                if number % 20 == 19:
                    print(f"of {rounds}: {dict(found.count)}", flush=True)
            found.slowest = max(found.slowest, found.vm.go())
        finally:
            found.close()
    return found


def compiled() -> Path:
    """The library as `mix compile` leaves it."""
    env = {**os.environ, "MIX_ENV": "prod"}
    subprocess.run(["mix", "compile"], cwd=ELIXIR, env=env, check=True, stdout=subprocess.DEVNULL)
    return ELIXIR / "_build" / "prod" / "lib" / "envmgr" / "ebin"


def main() -> int:
    parser = argparse.ArgumentParser(prog="nox -s kills --")
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=KINDS, help="this kind and vm in turn")
    asked = parser.parse_args()
    begun = time.perf_counter()
    kinds = KINDS if asked.only is None else (asked.only, "vm")  # what is stuck adds up in one VM
    found = campaign(asked.rounds, asked.seed, compiled(), kinds)
    summary = {
        "rounds": asked.rounds,
        "seed": asked.seed,
        "kills": dict(found.count),
        "answered_within": round(found.slowest, 3),
        "seconds": round(time.perf_counter() - begun, 1),
        "problems": found.problems,
    }
    print(json.dumps(summary))
    return 1 if found.problems else 0


if __name__ == "__main__":
    sys.exit(main())
