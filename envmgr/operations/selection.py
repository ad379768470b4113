"""Names on a command line → environments."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

from envmgr.errors import EnvmgrError
from envmgr.model.project import Environment, Project


def select(project: Project, names: Sequence[str]) -> tuple[Environment, ...]:
    """The environments of these libraries or environments, each once, in configured order; all when `names`
    is empty.

    Raises E-UNKNOWN-LIBRARY for all names that are neither, with near ones.
    """
    libraries = project.libraries
    unknown = [name for name in names if name not in project.environments and name not in libraries]
    if unknown:
        raise unknown_names(
            "E-UNKNOWN-LIBRARY", "library or environment", unknown, [*libraries, *project.environments]
        )
    chosen = {name if name in project.environments else libraries[name].environment for name in names}
    return tuple(found for found in project.environments.values() if not names or found.name in chosen)


def unknown_names(code: str, what: str, unknown: Iterable[str], known: Iterable[str]) -> EnvmgrError:
    known = sorted(set(known))
    near = {name: difflib.get_close_matches(name, known, n=1, cutoff=0.5) for name in unknown}
    guesses = [f'did you mean "{found[0]}"?' for found in near.values() if found]
    return EnvmgrError(
        code,
        "; ".join(f'there is no {what} called "{name}"' for name in near),
        hint=" ".join(guesses)
        or (f"there is {', '.join(known)}" if known else "nothing has been activated yet"),
        details={"unknown": list(near), "known": known},
    )
