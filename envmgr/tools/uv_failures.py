"""What uv's words on stderr mean: one table from phrase to code, message and hint.

uv's exit status tells little (1 is a conflict, a hash mismatch or an offline miss alike), its resolver has no
machine format. The raw text always stays in `details["uv"]`, with credentials of URLs blotted out;
`details["reasons"]` are its sentences, `details["derivation"]` is its tree where it was asked for one.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence

from envmgr.errors import EnvmgrError
from envmgr.tools import derivation

_FULL = r"No space left on device|Disk quota exceeded"
# First match wins: an offline miss also reads as "no solution", a full disk also as "failed to download".
_MEANINGS: Sequence[tuple[str, str, str, str]] = (
    (
        _FULL,
        "E-DISK",
        "the disk is full",
        "free some space (`uv cache prune` drops what nothing uses) and run the command again",
    ),
    (
        r"Permission denied|Read-only file system|Not a directory \(os error",
        "E-DISK",
        "uv cannot write",
        "make the project's .envmgr directory and uv's cache writable",
    ),
    (
        r"network was disabled|Network connectivity is disabled|not found in the cache",
        "E-OFFLINE",
        "something that is needed is not in uv's cache",
        "run it once without --offline",
    ),
    (
        r"Hash mismatch|hash(?:es)? .*(?:do not|does not|don't) match",
        "E-TAMPERED",
        "a file that was downloaded is not the one that was locked",
        "if the index replaced the file on purpose, lock again with --upgrade; else do not trust it",
    ),
    (
        r"status (?:client|server) error|\b(?:401 Unauthorized|403 Forbidden)\b",
        "E-NETWORK",
        "the package index refused the request",
        "check the index's address and credentials (UV_DEFAULT_INDEX, UV_INDEX, keyring)",
    ),
    (
        r"error sending request|Failed to fetch|dns error|[Cc]onnection refused|operation timed out",
        "E-NETWORK",
        "the package index cannot be reached",
        "check the network and proxy; what is locked and cached can be built with --offline",
    ),
    (
        r"No interpreter found|Failed to inspect Python interpreter|not found in (?:managed|virtual)",
        "E-INTERPRETER",
        "uv cannot use the interpreter",
        "check `python` in envmgr.toml",
    ),
    (
        r"No solution found|requirements are unsatisfiable",
        "E-CONFLICT",
        "the requirements cannot be satisfied together",
        "give one of the libraries an environment of its own",
    ),
    (
        r"has no binary distribution|Building source distributions .*is disabled",
        "E-BUILD",
        "the environment takes wheels only",
        "choose a version that has a wheel for this interpreter and platform, or remove `no-build` of the"
        " environment",
    ),
    (
        r"Failed to (?:build|prepare|install|download|extract)|build backend|no source distribution or wheel",
        "E-BUILD",
        "a distribution cannot be built or installed",
        "choose a version that has a wheel for this interpreter and platform",
    ),
)
# Files there are, and none that serves.
_UNUSABLE = {
    " no usable wheels": "choose another version, or remove `no-build` of the environment",
    "-compatible wheels": "choose another version, or remove the platform from `platforms` of the environment",
    " no wheels with a matching": "choose another version, or another `python` for this environment",
}
_PLATFORM = re.compile(r"`platform_machine == '(\w+)' and sys_platform == '(\w+)'`")
# A password may hold what an address must not, unescaped: then everything up to the last @ goes.
_CREDENTIALS = re.compile(r"(?<=://)(?:[^/\s]*:\S+|[^/\s]+)@")
_NOISE = re.compile(
    r"^(?:warning: .*(?:\n {9}.*)*|(?:Using (?:CPython|Python|PyPy)|Resolved |Prepared |Creating ).*"
    r"| *(?:Building|Built|Updating|Updated) \S+(?:==| @ | \().*| *(?:Downloading|Downloaded) .*)$",
    re.MULTILINE,
)
# What a build printed follows: it may speak of networks and permissions that are not uv's.
_OUTPUT = re.compile(r"^\s*\[std(?:out|err)\]\s*$", re.MULTILINE)
_FRAME = re.compile(r"^\s*(?:error: |cause: |\u00d7|╰─▶|├─▶|│|Caused by: )\s*", re.MULTILINE)
_OURS = (
    ("your project's requirements are unsatisfiable", "its requirements cannot be satisfied together"),
    ("your project", "the environment"),
    ("envmgr-environment", "the environment"),
)
_MISSING = re.compile(
    r"(?P<package>[\w.-]+) was not found in the package registry"
    r"|[Bb]ecause there (?:is|are) no versions? of (?P<versionless>[\w.-]+?)(?P<spec>[<>=!~][^\s]*)? and"
    r"|[Oo]nly (?:the following versions of )?(?P<only>[\w.-]+?)(?P<has>[<>=!~]\S*) (?:is|are) available"
)

# Import names that differ from the distribution's: the usual reason why a name is not found.
_KNOWN_AS = {
    "bs4": "beautifulsoup4",
    "cv2": "opencv-python-headless",
    "dateutil": "python-dateutil",
    "dotenv": "python-dotenv",
    "fitz": "pymupdf",
    "jwt": "pyjwt",
    "pil": "pillow",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "yaml": "pyyaml",
}


def without_credentials(text: str) -> str:
    return _CREDENTIALS.sub("***@", text)


def failure(stderr: str, status: int) -> EnvmgrError:
    """The error that uv's words describe; E-BUILD with its first line when none is known."""
    raw, tree = derivation.split(without_credentials(stderr))
    text = _PLATFORM.sub(_platform, raw)
    details = {"uv": raw, "status": status, "reasons": reasons(text)}
    if tree:
        details["derivation"] = tree
    own = _OUTPUT.split(text)[0]
    for pattern, code, message, hint in _MEANINGS:
        if re.search(pattern, text if pattern == _FULL else own):
            if code == "E-CONFLICT" and (missing := _nothing_to_choose(text)):
                return EnvmgrError("E-LOCK", missing[0], hint=missing[1], details=details)
            return EnvmgrError(code, f"{message}: {_gist(text)}", hint=hint, details=details)
    hint = "all that uv said is in the details: --format json"
    return EnvmgrError("E-BUILD", f"uv failed: {_gist(text)}", hint=hint, details=details)


def reasons(text: str) -> list[str]:
    """The resolver's chain as sentences, clauses sorted: `A depends on B; C depends on D, therefore …`."""
    body = " ".join(_FRAME.sub("", _NOISE.sub("", text)).split())
    start = body.find("Because ")
    if start < 0:
        return []
    body = re.split(r"\s(?=hint: )", body[start:])[0]
    sentences = []
    for sentence in re.split(r"(?<=[^.\d]\.)\s+|\.\s+(?=And |Because )", body):
        because, joined, therefore = sentence.rstrip(". ").partition(", we can conclude that ")
        clauses = re.split(
            r",? and (?=[\w.-]+(?:\[[\w,-]+\])?(?:[<>=!~]\S*)? (?:depends|was|is|are))", because
        )
        head = re.sub(r"^(?:Because|And because|we know from .*? that)\s+", "", clauses[0])
        ordered = "; ".join(sorted({head, *clauses[1:]}))
        sentences.append(ordered + (f", therefore {therefore}" if joined else ""))
    for theirs, ours in _OURS:
        sentences = [sentence.replace(theirs, ours) for sentence in sentences]
    return [sentence for sentence in sentences if sentence]


def unknown_distribution(problem: EnvmgrError) -> str | None:
    """The name that the index has not, or has without a wheel or a build for this interpreter, when that is why
    uv failed.
    """
    flat = " ".join(_FRAME.sub("", str(problem.details.get("uv", ""))).split())
    found = re.search(r"([\w.-]+) was not found in the package registry|Failed to build `([\w.-]+)==", flat)
    return (found[1] or found[2]) if found else None


def _nothing_to_choose(text: str) -> tuple[str, str] | None:
    """Message and hint when one requirement alone cannot be met: no such distribution, or no such version."""
    flat = " ".join(_FRAME.sub("", text).split())
    if flat.count("depends on") != 1:
        return None
    for words, hint in _UNUSABLE.items():
        if words in flat:
            clauses = (clause for reason in reasons(text) for clause in re.split("; |, therefore ", reason))
            told = (clause.partition(" and the environment")[0] for clause in clauses if words in clause)
            return " and ".join(told), hint
    found = _MISSING.search(flat)
    if found is None:
        return None
    asked = re.search(r"depends on (\S+?),? (?:we|and)", flat)
    wanted = asked[1].rstrip(",") if asked else ""
    if found["package"]:
        name = found["package"]
        if name in sys.stdlib_module_names:
            return (
                f"the package index has no distribution called {name}",
                f"{name} is a module of the interpreter itself: write `stdlib = true` under [library.{name}]",
            )
        known = _KNOWN_AS.get(name.lower())
        near = f'did you mean "{known}"? ' if known else "check the spelling; "
        return (
            f"the package index has no distribution called {name}",
            f'{near}`package = "…"` names the distribution when it differs from the library\'s name',
        )
    name = found["versionless"] or found["only"]
    there = f"; there is {name}{found['has']}" if found["has"] else ""
    return f"no version of {name} satisfies {wanted}{there}", "correct `version` in envmgr.toml"


def _platform(marker: re.Match[str]) -> str:
    from envmgr.tools.pypa import PLATFORMS

    machine, system = (f"'{word}'" for word in marker.groups())
    return next((name for name, said in PLATFORMS.items() if machine in said and system in said), marker[0])


def _gist(text: str) -> str:
    """The innermost cause that still says something about packages."""
    lines = [line.strip() for line in _FRAME.sub("", _NOISE.sub("", text)).splitlines() if line.strip()]
    return lines[0] if lines else "no reason given"
