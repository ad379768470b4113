"""Documents held against the code."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from envmgr.errors import CODES

ROOT = Path(__file__).parents[2]


def test_every_error_code_is_documented_with_its_exit_status() -> None:
    document = (ROOT / "docs" / "errors.md").read_text()
    rows = re.findall(r"^\| `(E-[A-Z-]+)` \| (\d+) \|", document, re.MULTILINE)
    assert {code: int(status) for code, status in rows} == dict(CODES)


def test_every_error_code_is_used_and_every_used_code_is_in_the_table() -> None:
    used = set()
    for file in (ROOT / "envmgr").rglob("*.py"):
        if file.name != "errors.py":
            used |= set(re.findall(r"[\"'](E-[A-Z]+(?:-[A-Z]+)*)[\"']", file.read_text()))
    assert used == set(CODES)


def test_every_package_is_in_the_wheel() -> None:
    listed = set(tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"])
    there = {
        name + "".join(f".{part}" for part in file.parent.relative_to(ROOT / folder).parts)
        for name, folder in (("envmgr", "envmgr"), ("envmgr_runtime", "runtime"))
        for file in (ROOT / folder).rglob("__init__.py")
    }
    assert listed == there


def test_links_between_documents_lead_somewhere() -> None:
    for document in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", document.read_text()):
            assert (document.parent / target).exists(), f"{document.name}: {target}"


def test_versions_agree() -> None:
    import envmgr
    import envmgr_runtime

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    mix = re.search(r'version: "([^"]+)"', (ROOT / "elixir" / "mix.exs").read_text())
    assert mix is not None
    assert {envmgr.__version__, envmgr_runtime.__version__, mix[1]} == {project}


def test_help_of_a_mix_task_has_every_option_of_its_command() -> None:
    import click

    from envmgr.cli.application import GLOBAL_OPTIONS, application

    everywhere = {option for parameter in GLOBAL_OPTIONS for option in parameter.opts}
    missing = []
    for file in (ROOT / "elixir" / "lib" / "mix" / "tasks").glob("envmgr.*.ex"):
        word = file.name.split(".")[1]
        command = application.get_command(click.Context(application), word)
        if command is None or word == "call":  # a call of the task goes through a pool
            continue
        text = file.read_text()
        for parameter in command.params:
            missing += [
                f"{file.name}: {option}"
                for option in (*parameter.opts, *parameter.secondary_opts)
                if option.startswith("--") and option not in everywhere and option not in text
            ]
    assert missing == []
