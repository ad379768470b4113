"""What an environment's own interpreter can load: extension modules by dlopen, entry points by module lookup.

A throwaway process each time. An extension module is opened without running its package; one that fails is
tried once more after its package was imported, since some packages load shared libraries first.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from envmgr.errors import EnvmgrError
from envmgr.tools import process

_SECONDS = 300.0
# Runs in Python 3.8 and later. One line a file, before and after, so that a crash names its file.
_LOAD = r"""
import ctypes, importlib, importlib.machinery, json, os, pkgutil, sys
asked = json.load(sys.stdin)
out = os.fdopen(os.dup(1), "w")
null = os.open(os.devnull, os.O_RDWR)
os.dup2(null, 1)
SUFFIXES = importlib.machinery.EXTENSION_SUFFIXES
def say(*words):
    out.write(json.dumps(words) + "\n")
    out.flush()
def suffix(name):
    return max((s for s in SUFFIXES if name.endswith(s)), key=len, default=None)
def attempt(path):
    try:
        ctypes.CDLL(path)
    except OSError as problem:
        return str(problem)
def is_module(path, ending, stem):
    if ending != ".so":
        return True
    with open(path, "rb") as file:
        return b"PyInit_" + stem.encode() in file.read()
failed = []
for index, (path, parts) in enumerate(asked["extensions"]):
    ending = suffix(parts[-1])
    stem = parts[-1][:-len(ending)] if ending else ""
    if not stem.isidentifier() or not all(part.isidentifier() for part in parts[:-1]):
        continue
    say("try", index)
    if attempt(path) is not None and is_module(path, ending, stem):
        failed.append((index, path, parts))
for index, path, parts in failed:
    say("try", index)
    problem = attempt(path)
    try:
        importlib.import_module(parts[0] if len(parts) > 1 else parts[0].partition(".")[0])
    except BaseException:
        pass
    else:
        problem = attempt(path)
    if problem is not None:
        say("bad", index, problem)
def there(name):
    path, parts = sys.path, name.split(".")
    if parts[0] in sys.builtin_module_names:
        return True
    for i in range(len(parts)):
        places = []
        for finder in filter(None, map(pkgutil.get_importer, path)):
            spec = finder.find_spec(".".join(parts[:i + 1]))
            if spec is None:
                continue
            if spec.loader is not None and spec.submodule_search_locations is None:
                return True
            places += spec.submodule_search_locations
            if spec.loader is not None:
                break
        if not places:
            return False
        path = places
    return True
for index, name in enumerate(asked["modules"]):
    try:
        found = there(name)
    except Exception:  # finders of the environment's own raise what they like; a module none finds is absent
        found = False
    if not found:
        say("absent", index)
say("done", 0)
"""


def unloadable(
    python: Path, site_packages: Path, extensions: Sequence[str], modules: Sequence[str]
) -> tuple[dict[str, str], tuple[str, ...]]:
    """Why each extension module (paths from site-packages) cannot be opened, and which modules are not there.

    Raises E-BUILD when the interpreter cannot be started, or hangs.
    """
    problems: dict[str, str] = {}
    crashed: set[str] = set()
    while True:
        left = [path for path in extensions if path not in crashed]
        request = {
            "extensions": [[str(site_packages / path), path.split("/")] for path in left],
            "modules": list(modules),
        }
        done = process.run(
            [python, "-I", "-B", "-c", _LOAD], stdin=json.dumps(request), timeout=_SECONDS, cwd=Path("/")
        )
        said = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("[")]
        if said and said[-1][0] == "done":
            problems.update((left[word[1]], word[2]) for word in said if word[0] == "bad")
            return problems, tuple(modules[word[1]] for word in said if word[0] == "absent")
        tried = [word[1] for word in said if word[0] == "try"]
        if not tried:
            last = (done.stderr.strip().splitlines() or ["nothing was said"])[-1]
            raise EnvmgrError(
                "E-BUILD",
                f"{python} cannot run (status {done.status}): {last}",
                hint=f"see what `{python} -I -c pass` says",
            )
        how = f"signal {-done.status}" if done.status < 0 else f"status {done.status}"
        crashed.add(left[tried[-1]])
        problems[left[tried[-1]]] = f"opening it ended Python ({how})"
