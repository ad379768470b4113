"""A resolver's refusal, told with the words of envmgr.toml: which library asks for what."""

from __future__ import annotations

from envmgr.errors import EnvmgrError
from envmgr.model.project import Environment, Library


def in_words(problem: EnvmgrError, environment: Environment) -> EnvmgrError:
    """The same error, naming the environment; a conflict also names each library with what it asks, and a way
    out.
    """
    if problem.code != "E-CONFLICT":
        said = problem.message
        message = said if said.startswith("environment ") else f"environment {environment.name}: {said}"
        return EnvmgrError(problem.code, message, hint=problem.hint, details=problem.details)
    asked = {
        library.name: list(library.requirements) for library in environment.libraries if library.requirements
    }
    reasons: list[str] = problem.details.get("reasons", [])
    lines = [
        f"the requirements of environment {environment.name} cannot be satisfied together",
        *(f"  library {name} asks {', '.join(words)}" for name, words in asked.items()),
        *(f"  environment {environment.name} is constrained to {word}" for word in environment.constraints),
        *(["because"] if reasons else []),
        *(f"  {reason.replace('the environment', f'environment {environment.name}')}" for reason in reasons),
    ]
    return EnvmgrError(
        "E-CONFLICT",
        "\n".join(lines),
        hint=_way_out(environment, " ".join(reasons)),
        details={**problem.details, "environment": environment.name, "asked": asked},
    )


def _way_out(environment: Environment, reasons: str) -> str:
    movable = [library for library in environment.libraries if library.requirements]
    if len(movable) < 2:
        asked = [f"`version` or `with` of [library.{movable[0].name}]"] if movable else []
        bound = [f"`constraints` of [environment.{environment.name}]"] if environment.constraints else []
        return f"loosen {' or '.join([*asked, *bound])}, or try another `python`"
    blamed = [library for library in movable if library.name in reasons] or movable
    leaving: Library = next(
        (found for found in reversed(blamed) if found.name != environment.name), blamed[-1]
    )
    return (
        f"give {leaving.name} an environment of its own: in envmgr.toml, under [library.{leaving.name}],"
        f' replace `environment = "{environment.name}"` by `environment = "{leaving.name}"`'
    )
