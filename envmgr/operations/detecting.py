"""`envmgr detect`: environments, interpreters and containers that other tools made."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

from envmgr.model.detection import DetectOutcome, FoundEnvironment
from envmgr.tools.foreign.container import container
from envmgr.tools.foreign.examining import Facts, examine, examine_system
from envmgr.tools.foreign.places import Places, Surroundings
from envmgr.tools.foreign.trust import Judge


def detect(surroundings: Surroundings) -> DetectOutcome:
    """Everything at the known places around a directory and in the user's home, each path once.

    Starts no process and walks no tree: the cost grows with the number of environments, not with the size of
    the home.
    """
    begun = time.perf_counter()
    places = Places(surroundings)
    judge = Judge(os.getuid(), os.getgid())
    found = [_judged(facts, judge) for facts in _facts(places)]
    found += _containers(surroundings)
    milliseconds = (time.perf_counter() - begun) * 1000
    return DetectOutcome(str(surroundings.directory), tuple(found), tuple(places.crowded), milliseconds)


def _facts(places: Places) -> Iterator[Facts]:
    seen: set[str] = set()
    for candidate in places.candidates():
        real = os.path.realpath(candidate.path)
        if real not in seen:
            facts = examine(candidate)
            if facts is not None:
                seen.add(real)
                yield facts
    for executable in places.interpreters():
        real = os.path.realpath(executable)
        if real not in seen and os.path.dirname(os.path.dirname(real)) not in seen:  # noqa: PTH120 - text
            facts = examine_system(executable)
            if facts is not None:
                seen.add(real)
                yield facts


def _judged(facts: Facts, judge: Judge) -> FoundEnvironment:
    verdict = judge.judge(facts)
    return FoundEnvironment(
        facts.kind,
        facts.role,
        str(facts.path),
        facts.python,
        facts.distributions,
        facts.creator,
        verdict.trusted,
        verdict.use,
        verdict.why,
    )


def _containers(surroundings: Surroundings) -> Iterator[FoundEnvironment]:
    found = container(surroundings.root, surroundings.variables)
    if found is not None:
        runtime, evidence = found
        why = (
            f"this system is a container of {runtime}: what is written outside of its volumes goes with it",
        )
        yield FoundEnvironment("container", "container", str(evidence), None, None, runtime, True, "", why)


__all__ = ["Surroundings", "detect"]
