"""The same work for several environments: at once, with every failure reported and no failure stopping
another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from typing import TypeVar

from envmgr.errors import EnvmgrError
from envmgr.model.project import Environment
from envmgr.tools import process

Result = TypeVar("Result")


def each(
    environments: Iterable[Environment],
    work: Callable[[Environment], Result],
    failures: dict[str, EnvmgrError],
    *,
    limit: int,
    done: Callable[[Environment, Result], None] = lambda environment, result: None,
) -> dict[str, Result]:
    """`work` in up to `limit` threads; results by name. What fails goes into `failures`.

    `done` runs in the calling thread as each result arrives. An interruption ends every subprocess first.
    """
    results: dict[str, Result] = {}
    with ThreadPoolExecutor(limit) as pool:
        running: Mapping[Future[Result], Environment] = {
            pool.submit(work, found): found for found in environments
        }
        try:
            for future in as_completed(running):
                environment = running[future]
                try:
                    result = results[environment.name] = future.result()
                    done(environment, result)
                except EnvmgrError as problem:
                    failures[environment.name] = problem
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            process.end_all()
            raise
    return results


def raise_failures(failures: Mapping[str, EnvmgrError], succeeded: Iterable[str]) -> None:
    """One error for all: the only one itself, or a list under the gravest code (the highest exit status)."""
    if not failures:
        return
    found = list(failures.values())
    gravest = max(found, key=lambda problem: problem.exit_status)
    if len(found) == 1:
        gravest.details.setdefault("succeeded", sorted(succeeded))
        raise gravest
    raise EnvmgrError(
        gravest.code,
        "\n".join([f"{len(found)} environments failed", *(problem.message for problem in found)]),
        hint="\n".join(dict.fromkeys(problem.hint for problem in found if problem.hint)),
        details={
            "succeeded": sorted(succeeded),
            "errors": [
                {
                    "environment": name,
                    "code": problem.code,
                    "message": problem.message,
                    "hint": problem.hint,
                    "details": problem.details,
                }
                for name, problem in failures.items()
            ],
        },
    )
