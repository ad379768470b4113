"""What the schema cannot say: how the keys of an envmgr.toml must fit each other."""

from __future__ import annotations

from collections.abc import Iterator

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import InvalidName, canonicalize_name

from envmgr.config import aliases, pool_rules
from envmgr.config.problems import Finding, near
from envmgr.config.schema import ConfigFile, LibraryTable, environment_of
from envmgr.config.surroundings import PipelineTable

BUILD_KEYS = ("python", "constraints", "overrides", "no-build", "platforms")
"""Of `[environment.*]`: what has no meaning where nothing is locked or installed."""


def check(config: ConfigFile, mentioned: frozenset[str] = frozenset()) -> Iterator[Finding]:
    """Every rule that `config` breaks.

    `mentioned` are names that faulty keys or other profiles speak of, so that an environment whose library is
    misspelt, or lives elsewhere for once, is not called unused as well.
    """
    for name, library in config.library.items():
        yield from _package(name, library)
        yield from _health(name, config)
    yield from _pythons(config)
    yield from _serializers(config)
    yield from _pipelines(config)
    yield from pool_rules.check(config)
    yield from aliases.check(config)
    yield from _environments(config, mentioned)
    yield from _overrides(config)
    yield from _adopted(config)


def _package(name: str, library: LibraryTable) -> Iterator[Finding]:
    if library.stdlib:
        for key in ("package", "version", "with_"):
            if key in library.model_fields_set:
                written = key.rstrip("_")
                yield Finding(
                    ("library", name, written),
                    f"`{written}` and `stdlib = true` exclude each other",
                    "a module of the interpreter itself is not installed; leave one of the two out",
                    at="key",
                )
        return
    try:
        requirement = Requirement(library.package or name)
        canonicalize_name(requirement.name, validate=True)
    except (InvalidRequirement, InvalidName):
        yield Finding(
            ("library", name),
            f"`{library.package or name}` does not name a distribution",
            'say what installs it: package = "…"',
            at="key",
        )
        return
    if requirement.marker is not None:
        yield Finding(
            ("library", name, "package"),
            "a library is installed everywhere: it cannot have a marker",
            "leave out what follows the `;`",
        )
    if library.version is not None and (requirement.specifier or requirement.url):
        source = "a URL" if requirement.url else f"versions ({requirement.specifier})"
        yield Finding(
            ("library", name, "version"),
            f"`package` already names {source}",
            "keep the versions in one place: `version`, or `package`",
            at="key",
        )


def _health(name: str, config: ConfigFile) -> Iterator[Finding]:
    environment = environment_of(name, config.library[name])
    reachable = [n for n, library in config.library.items() if environment_of(n, library) == environment]
    for index, call in enumerate(config.library[name].health.calls):
        first = call.call.split(".")[0]
        if first not in reachable:
            suggestion = near(first, reachable)
            yield Finding(
                ("library", name, "health", "calls", index, "call"),
                f"`{first}` is not a library of environment `{environment}`",
                f"a health check calls what its own environment has: {', '.join(reachable)}",
                suggestion and call.call.replace(first, suggestion, 1),
            )


def _pythons(config: ConfigFile) -> Iterator[Finding]:
    first: dict[str, tuple[str, str]] = {}
    for name, library in config.library.items():
        environment = environment_of(name, library)
        table = config.environment.get(environment)
        if library.python is None or (table is not None and table.python is not None):
            continue
        other, python = first.setdefault(environment, (name, library.python))
        if python != library.python:
            yield Finding(
                ("library", name, "python"),
                f"library `{other}` of the same environment `{environment}` says {python}",
                f"say it once: [environment.{environment}] python = …",
            )


def _serializers(config: ConfigFile) -> Iterator[Finding]:
    """A worker has one strategy for a type, whichever of its libraries named it."""
    first: dict[tuple[str, str], tuple[str, str]] = {}
    for name, library in config.library.items():
        environment = environment_of(name, library)
        for kind, strategy in library.serializers.items():
            other, earlier = first.setdefault((environment, kind), (name, strategy))
            if earlier != strategy:
                yield Finding(
                    ("library", name, "serializers", kind),
                    f"library `{other}` of the same environment `{environment}` says {earlier}",
                    "a worker has one strategy for a type: say it once",
                )


def _pipelines(config: ConfigFile) -> Iterator[Finding]:
    for name, library in config.library.items():
        for path, pipeline in library.pipelines.items():
            place = ("library", name, "pipelines", path)
            if path == name or path.startswith(f"{name}."):
                message = f"the path stands without the library: `{path}` is `{name}.{path}`"
                yield Finding(place, message, "", path[len(name) + 1 :] or None, at="key")
            yield from _renamed(place, pipeline)
            for parameter, checks in pipeline.validate_.items():
                for least, most in (("min", "max"), ("min-length", "max-length")):
                    low, high = (getattr(checks, key.replace("-", "_")) for key in (least, most))
                    if low is not None and high is not None and low > high:
                        yield Finding(
                            (*place, "validate", parameter, most),
                            f"`{most}` is less than `{least}`: nothing passes",
                        )


def _renamed(place: tuple[str, ...], pipeline: PipelineTable) -> Iterator[Finding]:
    first: dict[str, str] = {}
    for name, parameter in pipeline.rename.items():
        other = first.setdefault(parameter, name)
        if other != name:
            yield Finding((*place, "rename", name), f"`{other}` is renamed to `{parameter}` already")
        if parameter in pipeline.rename:
            yield Finding(
                (*place, "rename", name), f"`{parameter}` is renamed itself", "write what it is in the end"
            )
        for step, named in (("convert", pipeline.convert), ("validate", pipeline.validate_)):
            if name in named:
                yield Finding(
                    (*place, step, name),
                    f"`{name}` is `{parameter}` by then: names are changed first",
                    "",
                    parameter,
                    at="key",
                )


def _environments(config: ConfigFile, mentioned: frozenset[str]) -> Iterator[Finding]:
    used = {environment_of(name, library): name for name, library in config.library.items()}
    for name in config.environment:
        if name not in used and name not in mentioned:
            yield Finding(
                ("environment", name),
                f"no library lives in environment `{name}`",
                f'a library is put there with environment = "{name}"',
                near(name, used),
                at="key",
            )
    written: dict[str, str] = {}
    for name, library in used.items():
        other = written.setdefault(name.lower(), name)
        if other != name:
            path = ("library", library, "environment")
            yield Finding(
                path,
                f"environments `{other}` and `{name}` differ only in case",
                "on some file systems they would be one directory",
            )


def _overrides(config: ConfigFile) -> Iterator[Finding]:
    for name, table in config.environment.items():
        for index, text in enumerate(table.overrides):
            requirement = Requirement(text)
            if not requirement.specifier and not requirement.url:
                yield Finding(
                    ("environment", name, "overrides", index),
                    f"an override says which {requirement.name} is taken: `{text}` names no version",
                    f'write "{requirement.name}==…", or a URL: "{requirement.name} @ https://…"',
                )


def _adopted(config: ConfigFile) -> Iterator[Finding]:
    """An environment that is used as it is takes no word on what to install. Empty lists say nothing."""
    for name, table in config.environment.items():
        if table.adopt is None:
            continue
        members = [key for key, library in config.library.items() if environment_of(key, library) == name]
        said = {("environment", name, key): getattr(table, key.replace("-", "_")) for key in BUILD_KEYS}
        said |= {("library", member, "python"): config.library[member].python for member in members}
        said["environment", name, "link-mode"] = "link_mode" in table.model_fields_set
        for path in (path for path, value in said.items() if value):
            yield Finding(
                path,
                f"`{path[-1]}` and `adopt` exclude each other",
                f"environment `{name}` is an existing one that is used as it is; leave one of the two out",
                at="key",
            )
