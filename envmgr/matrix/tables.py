"""Every key of matrices/NAME.toml, described once: type, default, meaning. What no table has is a problem."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Discriminator, Field, Tag

from envmgr.config.fields import Duration, RequirementText, Size, SpecifierText
from envmgr.config.table import Table
from envmgr.matrix.fields import (
    CheckName,
    Day,
    DistributionText,
    PlatformAxis,
    PythonSelector,
    ReleaseText,
    ResolutionAxis,
    SpanText,
    Values,
    Words,
    Yes,
)

MATRIX_VERSION = 1
CHECK_KINDS = ("import", "health", "pytest", "command", "elixir")


class MatrixTable(Table):
    """A table of a matrix's file."""


def _named(value: Any) -> Any:
    if isinstance(value, str):
        value = [value]
    return {"releases": value} if isinstance(value, list) else value


class ReleasesTable(MatrixTable):
    """An axis of releases, in its long form."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    support_window: SpanText | None = Field(
        default=None, description='Series that were first published within this time: `"24 months"` (SPEC 0).'
    )
    each: Literal["major", "minor", "patch"] | None = Field(
        default=None, description="Of which series the newest release counts. Default: `minor`."
    )
    within: SpecifierText | None = Field(default=None, description="Only series with a release that fits.")
    releases: list[ReleaseText] = Field(default=[], description="Values that are named, beside those.")


class PythonsTable(MatrixTable):
    """The axis `python`, in its long form."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    support_window: SpanText | None = Field(
        default=None,
        description='Minor versions that were released within this time: `"36 months"` (SPEC 0).',
    )
    within: SpecifierText | None = Field(default=None, description="Only minor versions that fit.")
    releases: list[PythonSelector] = Field(default=[], description="Values that are named, beside those.")


ReleaseList = Annotated[list[ReleaseText], Field(min_length=1)]
PythonList = Annotated[list[PythonSelector], Field(min_length=1)]
ReleasesAxis = Annotated[
    ReleasesTable, BeforeValidator(_named, json_schema_input_type=ReleaseText | ReleaseList | ReleasesTable)
]
PythonAxis = Annotated[
    PythonsTable, BeforeValidator(_named, json_schema_input_type=PythonSelector | PythonList | PythonsTable)
]


class AxesTable(MatrixTable):
    """Every other key is the name of a distribution, or of a library of envmgr.toml."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, ReleasesAxis]

    python: PythonAxis | None = Field(
        default=None,
        description="Interpreters. Default: the library's in envmgr.toml, else the version that runs envmgr.",
    )
    platform: PlatformAxis | None = Field(default=None, description="Default: the one of this machine.")
    resolution: ResolutionAxis | None = Field(
        default=None,
        description="`highest`, or `lowest-direct`: the lowest versions that `with`, and what else is asked for, "
        "allow; binaries only. Default: `highest`.",
    )


class SampleTable(MatrixTable):
    sample: int = Field(ge=1, le=100_000, description="How many combinations.")
    seed: int = Field(default=0, ge=0, le=2**32, description="Another seed chooses others.")


def _strategy(value: Any) -> str:
    return "{}" if isinstance(value, dict) else '""'


Strategy = Annotated[
    Annotated[Literal["full", "pairwise"], Tag('""')] | Annotated[SampleTable, Tag("{}")],
    Discriminator(_strategy),
]


class CheckTable(MatrixTable):
    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": [kind]} for kind in CHECK_KINDS]})

    name: CheckName | None = Field(
        default=None, description="As reports call it, and no other check of the matrix. Default: its kind."
    )
    import_: Yes | None = Field(default=None, description="The library can be imported.")
    health: Yes | None = Field(
        default=None, description="The library's health calls of envmgr.toml, after its `init`."
    )
    pytest: list[str] | None = Field(
        default=None, min_length=1, description="Files, node ids and options of pytest."
    )
    command: Words | None = Field(
        default=None,
        description="A command that must end with status 0: words, or text that is split as a shell does it.",
    )
    elixir: list[str] | None = Field(
        default=None, min_length=1, description="Files of `mix test`, which call the library through a pool."
    )
    timeout: Duration = Field(default=600_000, description="Of each attempt.")
    memory: Size | None = Field(default=None, description="Of all its processes together. Default: no bound.")
    retries: int = Field(default=0, ge=0, le=20, description="So often it is tried again when it fails.")


class ExpectTable(MatrixTable):
    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [{"required": ["allow-failure"]}, {"required": ["known-broken"]}],
            "dependentRequired": {"known-broken": ["until"]},
        }
    )

    where: dict[str, Values] = Field(description="The cells that it holds for, by axes.")
    allow_failure: Yes | None = Field(default=None, description="They may fail: nothing is red for it.")
    known_broken: str | None = Field(default=None, min_length=1, description="They fail, and why.")
    until: Day | None = Field(
        default=None, description="From this day on they count again. `known-broken` must have one."
    )


class TimingTable(MatrixTable):
    reference: dict[str, str] = Field(
        min_length=1, description="The cell that the others are compared with: the first that it fits."
    )
    threshold: float = Field(default=1.25, gt=1, le=1000, description="A ratio above it is a finding.")
    rounds: int = Field(default=7, ge=3, le=1000, description="How often everything is timed.")


class MatrixFile(MatrixTable):
    matrix_version: int = Field(
        default=MATRIX_VERSION, ge=MATRIX_VERSION, le=MATRIX_VERSION, description="Version of this format."
    )
    library: DistributionText = Field(
        min_length=1, description="A library of envmgr.toml, or the name of a distribution."
    )
    strategy: Strategy = Field(
        default="full",
        description="Which combinations are cells: `full`: all; `pairwise`: so few that each pair of values of two "
        "axes is in one; `{ sample = 20, seed = 1 }`: so many of them.",
    )
    with_: list[RequirementText] = Field(default=[], description="Further requirements of every cell.")
    constraints: list[RequirementText] = Field(
        default=[], description="Versions allowed for whatever is installed."
    )
    axes: AxesTable = Field(default=AxesTable.model_validate({}), description="What is combined.")
    check: list[CheckTable] = Field(
        default=[],
        description="What is tried in each cell, in this order. Default: the import, and the health calls where "
        "there are any.",
    )
    exclude: list[Annotated[dict[str, Values], Field(min_length=1)]] = Field(
        default=[], description="Combinations that are no cells."
    )
    include: list[Annotated[dict[str, str], Field(min_length=1)]] = Field(
        default=[], description="Cells beside these, or more for those it fits."
    )
    expect: list[ExpectTable] = Field(
        default=[], description="What is known of cells; the first that fits holds."
    )
    timing: TimingTable | None = Field(default=None, description="What is timed. Default: nothing.")
