"""Built beside, admitted whole: a store entry from a lock. A staging directory is never repaired, only
deleted.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

from envmgr.environments import conflicts, contents, files, modules, store
from envmgr.environments.layout import Layout, python_of, site_packages
from envmgr.environments.locks import Lock
from envmgr.environments.modules import Resolved
from envmgr.errors import EnvmgrError
from envmgr.model.outcomes import Report
from envmgr.model.project import Environment
from envmgr.tools import pypa, uv
from envmgr.tools.interpreters import Interpreter

Prove = Callable[[Path, tuple[Resolved, ...], Path], None]
"""(python, libraries, catalogs): import the libraries in a real worker, write their catalogs, or raise
E-PROOF.
"""

# Two installs at once download what they share twice; proofs may overlap them.
_one_install = threading.Lock()


def build(
    layout: Layout,
    environment: Environment,
    entry: str,
    *,
    lock: Lock,
    interpreter: Interpreter,
    offline: bool,
    proof: Callable[[tuple[Resolved, ...]], str],
    prove: Prove,
    report: Report,
) -> tuple[Resolved, ...]:
    """Install, verify, prove, note every byte, and put the whole into the store as `entry`; its libraries.

    The proof compiles what it imports, before our manifest is taken; nothing changes afterwards. Nothing is
    left behind when this raises (E-BUILD, E-TAMPERED, E-OFFLINE, E-NETWORK, E-PROOF; OSError of the disk).
    """
    staged = layout.staging / f"{entry}-{os.getpid()}"
    home, catalog = staged / "environment", staged / "catalog"
    try:
        catalog.mkdir(parents=True)
        with _one_install:
            report(environment.name, "install")
            uv.create_environment(home, Path(interpreter.executable))
            if lock.pins:
                uv.install(lock.path, python_of(home), link_mode=environment.link_mode, offline=offline)
        report(environment.name, "verify")
        place = site_packages(home)
        distributions = pypa.installed(place)
        known = contents.verify(place, distributions)
        libraries = modules.resolve(environment, distributions)
        report(environment.name, "prove")
        prove(python_of(home), libraries, catalog)
        report(environment.name, "store")
        manifest = contents.take(home, known).to_bytes()
        store.admit(
            layout, entry, environment=home, manifest=manifest, catalog=catalog, proof=proof(libraries)
        )
    except EnvmgrError as problem:
        raise conflicts.in_words(problem, environment) from problem
    finally:
        files.remove(staged)
    return libraries
