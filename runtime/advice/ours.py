"""Errors of the runtime itself."""

from __future__ import annotations

from typing import Any

from .case import Case
from .near import near
from .rules import rule


def _path(case: Case, match: Any) -> str | None:
    owner, name = getattr(case.error, "owner", None), getattr(case.error, "name", None)
    if owner is None or name is None:
        return None
    found = near(name, (known for known in dir(owner) if not known.startswith("_")))
    return f"did you mean {match['before']}{found}?" if found else None


RULES = (
    rule(
        "envmgr_runtime.StaleRef",
        "",
        "the object was released, or was of an earlier worker; make it again. Envmgr.release/1 lets go of it for all who hold the ref",
    ),
    rule(
        "envmgr_runtime.RefLimit",
        "cannot stay in Python",
        "return plain values, say how they are made of it (serializers in envmgr.toml), or use a pool of another worker-profile",
    ),
    rule(
        "envmgr_runtime.RefLimit",
        "",
        "let objects go with Envmgr.release/1, and ask for values (without as: :ref) where no object is needed",
    ),
    rule(
        "envmgr_runtime.SessionError", "belongs to no session", "Envmgr.execute(path, args, session: session)"
    ),
    rule(
        "envmgr_runtime.SessionError",
        "has ended$",
        "open another session, with a longer idle or ttl if need be",
    ),
    rule(
        "envmgr_runtime.SessionError",
        "is not in this worker",
        "put it again, or forget it with session().delete(name); `name in session()` tells whether it can be read",
    ),
    rule(
        "envmgr_runtime.SessionError",
        "(as many as|bytes that) (it|they) may",
        "delete what is not needed, or open the session with more (max_variables, max_bytes)",
    ),
    rule("envmgr_runtime.Unresolved", r"^'(?P<before>(?:[\w]+\.)+)\w+' leads nowhere", _path),
    rule(
        "envmgr_runtime.Unresolved",
        "which cannot be called",
        "a value is read, not called; a function that returns it can be",
    ),
    rule(
        "envmgr_runtime.Unresolved",
        "this worker has no library",
        "an object among the arguments lives in a worker of another environment, and the call went there: pass its value, "
        "or let both libraries have the same `environment` in envmgr.toml",
    ),
    rule("envmgr_runtime.Unresolved", "leads nowhere", "Envmgr.search/1 finds what the library has"),
)
