"""Where things are on disk. No other module joins these names."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Layout:
    """The paths of one project. `root` is the directory of envmgr.toml, absolute."""

    root: Path

    @property
    def config(self) -> Path:
        return self.root / "envmgr.toml"

    @property
    def home(self) -> Path:
        return self.root / ".envmgr"

    @property
    def ignore(self) -> Path:
        """Tells git that nothing of this directory is committed."""
        return self.home / ".gitignore"

    @property
    def state(self) -> Path:
        return self.home / "state.db"

    @property
    def records(self) -> Path:
        """Every generation, outside of state.db."""
        return self.home / "generations"

    @property
    def store(self) -> Path:
        return self.home / "store"

    @property
    def environments(self) -> Path:
        return self.home / "envs"

    @property
    def layers(self) -> Path:
        return self.home / "runtime"

    @property
    def uv(self) -> Path:
        """A bundle's, on a machine that has none."""
        return self.home / "tools" / "uv"

    @property
    def staging(self) -> Path:
        return self.home / "run" / "staging"

    @property
    def busy(self) -> Path:
        """The file that a mutating operation locks."""
        return self.home / "run" / "lock"

    @property
    def matrices(self) -> Path:
        """What is known of each matrix: locks of cells, releases."""
        return self.home / "matrix"

    @property
    def calls(self) -> Path:
        """What the application's VMs have counted."""
        return self.home / "run" / "calls"

    @property
    def compiled(self) -> Path:
        """What the application's compiled code calls."""
        return self.home / "calls.json"

    @property
    def undo(self) -> Path:
        """There while files outside of this directory belong to a generation that is not active yet."""
        return self.home / "run" / "undo.json"

    def lock(self, environment: str) -> Path:
        return self.root / "locks" / f"pylock.{environment}.toml"

    def release(self, name: str) -> Path:
        """Where the lock of a release stands that no environment asks for."""
        return self.home / "releases" / name / "pylock.toml"

    def current(self, environment: str) -> Path:
        return self.environments / environment / "current"

    def launch(self, environment: str) -> Path:
        return self.environments / environment / "launch.msgpack"

    def overruled(self, environment: str) -> Path:
        """What a rollback went back from."""
        return self.environments / environment / "overruled"

    def record(self, environment: str, generation: int) -> Path:
        return self.records / f"{environment}-{generation}.json"

    def recorded_launch(self, environment: str, generation: int) -> Path:
        return self.records / f"{environment}-{generation}.msgpack"

    def entry(self, name: str) -> Path:
        return self.store / name

    def manifest(self, entry: str) -> Path:
        return self.store / f"{entry}.manifest"

    def layer_manifest(self, layer: Path) -> Path:
        return layer.with_name(f"{layer.name}.manifest")

    def catalog(self, entry: str) -> Path:
        return self.store / f"{entry}.catalog"

    def catalog_of(self, entry: str, module: str) -> Path:
        return self.catalog(entry) / f"{module}.catalog"

    def proofs(self, entry: str) -> Path:
        return self.store / f"{entry}.proofs"

    def sick(self, entry: str) -> Path:
        """There while the entry is known to be unsound."""
        return self.store / f"{entry}.sick"

    def lease(self, entry: str) -> Path:
        return self.home / "run" / "leases" / entry


def entry_name(environment: str, key: str) -> str:
    return f"{environment}-{key}"


def python_of(environment: Path) -> Path:
    return environment / "bin" / "python"


def site_packages(environment: Path) -> Path:
    """Raises FileNotFoundError when there is none."""
    for found in sorted(environment.glob("lib/python*/site-packages")):
        return found
    raise FileNotFoundError(environment / "lib" / "python*" / "site-packages")
