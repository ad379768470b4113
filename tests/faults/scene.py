"""A real project, the real command line, and what must hold of both whatever ends a command."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgpack

from envmgr.environments.layout import Layout
from envmgr.environments.stages import VARIABLE
from envmgr.environments.state import read_state

PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"
_BESIDE = {".manifest", ".catalog", ".proofs", ".sick"}


class Done:
    """What a run of the command line ended in. `status` is negative when a signal ended it."""

    def __init__(self, status: int, stdout: str, stderr: str) -> None:
        self.status, self.stdout, self.stderr = status, stdout, stderr
        self.words = f"{status}\n{stdout}\n{stderr}"
        assert "Traceback" not in stderr, self.words
        assert "E-INTERNAL" not in self.words, self.words
        assert status != 70, self.words

    @property
    def answer(self):
        return json.loads(self.stdout)

    @property
    def code(self):
        return self.answer["error"]["code"]


class Scene:
    """A project in `root`, with its own shared cache; copies of it are kept beside it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.layout = Layout(root)
        self.cache = root.with_name(f"{root.name}-cache")
        root.mkdir(parents=True, exist_ok=True)

    def configure(self, text: str = "", **libraries: str) -> None:
        """`libraries`: name → requirement, or the lines of its table."""
        lines = ["config-version = 1", "[project]", 'name = "app"', f'python = "{PYTHON}"', text]
        for name, wanted in libraries.items():
            lines += [f"[library.{name}]", wanted if "=" in wanted[2:] else f'version = "{wanted}"']
        (self.root / "envmgr.toml").write_text("\n".join(lines) + "\n")

    def start(self, *words: str, fault: str = "", json: bool = False, **variables: str) -> subprocess.Popen:
        environment = {**os.environ, "ENVMGR_CACHE_DIR": str(self.cache), **variables}
        environment.pop(VARIABLE, None)
        if fault:
            environment[VARIABLE] = fault
        argv = [sys.executable, "-m", "envmgr", *words, "--project", str(self.root)]
        return subprocess.Popen(
            [*argv, *(["--format", "json"] if json else [])],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *words: str, fault: str = "", json: bool = False, **variables: str) -> Done:
        return end(self.start(*words, fault=fault, json=json, **variables))

    def ok(self, *words: str, **rest: str) -> Done:
        done = self.run(*words, **rest)
        assert done.status == 0, done.words
        return done

    def killed(self, stage: str, *words: str) -> None:
        done = self.run(*words, fault=f"kill:{stage}")
        assert done.status == -signal.SIGKILL, f"{stage} was not reached: {done.words}"

    def save(self, name: str) -> None:
        _copy(self.root, self.root.with_name(f"saved-{name}"))

    def restore(self, name: str) -> None:
        shutil.rmtree(self.root, ignore_errors=True)
        shutil.rmtree(self.cache, ignore_errors=True)
        _copy(self.root.with_name(f"saved-{name}"), self.root)

    def active(self) -> dict[str, dict]:
        """The launch manifest of every environment that has one."""
        found = self.layout.environments.glob("*/launch.msgpack")
        return {path.parent.name: msgpack.unpackb(path.read_bytes()) for path in found}

    def serving(self) -> dict[str, str]:
        """The version that each environment's workers import: from the manifest, and by `current`, both whole."""
        versions = {}
        for name, manifest in self.active().items():
            entry = Path(manifest["store"]).name
            current = self.layout.current(name)
            assert self.layout.manifest(entry).is_file(), f"{name}: {entry}"
            if current.is_symlink() and current.readlink().name != entry:
                assert self.layout.manifest(current.readlink().name).is_file()
                imported(current / "bin" / "python", manifest)
            versions[name] = imported(manifest["command"][0], manifest)
        return versions

    def leftovers(self) -> list[str]:
        """All that a command which ended well would not have left."""
        layout = self.layout
        found = [path for path in layout.root.rglob(".*.new") if "site-packages" not in path.parts]
        found += [path for path in layout.home.glob(".project*") if path.name.startswith(".project")]
        found += [path for path in (layout.staging, layout.home / "run" / "undo.json") if path.exists()]
        there = {path.name for path in layout.store.glob("*") if path.suffix not in _BESIDE}
        for path in layout.store.glob("*"):
            if path.suffix in _BESIDE and path.stem not in there:
                found.append(path)
        for name in there:
            found += [path for path in (layout.manifest(name), layout.catalog(name)) if not path.exists()]
        found += [path for path in layout.lease("x").parent.glob("*") if path.name not in there]
        layers = {path.name for path in layout.layers.glob("*") if path.suffix != ".manifest"}
        found += [path for path in layout.layers.glob("*.manifest") if path.stem not in layers]
        found += [path.parent for path in layout.environments.glob("*/current") if not path.exists()]
        return sorted(str(path.relative_to(layout.root)) for path in found)

    def sound(self, *how: str) -> None:
        """Nothing is over, the journal agrees with the disk, and health finds nothing; `--deep`, not a byte."""
        assert self.leftovers() == []
        with read_state(self.layout) as state:
            assert state is not None
            assert state.unfinished() == ()
            for name, manifest in self.active().items():
                assert state.active(name).launch == msgpack.packb(manifest)
                lines = [line for line in state.history(name) if line.active]
                assert [line.generation for line in lines] == [manifest["generation"]]
        health = self.run("health", *how, json=True)
        assert health.status == 0, health.words


def end(child: subprocess.Popen, timeout: float = 120) -> Done:
    try:
        stdout, stderr = child.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        child.kill()
        stdout, stderr = child.communicate()
        raise AssertionError(f"it hung: {stdout}\n{stderr}") from None
    return Done(child.returncode, stdout, stderr)


def stopped(child: subprocess.Popen) -> None:
    """Wait until the fault `stop` has halted it."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T":
            return
        assert child.poll() is None, child.communicate()
        time.sleep(0.01)
    raise AssertionError("it was not stopped")


def imported(python: Path | str, manifest: dict) -> str:
    modules = {facts["module"]: facts["version"] for facts in manifest["libraries"].values()}
    code = f"import {', '.join(modules)}; print({next(iter(modules)).partition('.')[0]}.__version__)"
    done = subprocess.run([python, "-I", "-B", "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def _copy(source: Path, target: Path) -> None:
    subprocess.run(["cp", "-a", source, target], check=True)
