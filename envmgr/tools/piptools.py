"""pip-tools as a second opinion: pip's own resolver, which shares no code with uv's.

It must run under the interpreter that it resolves for, so it is no dependency of ours: `uv tool run` puts it
into uv's cache, once per interpreter. pip's configuration files play no part, since uv reads none of them; the
indexes are those of uv's variables, handed on in variables, so that no password stands on a command line.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

from envmgr.errors import EnvmgrError
from envmgr.tools import uv
from envmgr.tools.pypa import canonical
from envmgr.tools.uv_failures import failure, without_credentials

_PACKAGE, _PROGRAM = "pip-tools", "pip-compile"
_HOW = (
    "--generate-hashes",
    "--allow-unsafe",
    "--strip-extras",
    "--no-annotate",
    "--no-config",
    "--no-emit-index-url",
    "--no-emit-options",
    "--no-header",
    "--quiet",
)
_KEPT = ("PIP_CERT", "PIP_CLIENT_CERT", "PIP_DEFAULT_TIMEOUT", "PIP_PROXY", "PIP_RETRIES", "PIP_TRUSTED_HOST")


@dataclass(frozen=True, slots=True)
class Compiled:
    """`version` is None for what comes from an address. `hashes` are those of every file of that version,
    sorted.
    """

    version: str | None
    hashes: tuple[str, ...]


class Unsolvable(Exception):
    """pip found no solution, in its words; an index that refuses a page has, to pip, nothing there."""


def version(python: Path) -> str:
    """Of the pip-tools that serve this interpreter, fetched on first use. Raises E-NETWORK, E-CONFLICT, E-BUILD."""
    done = uv.tool(_PACKAGE, _PROGRAM, "--version", python=python)
    if done.status != 0:
        problem = failure(done.stderr, done.status)
        raise EnvmgrError(
            problem.code,
            f"pip-tools cannot be had: {problem.message}",
            hint=problem.hint,
            details=problem.details,
        )
    return done.stdout.split()[-1]


def resolve(
    requirements: Iterable[str],
    *,
    constraints: Iterable[str],
    python: Path,
    exclude_newer: str | None,
    no_build: bool,
) -> dict[str, Compiled]:
    """What pip would install for these into an empty environment of `python`, by canonical name.

    Nothing of an earlier resolution is known to it. `exclude_newer` needs pip 26; an older one ignores it.
    Cost: seconds to a minute. Raises Unsolvable.
    """
    with tempfile.TemporaryDirectory(prefix="envmgr-verify-") as place:
        directory = Path(place)
        (directory / "requirements.in").write_text("\n".join(requirements) + "\n", encoding="utf-8")
        (directory / "constraints.txt").write_text("\n".join(constraints) + "\n", encoding="utf-8")
        words = (*_HOW, "--constraint", "constraints.txt", "--output-file", "compiled.txt", "requirements.in")
        variables = _variables(exclude_newer, no_build)
        done = uv.tool(_PACKAGE, _PROGRAM, *words, python=python, cwd=directory, env=variables)
        if done.status != 0:
            raise Unsolvable(_last_words(without_credentials(done.stderr)))
        return parse((directory / "compiled.txt").read_text("utf-8"))


def parse(text: str) -> dict[str, Compiled]:
    """A requirements file with hashes, as pip-compile writes it."""
    from packaging.requirements import Requirement

    found = {}
    for line in text.replace("\\\n", " ").splitlines():
        asked, *hashes = line.split("--hash=")
        if not asked.strip() or asked.startswith("#"):
            continue
        requirement = Requirement(asked.strip())
        pinned = next((spec.version for spec in requirement.specifier if spec.operator == "=="), None)
        found[canonical(requirement.name)] = Compiled(pinned, tuple(sorted(map(str.strip, hashes))))
    return found


def _last_words(stderr: str) -> str:
    """What pip calls an error, without the traceback of pip-compile."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
    return "\n".join(errors or lines[-3:])


def _variables(exclude_newer: str | None, no_build: bool) -> dict[str, str]:
    """pip takes an empty variable for an unset one."""
    others = {name: "" for name in os.environ if name.startswith("PIP_") and name not in _KEPT}
    chosen = {"PIP_CONFIG_FILE": os.devnull, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    if exclude_newer is not None:
        chosen["PIP_UPLOADED_PRIOR_TO"] = exclude_newer
    if no_build:
        chosen["PIP_ONLY_BINARY"] = ":all:"
    return {**others, **chosen, **indexes(os.environ)}


def indexes(variables: Mapping[str, str]) -> dict[str, str]:
    """uv's variables that say where packages come from, as pip's."""

    def listed(*names: str) -> Sequence[str]:
        return [
            _with_credentials(word, variables) for name in names for word in variables.get(name, "").split()
        ]

    default = listed("UV_DEFAULT_INDEX") or listed("UV_INDEX_URL")
    said = {
        "PIP_INDEX_URL": " ".join(default[:1]),
        "PIP_EXTRA_INDEX_URL": " ".join(listed("UV_INDEX", "UV_EXTRA_INDEX_URL")),
        "PIP_FIND_LINKS": variables.get("UV_FIND_LINKS", "").replace(",", " "),
        "PIP_KEYRING_PROVIDER": variables.get("UV_KEYRING_PROVIDER", ""),
    }
    return {name: value for name, value in said.items() if value}


def _with_credentials(index: str, variables: Mapping[str, str]) -> str:
    named = re.match(r"(?P<name>[A-Za-z0-9._-]+)=(?P<url>.*)", index)
    if named is None:
        return index
    key = "UV_INDEX_" + re.sub(r"[^A-Z0-9]", "_", named["name"].upper())
    user, password = variables.get(f"{key}_USERNAME"), variables.get(f"{key}_PASSWORD")
    if user is None and password is None:
        return named["url"]
    parts = urlsplit(named["url"])
    login = ":".join(quote(word or "", safe="") for word in (user, password))
    return parts._replace(netloc=f"{login}@{parts.netloc.rpartition('@')[2]}").geturl()
