"""What strategies do to real values: `worker.py serializers REQUEST`, in a process of its own.

The request is JSON: `libraries` (as in a hello), `environment`, `into` (the file that gets the answer, MessagePack)
and perhaps `call`: `[path, payload]`, the payload in base64. Without it, each configured type is tested; with it, the
value of the call is sent by every strategy there is.
"""

from __future__ import annotations

import base64
import importlib
import json
import os
import time
from collections import deque
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Callable, Mapping

from ..library.loading import Libraries
from ..values import registry
from ..values.codec import Codec
from ..values.names import type_name
from ..values.plugins import Serializers, entry_points
from ..values.strategies import NATIVE, WORDS, Strategies, merged
from ..wire.packing import packb
from .around import Around
from .failures import failure
from .refs import RefTable
from .sameness import same
from .targets import Targets

_SECONDS = 0.02
"""How long one direction is timed."""
_MOST_RUNS = 200
_MOST_LOOKED_AT = 10_000
_NOT_SENT = "it cannot be sent so: it, or a part of it, would stay in Python"


def main(arguments: list[str]) -> None:
    request = json.loads(arguments[1])
    libraries = Libraries()
    libraries.load(request["libraries"])
    around = Around()
    around.configure(request["libraries"], libraries)
    named = merged(request["libraries"])
    trials = Trials(named, request["environment"])
    answer: dict[str, Any]
    if request.get("call") is None:
        settings = {name: (rest[0] if rest else {}) for name, (_, _, *rest) in request["libraries"].items()}
        answer = {"tests": trials.tests(settings)}
    else:
        path, payload = request["call"]
        try:
            refs = RefTable()
            codec = trials.codec(named, refs)
            args, kwargs = codec.decode(base64.b64decode(payload))
            value = Targets(libraries, around, refs, codec, refuse=lambda _: None).at(path)(*args, **kwargs)
        except BaseException as error:  # noqa: BLE001 - whatever the library raises is the answer
            answer = {"raised": failure("exception", error)}
        else:
            answer = {"comparison": trials.comparison(value)}
    Path(request["into"]).write_bytes(packb(answer))


class Trials:
    """`named`: the configured strategies of one environment, by type."""

    def __init__(self, named: Mapping[str, str], environment: str) -> None:
        self._named = dict(named)
        self._environment = environment
        self._secret = os.urandom(32)

    def codec(self, named: Mapping[str, str], refs: RefTable) -> Codec:
        strategies = Strategies()
        strategies.configure(named, self._environment, self._secret)
        return Codec(refs, strategies)

    def tests(self, settings: Mapping[str, Mapping[str, str]]) -> list[dict[str, Any]]:
        """One for each type of each library."""
        return [
            {"library": library, "type": name, "strategy": strategy, **self._test(name, strategy)}
            for library, named in settings.items()
            for name, strategy in named.items()
        ]

    def comparison(self, value: Any) -> dict[str, Any]:
        """Every strategy on one value: for its type, or for the first one inside that may have a strategy. Of what
        MessagePack packs itself through and through, there is one way.
        """
        kind = _subject(value)
        name = type_name(kind)
        current = Strategies()
        current.configure(self._named)
        others = sorted({*self._named.values(), *entry_points()} - {*WORDS})
        strategies = ["value"] if kind in NATIVE else [*WORDS, *others]
        return {
            "returned": type_name(type(value)),
            "type": name,
            "native": kind in NATIVE,
            "current": current.strategy(kind),
            "default": "value" if kind in NATIVE or registry.packer(kind) else "ref",
            "alternatives": [
                {"strategy": strategy, **self._trial({**self._named, name: strategy}, strategy, value)}
                for strategy in strategies
            ],
        }

    def _test(self, name: str, strategy: str) -> dict[str, Any]:
        try:
            kind = find(name)
        except Exception as error:  # noqa: BLE001 - an import may raise anything
            return _outcome(f"the type is not there: {error}")
        serializer = None
        if strategy not in WORDS:
            try:
                serializer = Serializers([strategy]).get(strategy)
            except Exception as error:  # noqa: BLE001 - it says why it cannot be had
                return _outcome(str(error))
        if strategy in ("ref", "repr"):
            return {**_outcome(""), "samples": 0}
        try:
            samples = _samples(kind, serializer)
        except Exception as error:  # noqa: BLE001 - the serializer's own method
            return _outcome(f"its `samples` failed: {type(error).__name__}: {error}")
        strange = next((value for value in samples if not isinstance(value, kind)), None)
        if strange is not None:
            return _outcome(f"one of its `samples` is a {type_name(type(strange))}")
        trials = [self._trial(self._named, strategy, value) for value in samples]
        failed = next((trial for trial in trials if trial["problem"] or trial["exact"] is False), None)
        if failed is not None:
            said = failed["problem"] or "a sample came back as something else"
            return {**failed, "problem": said, "samples": len(samples)}
        if not trials:
            return {**_outcome(""), "samples": 0}
        mean = {
            key: sum(trial[key] for trial in trials) / len(trials)
            for key in ("bytes", "encode_us", "decode_us")
        }
        exact = None if None in [trial["exact"] for trial in trials] else True
        return {**_outcome(""), **mean, "exact": exact, "samples": len(samples)}

    def _trial(self, named: Mapping[str, str], strategy: str, value: Any) -> dict[str, Any]:
        """`value` out and back once, and then as often as it takes to tell the time."""
        refs = RefTable()
        codec = self.codec(named, refs)
        try:
            packed = codec.encode(value)
            if codec.warnings:
                return _outcome(codec.warnings[0].partition("value: ")[2] or codec.warnings[0])
            if strategy != "ref" and len(refs):
                return _outcome(_NOT_SENT)
            again = codec.decode(packed)
            exact = same(value, again)
            times = {
                "encode_us": _microseconds(lambda: codec.encode(value)),
                "decode_us": _microseconds(lambda: codec.decode(packed)),
            }
        except Exception as error:  # noqa: BLE001 - a serializer may raise what it likes
            return _outcome(f"{type(error).__name__}: {error}")
        return {**_outcome(""), "exact": exact, "bytes": len(packed), **times}


def find(name: str) -> type:
    """The class of this name; imports what it takes. Raises what the import raises, or `LookupError`."""
    segments = name.split(".")
    for length in range(len(segments) - 1, 0, -1):
        module = ".".join(segments[:length])
        try:
            found: Any = importlib.import_module(module)
        except ModuleNotFoundError as error:
            if error.name is None or not f"{module}.".startswith(f"{error.name}."):
                raise
            continue
        for segment in segments[length:]:
            known = dir(found)
            if segment not in known and not hasattr(found, segment):
                near = get_close_matches(segment, known, n=1)
                guess = f"; did you mean `{near[0]}`?" if near else ""
                raise LookupError(f"{module} has no {segment}{guess}")
            found = getattr(found, segment)
        if not isinstance(found, type):
            raise LookupError(f"{name} is no class but a {type(found).__name__}")
        return found
    raise LookupError(f"there is no module {segments[0]}")


def _subject(value: Any) -> type:
    """The type that strategies are compared for: of a container only where nothing in it could have one."""
    waiting, seen = deque([value]), 0
    while waiting and seen < _MOST_LOOKED_AT:
        part = waiting.popleft()
        seen += 1
        kind = type(part)
        if kind is dict:
            waiting.extend(part.values())
        elif kind in (list, tuple, set, frozenset):
            waiting.extend(part)
        elif kind not in NATIVE:
            return kind
    return type(value)


def _samples(kind: type, serializer: Any) -> list[Any]:
    """Those of the serializer, else what the class makes of nothing."""
    samples = getattr(serializer, "samples", None)
    if callable(samples):
        return list(samples())
    try:
        return [kind()]
    except Exception:  # noqa: BLE001 - a class that wants arguments
        return []


def _outcome(problem: str) -> dict[str, Any]:
    clean = problem.encode("utf-8", "backslashreplace").decode()
    return {
        "problem": clean,
        "exact": None,
        "samples": None,
        "bytes": None,
        "encode_us": None,
        "decode_us": None,
    }


def _microseconds(run: Callable[[], Any]) -> float:
    """The fastest of many runs."""
    best, until = float("inf"), time.perf_counter() + _SECONDS
    for _ in range(_MOST_RUNS):
        begun = time.perf_counter()
        run()
        ended = time.perf_counter()
        best = min(best, ended - begun)
        if ended > until:
            break
    return best * 1e6
