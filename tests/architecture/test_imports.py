"""The arrows of docs/architecture.md, read from the imports themselves."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

ROOMS = {
    "envmgr": [
        "model",
        "errors",
        "caches",
        "config",
        "tools",
        "environments",
        "catalog",
        "changes",
        "matrix",
        "operations",
        "cli",
    ],
    "envmgr_runtime": ["wire", "values", "library", "advice", "failures", "execution", "worker"],
}
FOLDERS = {"envmgr": ROOT / "envmgr", "envmgr_runtime": ROOT / "runtime"}
SEES_RUNTIME = {"catalog", "changes", "matrix", "operations", "environments"}
FOREIGN = {"envmgr_runtime": {"msgpack", "numpy", "pandas", "sklearn", "dateutil", "pytz"}}


def modules() -> Iterator[tuple[str, Path, str]]:
    """(package, file, dotted module name) of every Python file."""
    for package, folder in FOLDERS.items():
        for file in sorted(folder.rglob("*.py")):
            parts = file.relative_to(folder).with_suffix("").parts
            yield package, file, ".".join((package, *parts)).removesuffix(".__init__")


def imports(file: Path, module: str) -> set[str]:
    """Absolute dotted names that a file imports, wherever in it."""
    found = set()
    base = module.split(".") if file.name == "__init__.py" else module.split(".")[:-1]
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            start = base[: len(base) - node.level + 1] if node.level else []
            name = ".".join([*start, *([node.module] if node.module else [])])
            found |= {name} | {f"{name}.{alias.name}" for alias in node.names}
    return found


def room(name: str) -> tuple[str, str] | None:
    package, _, rest = name.partition(".")
    first = rest.partition(".")[0]
    return (package, first) if first in ROOMS.get(package, ()) else None


def wrong_arrows(package: str, module: str, imported: set[str]) -> list[str]:
    here = room(module)
    wrong = []
    for name in sorted(imported):
        there = room(name)
        if here is None or there is None:
            continue
        if there[0] == package:
            if ROOMS[package].index(there[1]) > ROOMS[package].index(here[1]):
                wrong.append(f"{module} imports {name}")
        elif package == "envmgr_runtime" or here[1] not in SEES_RUNTIME:
            wrong.append(f"{module} imports {name}")
    return wrong


@pytest.mark.parametrize(("package", "file", "module"), list(modules()), ids=lambda value: str(value)[-60:])
def test_imports_point_to_the_left(package: str, file: Path, module: str) -> None:
    assert wrong_arrows(package, module, imports(file, module)) == []


def test_a_wrong_arrow_is_found() -> None:
    assert wrong_arrows("envmgr", "envmgr.tools.uv", {"envmgr.operations.locking"})
    assert wrong_arrows("envmgr_runtime", "envmgr_runtime.wire.frames", {"envmgr.errors"})
    assert wrong_arrows("envmgr", "envmgr.config.schema", {"envmgr_runtime.wire"})


def test_no_module_imports_itself_by_a_detour() -> None:
    names = {module for _, _, module in modules()}
    arrows = {module: imports(file, module) & (names - {module}) for _, file, module in modules()}
    packages = {name for name in names if any(other.startswith(name + ".") for other in names)}
    done: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, " -> ".join((*path[path.index(name) :], name))
        if name in done:
            return
        for target in arrows[name] - packages:
            visit(target, (*path, name))
        done.add(name)

    for name in sorted(names - packages):
        visit(name, ())


def test_every_room_says_what_it_is_for() -> None:
    for folder in FOLDERS.values():
        for file in folder.rglob("__init__.py"):
            assert ast.get_docstring(ast.parse(file.read_text())), file


def test_the_runtime_needs_nothing_but_msgpack() -> None:
    import sys

    for package, file, module in modules():
        if package != "envmgr_runtime":
            continue
        for name in imports(file, module):
            top = name.partition(".")[0]
            assert top in sys.stdlib_module_names or top == package or top in FOREIGN[package], (
                f"{module} imports {name}"
            )


def test_one_module_starts_subprocesses() -> None:
    start = re.compile(r"\bsubprocess\.(run|Popen|call|check_)")
    starters = {module for _, file, module in modules() if start.search(file.read_text())}
    assert starters == {"envmgr.tools.process", "envmgr_runtime.worker.client"}


ELIXIR_ROOMS = ["Telemetry", "Arrow", "Wire", "Values", "Libraries", "Pool", "Calls"]


def test_elixir_arrows() -> None:
    wrong = []
    for position, name in enumerate(ELIXIR_ROOMS):
        for file in (ROOT / "elixir" / "lib" / "envmgr" / name.lower()).rglob("*.ex"):
            code = re.sub(r"#.*", "", file.read_text())
            wrong += [
                f"{file.name}: Envmgr.{later}"
                for later in ELIXIR_ROOMS[position + 1 :]
                if re.search(rf"Envmgr\.{later}\b|Envmgr\.\{{[^}}]*\b{later}\b", code)
            ]
    assert wrong == []
