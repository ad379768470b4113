"""Every key of envmgr.toml, described once: type, default, meaning.

A key that no table here has is a problem, and so is a value of another type: nothing is converted. Defaults that
are None are filled in by `assembly`, from other keys.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from envmgr.config.fields import (
    Argument,
    CallPath,
    Duration,
    ModuleText,
    Name,
    PythonText,
    RequirementText,
    SpecifierText,
)
from envmgr.config.objects import AliasText, PipelinePath
from envmgr.config.pooling import (
    CacheTable,
    LimitsTable,
    PoolTable,
    Queue,
    RecoveryTable,
    RecycleTable,
    Threads,
    WorkerProfile,
    Workers,
)
from envmgr.config.strategies import Strategy, TypeName
from envmgr.config.surroundings import HooksTable, PipelineTable
from envmgr.config.table import Table

CONFIG_VERSION = 1

Platform = Literal[
    "linux-x86_64", "linux-aarch64", "macos-x86_64", "macos-arm64", "windows-x86_64", "windows-arm64"
]


class ProjectTable(Table):
    name: str | None = Field(
        default=None, min_length=1, description="The project's name. Default: its directory's."
    )
    python: PythonText | None = Field(
        default=None,
        description="Interpreter of environments that name none: a version (`3.12`, `3.13t`) or a path, "
        "relative to the project. Default: the version that runs envmgr.",
    )


class DefaultsTable(Table):
    """Inherited by every library."""

    timeout: Duration = Field(default=30_000, description="How long a call may take.")
    workers: Workers = Field(default=2, description="The most workers that an environment's pool keeps.")
    min_workers: Workers | None = Field(
        default=None, description="The least; between the two the load decides. Default: `workers`."
    )
    worker_profile: WorkerProfile = Field(
        default="process",
        description="`process`: one call at a time a worker; `thread`: several, in threads; `call`: a fresh worker "
        "for every call (docs/profiles.md).",
    )
    threads: Threads = Field(default=4, description="Of a worker with the profile `thread`.")
    lazy: bool = Field(default=False, description="Whether the first worker starts with the first call.")
    queue: Queue = Field(
        default=1_000,
        description="The most calls that wait for a worker; one more is refused (docs/pools.md).",
    )
    trace: bool = Field(
        default=False, description="Whether every call's metadata say how long each part of it took."
    )


class HealthCallTable(Table):
    call: CallPath = Field(description="Path of the function, beginning with the library's name.")
    args: list[Argument] = Field(default=[], description="Positional arguments.")
    kwargs: dict[str, Argument] = Field(default={}, description="Keyword arguments.")


class HealthTable(Table):
    calls: list[HealthCallTable] = Field(
        default=[], description="Calls that must succeed before an activation."
    )


class FilesystemTable(Table):
    read: list[str] = Field(default=[], description="Directories that the library may read.")
    write: list[str] = Field(default=[], description="Directories that the library may write.")


class SecurityTable(Table):
    allow: list[str] = Field(
        default=[], description="Functions that may be called although a rule refuses them."
    )
    deny: list[str] = Field(default=[], description="Functions that may not be called.")
    network: Literal["none", "loopback", "all"] = Field(
        default="all", description="What the library may connect to."
    )
    filesystem: FilesystemTable = Field(
        default=FilesystemTable(), description="What the library may read and write."
    )


class LibraryTable(Table):
    package: RequirementText | None = Field(
        default=None,
        description="Requirement that installs it: a distribution, perhaps with extras and versions. "
        "Default: the library's name.",
    )
    version: SpecifierText | None = Field(default=None, description="Versions that will do.")
    module: ModuleText | None = Field(
        default=None, description="Import name. Default: found in the environment."
    )
    stdlib: bool = Field(
        default=False, description="A module of the interpreter itself: nothing is installed."
    )
    environment: Name | None = Field(
        default=None,
        description="Environment it lives in, shared with the libraries that name the same. "
        "Default: one of its own, of the library's name.",
    )
    with_: list[RequirementText] = Field(default=[], description="Further requirements of its environment.")
    python: PythonText | None = Field(
        default=None, description="Interpreter of its environment, where `environment.*.python` names none."
    )
    timeout: Duration | None = Field(
        default=None, description="How long a call may take. Default: `defaults.timeout`."
    )
    workers: Workers | None = Field(
        default=None,
        description="The most workers of its environment's pool; of libraries that share one, the largest counts. "
        "Default: `defaults.workers`.",
    )
    min_workers: Workers | None = Field(
        default=None,
        description="The least. Default: `defaults.min-workers`; where that is not written, or is more, `workers`.",
    )
    worker_profile: WorkerProfile | None = Field(
        default=None, description="Default: `defaults.worker-profile`."
    )
    threads: Threads | None = Field(default=None, description="Default: `defaults.threads`.")
    lazy: bool | None = Field(
        default=None,
        description="Default: `defaults.lazy`. An environment is lazy when all its libraries are.",
    )
    queue: Queue | None = Field(default=None, description="Default: `defaults.queue`.")
    recycle: RecycleTable = Field(
        default=RecycleTable(), description="When a worker of its environment is replaced; the least counts."
    )
    fork: bool = Field(
        default=True,
        description="Whether its workers may be forked from a process that has imported it. Where that does not work "
        "they are started afresh anyway.",
    )
    init: str = Field(default="", description="Python source that a worker runs after the import.")
    health: HealthTable = Field(default=HealthTable(), description="Calls that prove it works.")
    cache: CacheTable = Field(default=CacheTable(), description="Answers that may be kept.")
    limits: LimitsTable = Field(default=LimitsTable(), description="How many calls go at once.")
    recovery: RecoveryTable = Field(
        default=RecoveryTable(), description="What is done when a call fails (docs/recovery.md)."
    )
    serializers: dict[TypeName, Strategy] = Field(
        default={},
        description="By a type's full name, in quotes, what is sent for its values and those of its subclasses: "
        "`value`, `ref`, `repr`, `pickle`, `module:attribute`, or an entry point's name "
        "(docs/serializers.md).",
    )
    hooks: HooksTable = Field(
        default=HooksTable(),
        description="Functions that are called around its calls, and at its beginning and end (docs/hooks.md).",
    )
    pipelines: dict[PipelinePath, PipelineTable] = Field(
        default={},
        description="By the path of a function, in quotes and without the library (`*`: every function that has no "
        "pipeline of its own), what is done with its arguments and its result (docs/hooks.md).",
    )
    trace: bool | None = Field(
        default=None,
        description="Whether every call's metadata say how long each part of it took. Default: `defaults.trace`.",
    )
    security: SecurityTable = Field(default=SecurityTable(), description="What it may do.")


def _from_requirement(value: Any) -> Any:
    return {"package": value} if isinstance(value, str) else value


LibraryValue = Annotated[
    LibraryTable, BeforeValidator(_from_requirement, json_schema_input_type=str | LibraryTable)
]
"""A table, or a requirement alone: `pandas1 = "pandas<2"`."""


class EnvironmentTable(Table):
    python: PythonText | None = Field(default=None, description="Its interpreter. Default: `project.python`.")
    constraints: list[RequirementText] = Field(
        default=[], description="Versions allowed for whatever is installed."
    )
    overrides: list[RequirementText] = Field(
        default=[], description="Requirements that replace whatever any distribution asks of the same one."
    )
    no_build: bool = Field(
        default=False, description="Install wheels only: nothing is built from source, and so nothing run."
    )
    platforms: list[Platform] = Field(
        default=[],
        description="Platforms that its lock must serve. Default: every one that the distributions serve.",
    )
    link_mode: Literal["hardlink", "copy"] = Field(
        default="hardlink",
        description="`hardlink` shares files with uv's cache; `copy` is slower and safe from edits there.",
    )
    compression: Literal["none", "zlib"] = Field(
        default="none",
        description="Of large data between its workers and Elixir. On one machine it costs more time than it "
        "saves: see docs/benchmarks.md.",
    )
    pools: dict[Name, PoolTable] = Field(
        default={}, description="Pools beside the default one; a call chooses by `pool:` (docs/pools.md)."
    )
    adopt: str | None = Field(
        default=None,
        min_length=1,
        description="Directory of an existing virtual environment, relative to the project, used as it is and "
        "never written to. Nothing is locked or installed then.",
    )


class ProfileTable(Table):
    """Settings that a profile lays over the file's own."""

    defaults: DefaultsTable = Field(default=DefaultsTable(), description="Laid over `[defaults]`.")
    library: dict[Name, LibraryValue] = Field(default={}, description="Laid over `[library.*]`.")
    environment: dict[Name, EnvironmentTable] = Field(default={}, description="Laid over `[environment.*]`.")


class ConfigFile(Table):
    config_version: int = Field(
        default=CONFIG_VERSION,
        ge=CONFIG_VERSION,
        le=CONFIG_VERSION,
        description="Version of this file's format.",
    )
    project: ProjectTable = Field(default=ProjectTable(), description="The project itself.")
    defaults: DefaultsTable = Field(default=DefaultsTable(), description="What every library inherits.")
    library: dict[Name, LibraryValue] = Field(default={}, description="What can be called.")
    environment: dict[Name, EnvironmentTable] = Field(default={}, description="Where libraries live.")
    aliases: dict[AliasText, AliasText] = Field(
        default={},
        description='Other names, and the library, path or alias that each stands for: `np = "numpy"`, '
        '`avg = "np.average"`, `"np.avg" = "numpy.average"`.',
    )
    profile: dict[Name, ProfileTable] = Field(
        default={}, description="Named sets of settings laid over these."
    )


def environment_of(name: str, library: LibraryTable) -> str:
    return library.environment or name
