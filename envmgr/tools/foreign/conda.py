"""environment.yml of conda and mamba."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import yaml

from envmgr.tools.foreign import conda_names
from envmgr.tools.foreign.reading import AskedPython, Place, Reading, first_line, host_of, text_of, unreadable

_SPEC = re.compile(
    r"^(?:(?P<channel>[^\s:]+)::)?(?P<name>[A-Za-z0-9_.-]+)(?:\[[^\]]*\])?\s*(?P<version>[<>=!~ ].*)?$"
)
_MANAGERS = {"pip", "setuptools", "wheel", "conda", "mamba", "virtualenv", "uv"}
_DEEPEST = 50
# YAML aliases can repeat a node without end.
_MOST_NODES = 100_000


def read(path: Path) -> Reading:
    """Raises E-IMPORT when it is no YAML mapping."""
    reading = Reading("conda", files=[path])
    root = _root(path)
    keys = {key.value: value for key, value in root.value if isinstance(key, yaml.ScalarNode)}
    name = keys.get("name")
    if isinstance(name, yaml.ScalarNode):
        reading.name = name.value
    for url in _items(keys.get("channels")):
        if isinstance(url, yaml.ScalarNode) and url.value not in ("defaults", "conda-forge", "nodefaults"):
            reading.leave(
                f"channel {host_of(url.value)}",
                "channels have no place here: packages come from PyPI",
                _at(path, url),
            )
    for key in ("prefix", "variables"):
        if key in keys and key == "variables":
            reading.leave(
                "variables", "environment variables have no place in envmgr.toml", _at(path, keys[key])
            )
    for node in _items(keys.get("dependencies")):
        if isinstance(node, yaml.ScalarNode):
            _package(reading, node.value, _at(path, node))
        elif isinstance(node, yaml.MappingNode):
            _nested(reading, path, node)
        else:
            reading.leave("a dependency", "it is neither a name nor pip's list", _at(path, node))
    return reading


def _root(path: Path) -> yaml.MappingNode:
    try:
        root = yaml.compose(text_of(path), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.MarkedYAMLError as problem:
        line = problem.problem_mark.line + 1 if problem.problem_mark else None
        raise unreadable(path, f"it is not YAML: {problem.problem or first_line(problem)}", line) from None
    except (yaml.YAMLError, RecursionError, ValueError) as problem:
        raise unreadable(path, f"it is not YAML: {first_line(problem)}") from None
    if not isinstance(root, yaml.MappingNode):
        raise unreadable(path, "it is not a mapping with `dependencies`", 1)
    return root


def _items(node: yaml.Node | None) -> Iterator[yaml.Node]:
    if isinstance(node, yaml.SequenceNode):
        yield from node.value[:_MOST_NODES]


def _nested(reading: Reading, path: Path, node: yaml.MappingNode) -> None:
    from envmgr.tools.foreign import requirements

    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode) or key.value != "pip":
            reading.leave(str(key.value), "only pip's list is read", _at(path, key))
            continue
        for item in _items(value):
            if isinstance(item, yaml.ScalarNode):
                requirements.read_line(reading, item.value, _at(path, item))


def _package(reading: Reading, text: str, place: Place) -> None:
    found = _SPEC.match(text.partition("#")[0].strip())
    if found is None:
        reading.leave(text, "it is none of conda's specifications", place)
        return
    name = found["name"].lower()
    versions = _versions(found["version"] or "")
    if versions is None:
        reading.leave(text, "its versions are none that PEP 440 can say: any version will do", place)
        versions = ""
    if name == "python":
        if versions:
            exact = re.fullmatch(r"==(\d+\.\d+(?:\.\d+)?)(?:\.\*)?", versions)
            asked = exact[1] if exact else versions
            reading.pythons.append(AskedPython(asked, place, exact is None))
        return
    known = conda_names.on_pypi(name)
    if name in _MANAGERS:
        reading.leave(text, "it installs packages, which envmgr does", place)
    elif known is None:
        reading.leave(text, "conda alone has it: it is not a Python distribution of PyPI", place)
    else:
        before = len(reading.wanted)
        reading.want(f"{known}{versions}", place, certain=False)
        exact = re.fullmatch(r"==([^*]+)", versions)
        if exact and len(reading.wanted) > before:
            reading.pin(known, exact[1], [], place)


def _versions(text: str) -> str | None:
    """PEP 440's words for conda's: `=1.26` is any 1.26, `=1.26.4` and `=1.26.4=py312_0` are that one."""
    text = text.strip()
    if not text or text == "*":
        return ""
    if "|" in text:
        return None
    exact = re.fullmatch(r"(=?=)?\s*(?P<version>[\w.!+*]+)(?:\s*=\s*|\s+)?(?P<build>[\w.*]+)?", text)
    if exact and (exact[1] or exact["build"]):
        version = exact["version"].rstrip("*").rstrip(".")
        fuzzy = exact[1] != "==" and not exact["build"] and version.count(".") < 2
        return f"=={version}{'.*' if fuzzy or exact['version'].endswith('*') else ''}"
    clauses = [clause.strip() for clause in text.split(",")]
    if not all(re.fullmatch(r"(?:~=|[<>=!]=|[<>])\s*[\w.!+*]+", clause) for clause in clauses):
        return None
    return ",".join(clause.replace(" ", "") for clause in clauses)


def _at(path: Path, node: yaml.Node) -> Place:
    return Place(path, node.start_mark.line + 1)
