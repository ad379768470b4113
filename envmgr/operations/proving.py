"""How a build proves an environment: workers of one runtime layer, in one project's directory."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from envmgr.environments import layers
from envmgr.environments.modules import Resolved
from envmgr.environments.store import digest
from envmgr.operations import ground


@dataclass(frozen=True, slots=True)
class Proving:
    """The `builder.Proving` of a sync. `root` is where workers run."""

    root: Path
    layer: Path

    def imports(self, python: Path, libraries: tuple[Resolved, ...], *, bytecode: bool) -> bool | str:
        from envmgr import catalog

        return catalog.prove_forking(self.root, self._worker(python, bytecode), libraries)

    def functions(self, python: Path, libraries: tuple[Resolved, ...], into: Path, *, bytecode: bool) -> None:
        from envmgr import catalog

        catalog.write(self._worker(python, bytecode), libraries, into)

    def name(self, libraries: tuple[Resolved, ...]) -> str:
        proved = [
            [
                [found.library.name, found.module, found.distribution, found.library.init],
                [sorted(found.library.hooks.items()), found.library.pipelines],
                [ground.health_calls(found.library), found.library.fork],
            ]
            for found in libraries
        ]
        return digest([self.layer.name, ground.catalogs(), proved])

    def functions_name(self, libraries: tuple[Resolved, ...]) -> str:
        listed = {(found.module, found.distribution or "", found.version or "") for found in libraries}
        return digest([self.layer.name, ground.catalogs(), sorted(listed)])

    def _worker(self, python: Path, bytecode: bool) -> list[str]:
        return [str(python), "-I", *([] if bytecode else ["-B"]), str(layers.worker_of(self.layer))]
