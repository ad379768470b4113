"""`kill -9` at random moments of `sync`: python tests/faults/campaign.py --kills 60 --library scikit-learn.

A project goes back and forth between the newest version of a library and the one before it, of other minor
version; each sync locks, and builds what gc has freed, every third time without help of an earlier build. It is
killed at a moment drawn from its whole length. After each kill what is active must be imported by its workers'
interpreter, and the same command without a kill must end well and leave nothing over. At the end every byte is
compared. The exit status is 1 when anything was otherwise.
"""

import argparse
import json
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from scene import Scene

_DEEP_EVERY = 20
_ANEW_EVERY = 3


class Campaign:
    def __init__(self, scene: Scene, library: str, chance: random.Random) -> None:
        self.scene, self.library, self.chance = scene, library, chance
        self.count: Counter[str] = Counter()
        self.problems: list[str] = []
        self.versions: list[str] = []
        self.seconds: dict[tuple[str, bool], float] = {}

    def prepare(self) -> None:
        """Find two versions, and how long each sync takes."""
        self.ask(">=0")
        self.scene.ok("sync")
        newest = self.scene.serving()[self.library]
        self.ask(f"<{'.'.join(newest.split('.')[:2])}")
        self.scene.ok("sync")
        self.versions = [newest, self.scene.serving()[self.library]]
        for number in (0, 1, 2, 3):
            kind = self.arrange(number)
            begun = time.perf_counter()
            self.scene.ok("sync")
            self.seconds[kind] = time.perf_counter() - begun
        self.scene.ok("gc", "--keep", "0")

    def ask(self, requirement: str) -> None:
        self.scene.configure(**{self.library: f'version = "{requirement}"'})

    def arrange(self, number: int) -> tuple[str, bool]:
        """Ask for the other version, freed; in some pairs of times nothing is left of earlier builds."""
        self.scene.ok("gc", "--keep", "0")
        version, anew = self.versions[number % 2], number // 2 % _ANEW_EVERY == 0
        if anew:
            shutil.rmtree(self.scene.cache, ignore_errors=True)
        self.ask(f"=={version}")
        return version, anew

    def strike(self, number: int) -> None:
        kind = self.arrange(number)
        child = self.scene.start("sync")
        begun, after = time.perf_counter(), self.chance.uniform(0, self.seconds[kind])
        try:
            child.wait(after)
        except subprocess.TimeoutExpired:
            child.send_signal(signal.SIGKILL)
        child.communicate()
        if child.returncode != -signal.SIGKILL:  # it was quicker than the ones before
            self.seconds[kind] = time.perf_counter() - begun
            self.count["missed"] += 1
            return
        self.count["struck"] += 1
        where = f"kill {number}, {after:.3f} s into a sync to {kind[0]}"
        self.judge("broken", where, lambda: self.serves(self.versions))
        self.judge("not recovered", where, lambda: self.scene.ok("sync"))
        self.judge("left over", where, self.leaves_nothing)
        self.judge("not recovered", where, lambda: self.leads_to(kind[0]))
        if number % _DEEP_EVERY == _DEEP_EVERY - 1:
            self.judge("unsound", where, lambda: self.scene.sound("--deep"))

    def judge(self, word: str, where: str, check) -> None:
        try:
            check()
        except (AssertionError, OSError, ValueError) as problem:
            self.count[word] += 1
            self.problems.append(f"{where}: {word}: {problem}")
            print(self.problems[-1], file=sys.stderr, flush=True)

    def serves(self, versions: list[str]) -> None:
        found = self.scene.serving()
        assert found.get(self.library) in versions, f"{found}, not {versions}"

    def leads_to(self, version: str) -> None:
        (manifest,) = self.scene.active().values()
        assert manifest["libraries"][self.library]["version"] == version

    def leaves_nothing(self) -> None:
        found = self.scene.leftovers()
        assert found == [], found


def main() -> int:
    parser = argparse.ArgumentParser(prog="nox -s faults --")
    parser.add_argument("--kills", type=int, required=True)
    parser.add_argument("--library", default="scikit-learn")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    begun = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="envmgr-faults-") as place:
        campaign = Campaign(Scene(Path(place) / "project"), asked.library, random.Random(asked.seed))
        campaign.prepare()
        lengths = ", ".join(f"{seconds:.2f}" for seconds in campaign.seconds.values())
        print(f"{asked.library} {' and '.join(campaign.versions)}; a sync takes {lengths} s", flush=True)
        number = 0
        while campaign.count["struck"] < asked.kills:
            campaign.strike(number)
            number += 1
            if number % 10 == 0:
                print(f"of {asked.kills}: {dict(campaign.count)}", flush=True)
        campaign.judge("unsound", "at the end", lambda: campaign.scene.sound("--deep"))
    words = ("struck", "missed", "broken", "not recovered", "left over", "unsound")
    summary = {"library": asked.library, "kills": asked.kills, "seed": asked.seed}
    summary |= {word.replace(" ", "_"): campaign.count[word] for word in words}
    summary |= {"seconds": round(time.perf_counter() - begun, 1), "problems": campaign.problems}
    print(", ".join(f"{campaign.count[word]} {word}" for word in words))
    print(json.dumps(summary))
    return 1 if campaign.problems else 0


if __name__ == "__main__":
    sys.exit(main())
