"""A resolver's refusal, told with the words of envmgr.toml: which library asks for what."""

from __future__ import annotations

from dataclasses import asdict

from envmgr.environments import sharing
from envmgr.environments.sharing import Tenant
from envmgr.errors import EnvmgrError
from envmgr.model.explanation import Core
from envmgr.model.project import Environment, Library
from envmgr.tools.interpreters import Interpreter


def in_words(problem: EnvmgrError, environment: Environment, core: Core | None = None) -> EnvmgrError:
    """The same error, naming the environment; a conflict also names each library with what it asks, why that
    does not fit (as `core` tells it, else as uv does), and a way out.
    """
    if problem.code != "E-CONFLICT":
        said = problem.message
        message = said if said.startswith("environment ") else f"environment {environment.name}: {said}"
        return EnvmgrError(problem.code, message, hint=problem.hint, details=problem.details)
    asked = {
        library.name: list(library.requirements) for library in environment.libraries if library.requirements
    }
    reasons: list[str] = problem.details.get("reasons", [])
    if core is not None and core.sides:
        because = [*(side.words for side in core.sides), *core.notes]
        blamed = {side.library for side in core.sides}
        details = {"core": asdict(core)}
    else:
        because = [reason.replace("the environment", f"environment {environment.name}") for reason in reasons]
        blamed = {name for name in asked if any(name in reason for reason in reasons)}
        details = {}
    lines = [
        f"the requirements of environment {environment.name} cannot be satisfied together",
        *(f"  library {name} asks {', '.join(words)}" for name, words in asked.items()),
        *(f"  environment {environment.name} is constrained to {word}" for word in environment.constraints),
        *(f"  environment {environment.name} overrides {word}" for word in environment.overrides),
        *(["because"] if because else []),
        *(f"  {reason}" for reason in because),
    ]
    return EnvmgrError(
        "E-CONFLICT",
        "\n".join(lines),
        hint=_way_out(environment, blamed),
        details={**problem.details, **details, "environment": environment.name, "asked": asked},
    )


def reason(
    problem: EnvmgrError, environment: Environment, interpreter: Interpreter, exclude_newer: str | None
) -> Core | None:
    """Why an environment that was refused is a conflict of its libraries; None for any other problem.

    Costs another resolution, in which uv says which library asks for what.
    """
    if problem.code != "E-CONFLICT":
        return None
    from envmgr.environments import chains  # imports packaging, which is needed here alone

    tenants = [Tenant(library, environment, interpreter) for library in environment.libraries]
    try:
        refusal = sharing.refusal(tenants, exclude_newer=exclude_newer)
    except EnvmgrError:
        return None
    return None if refusal is None else chains.core(tenants, refusal)


def _way_out(environment: Environment, blamed: set[str]) -> str:
    movable = [library for library in environment.libraries if library.requirements]
    if len(movable) < 2:
        asked = [f"`version` or `with` of [library.{movable[0].name}]"] if movable else []
        bound = [f"`constraints` of [environment.{environment.name}]"] if environment.constraints else []
        return f"loosen {' or '.join([*asked, *bound])}, or try another `python`"
    candidates = [library for library in movable if library.name in blamed] or movable
    leaving: Library = next(
        (found for found in reversed(candidates) if found.name != environment.name), candidates[-1]
    )
    return (
        f"give {leaving.name} an environment of its own: in envmgr.toml, under [library.{leaving.name}],"
        f' replace `environment = "{environment.name}"` by `environment = "{leaving.name}"`;'
        f" `envmgr explain` finds the fewest environments that serve all"
    )
