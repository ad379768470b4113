"""A project that is made once for a module, with an index and caches of its own, and put back before each test."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import indexes
import pytest

from envmgr.cli import run


@contextlib.contextmanager
def making(root: Path, *wheels: tuple[str, bytes]) -> Iterator[tuple[Path, indexes.Index]]:
    """Where the project `root`/app is made; its index serves as long as this is entered."""
    app = root / "app"
    app.mkdir()
    with pytest.MonkeyPatch.context() as patch, indexes.serve(*wheels) as index:
        patch.setenv("UV_DEFAULT_INDEX", f"http://{index.host}/simple/")
        patch.setenv("UV_CACHE_DIR", str(root / "uv"))
        patch.setenv("ENVMGR_CACHE_DIR", str(root / "envmgr"))
        yield app, index


def save(app: Path) -> None:
    shutil.copytree(app, app.with_name("saved"), symlinks=True)


def put_back(app: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """As it was saved, and the working directory."""
    shutil.rmtree(app)
    shutil.copytree(app.with_name("saved"), app, symlinks=True)
    monkeypatch.chdir(app)
    monkeypatch.setenv("ENVMGR_CACHE_DIR", str(app.with_name("envmgr")))
    return app


def answering(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, Any]]:
    """The command line: its exit status, and what it tells."""
    capsys.readouterr()

    def command(*arguments: str) -> tuple[int, Any]:
        code = run([*arguments, "--quiet", "--format", "json"])
        told = json.loads(capsys.readouterr().out)
        return code, told["data"] if told["ok"] else told["error"]

    return command
