"""`envmgr serializers`: what the configured strategies do to real values, in the environments that serve."""

from __future__ import annotations

import base64
import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgpack

from envmgr.errors import EnvmgrError
from envmgr.model.serializers import Alternative, Comparison, SerializersReport, SerializerTest, Trial
from envmgr.operations import calling
from envmgr.operations.recommending import recommend
from envmgr.operations.selection import unknown_names
from envmgr.operations.serving import active
from envmgr.tools import process
from envmgr_runtime.worker.client import payload

_SECONDS = 300.0

Launch = dict[str, Any]


def report(
    root: Path,
    names: Sequence[str] = (),
    *,
    call: str | None = None,
    args: Sequence[Any] = (),
    kwargs: Mapping[str, Any] | None = None,
) -> SerializersReport:
    """Tests of the types of these libraries or environments, of all without any; with `call`, the comparison of
    strategies on what it returns, and tests only of what is named.

    Costs the start of Python and the import of the libraries for each environment. Raises E-UNKNOWN-LIBRARY,
    E-UNKNOWN-FUNCTION, E-NOT-INSTALLED, and E-CALL for what the function, or an import, raised.
    """
    launches = active(root)
    known = {
        *(launch["environment"] for launch in launches),
        *(n for la in launches for n in la["libraries"]),
    }
    if unknown := [name for name in names if name not in known]:
        raise unknown_names("E-UNKNOWN-LIBRARY", "active library or environment", unknown, known)
    wanted = [] if call is not None and not names else launches
    found = tuple(test for launch in wanted for test in tried(launch, names))
    return SerializersReport(found, None if call is None else _compare(root, call, args, kwargs or {}))


def tried(launch: Launch, names: Sequence[str] = ()) -> tuple[SerializerTest, ...]:
    """Of one environment. Starts nothing where no serializers are configured. Raises E-CALL."""
    chosen = [
        name
        for name, library in launch["libraries"].items()
        if library.get("serializers") and (not names or name in names or launch["environment"] in names)
    ]
    if not chosen:
        return ()
    answer = _asked(launch, None)
    return tuple(
        SerializerTest(
            launch["environment"],
            found["library"],
            found["type"],
            found["strategy"],
            found["samples"],
            _trial(found),
        )
        for found in answer["tests"]
        if found["library"] in chosen
    )


def _compare(root: Path, path: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Comparison:
    launch, path, fitted = calling.prepare(root, path, args, kwargs)
    answer = _asked(launch, [path, base64.b64encode(payload(*fitted)).decode()])
    if "raised" in answer:
        raise calling.raised(path, answer["raised"])
    found = answer["comparison"]
    alternatives = tuple(Alternative(each["strategy"], _trial(each)) for each in found["alternatives"])
    strategy, reason = recommend(alternatives, native=found["native"])
    return Comparison(
        path,
        found["returned"],
        found["type"],
        found["current"],
        found["default"],
        alternatives,
        strategy,
        reason,
    )


def _asked(launch: Launch, call: list[str] | None) -> dict[str, Any]:
    """What `worker.py serializers` answers."""
    with tempfile.TemporaryDirectory(prefix="envmgr-") as directory:
        into = Path(directory, "answer.msgpack")
        request = {
            "libraries": calling.libraries(launch),
            "environment": launch["key"],
            "call": call,
            "into": str(into),
        }
        try:
            done = process.run(
                [*launch["command"], "serializers", json.dumps(request)],
                cwd=Path(launch["cwd"]),
                env={name: value for name, value in launch["env"].items() if value is not None},
                timeout=_SECONDS,
            )
        except EnvmgrError as problem:
            raise EnvmgrError("E-CALL", problem.message, hint=problem.hint) from None
        if done.status or not into.exists():
            raise EnvmgrError(
                "E-CALL",
                f"the serializers of environment {launch['environment']} could not be tried "
                f"(status {done.status}): {(done.stderr.strip().splitlines() or ['nothing was said'])[-1]}",
                hint=f"`envmgr health {launch['environment']} --deep` says what is wrong with it",
                details={"stderr": done.stderr[-10_000:]},
            )
        answer: dict[str, Any] = msgpack.unpackb(into.read_bytes())
        return answer


def _trial(found: Mapping[str, Any]) -> Trial:
    return Trial(found["problem"], found["exact"], found["bytes"], found["encode_us"], found["decode_us"])
