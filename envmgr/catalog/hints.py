"""What to do about imports that fail in ways which metadata cannot foresee."""

from __future__ import annotations

import re

_KNOWN: tuple[tuple[str, str], ...] = (
    (
        r"compiled using NumPy 1\.x|numpy\.dtype size changed|_ARRAY_API not found|multiarray failed to import",
        "a package of this environment was compiled for NumPy 1 and NumPy 2 was installed: "
        'add `constraints = ["numpy<2"]` under [environment.{environment}]; `envmgr explain` then tells '
        "which libraries cannot share it",
    ),
    (
        r"No module named 'pkg_resources'|No module named 'distutils'",
        'add `with = ["setuptools<81"]` to the library: it uses what newer interpreters do not ship',
    ),
    (
        r"No module named '([\w.]+)'",
        "add the distribution that has the missing module to the library's `with`, or correct its `module`",
    ),
    (
        r"cannot import name '[^']+' from '",
        "something here was written for another version of what that name is missing from, and its metadata "
        "does not say so: bound it with `constraints` under [environment.{environment}]; `envmgr explain` then "
        "tells which libraries cannot share it",
    ),
    (
        r"(\S+\.so[.\d]*): cannot open shared object file",
        "install the system package that has this shared library",
    ),
)


def hint_for(evidence: str, environment: str) -> str:
    """The advice for the first known failure that `evidence` shows; a general one otherwise."""
    for pattern, advice in _KNOWN:
        if re.search(pattern, evidence):
            return advice.format(environment=environment)
    return "the traceback is in the details (--format json); the active generation was left as it was"
