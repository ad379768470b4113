"""Modules that are missing, and the line of envmgr.toml that adds what has them."""

from __future__ import annotations

import re
from typing import Any

from .case import Case
from .distributions import distribution_of
from .rules import rule


def _missing(case: Case, match: Any) -> str | None:
    name = getattr(case.error, "name", None) or match["module"]
    top = str(name).partition(".")[0]
    if "pickle" in case.name and not top.isidentifier():
        return "the file is no pickle, or a damaged one: look at the path"
    if not top.replace("-", "_").isidentifier():
        return None
    if top == case.module and "." in str(name):
        return f"the installed{case.version(top)} of {top} has no {name}: it was in another version, or is spelled otherwise"
    distribution = distribution_of(top)
    if distribution == case.library:
        return "its files are gone: run `envmgr health --repair`, which builds afresh what is not whole"
    return line(case, distribution)


def line(case: Case, distribution: str) -> str:
    """The very change that brings it."""
    return (
        f'add with = ["{distribution}"] under [library.{case.library}] in envmgr.toml (beside what stands there), '
        "then run `envmgr sync`"
    )


def _optional(case: Case, match: Any) -> str | None:
    return line(case, distribution_of(match["module"]))


def _newer(case: Case, match: Any) -> str | None:
    return line(case, f"{distribution_of(match['module'].strip())}>={match['version']}")


def _pip(case: Case, match: Any) -> str | None:
    words = [word for word in match["what"].split() if not word.startswith("-")]
    return line(case, words[0].strip("`'\".,)")) if words else None


def _cannot(case: Case, match: Any) -> str | None:
    module = match["module"].partition(".")[0]
    if re.search("circular import", case.text):
        return f"a file of your own may have the name of a module: look where {module} is imported from"
    return (
        f"the installed {module}{case.version(module)} is of another version than the library was written for: pin it, "
        f'with = ["{distribution_of(module)}<…"] under [library.{case.library}] in envmgr.toml, then `envmgr sync`'
    )


RULES = (
    rule("AttributeError", r"accessor requires (?P<module>[\w-]+)$", _optional),
    rule("ImportError", r"Missing optional dependency '(?P<module>[\w.-]+)'", _optional),
    rule("ImportError", r"requires '(?P<module>[\w-]+)' version '(?P<version>[\w.]+)' or newer", _newer),
    rule("ImportError", r"requires version '(?P<version>[\w.]+)' or newer of '(?P<module>[\w-]+)'", _newer),
    rule("ImportError", r"No module named '?(?P<module>[\w.]+)'?", _missing),
    rule("ImportError", r"(?P<module>[\w-]+) not found, please install", _optional),
    rule("ImportError", r"Unable to find a usable engine; tried using: '(?P<module>[\w-]+)'", _optional),
    rule(
        "ImportError",
        r"[`'](?P<module>[\w-]+)[`'] (?:package )?(?:is|must be) (?:required|installed)",
        _optional,
    ),
    rule(
        "ImportError",
        r"(?i)requires? (?:the )?[`']?(?P<module>[\w-]+)[`']? (?:package )?(?:to be )?installed",
        _optional,
    ),
    rule("ImportError RuntimeError", r"pip3? install (?P<what>[^\n]+)", _pip),
    rule(
        "ImportError",
        r"numpy\.core\.multiarray failed to import|compiled using NumPy 1\.x|_ARRAY_API not found",
        'the library was built for NumPy 1: with = ["numpy<2"] under [library.{library}] in envmgr.toml, then `envmgr sync`',
    ),
    rule(
        "ImportError",
        r"numpy\.dtype size changed|binary incompatibility",
        "the library was built for another NumPy: let `envmgr upgrade {library}` find versions that go together",
    ),
    rule(
        "ImportError",
        r"(?P<file>lib[\w.+-]+\.so[\w.]*): cannot open shared object",
        "{file} is a library of the system: install the package that has it (apt-file search {file})",
    ),
    rule(
        "ImportError",
        r"GLIBC(?:XX)?_[\d.]+' not found",
        "the wheel is for a newer Linux than this: ask for an older version of the library",
    ),
    rule(
        "ImportError",
        r"cannot import name '(?P<name>\w+)' from (?:partially initialized module )?'(?P<module>[\w.]+)'",
        _cannot,
    ),
    rule(
        "ValueError",
        r"numpy\.dtype size changed",
        "the library was built for another NumPy: let `envmgr upgrade {library}` find versions that go together",
    ),
    rule(
        "ValueError",
        r"No engine for filetype: '(\w+)'",
        "pandas writes .xlsx (openpyxl or xlsxwriter), .ods (odfpy)",
    ),
)
