"""`[library.*.hooks]` and `[library.*.pipelines]`: what is done around a library's calls (docs/hooks.md)."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from envmgr.config.objects import (
    Choices,
    ConverterText,
    HookText,
    Number,
    Parameter,
    PatternText,
    Projection,
    ResultText,
    TypeNames,
)
from envmgr.config.table import Table

Length = Annotated[int, Field(ge=0)]


class HooksTable(Table):
    on_load: HookText | None = Field(
        default=None, description="Called with the module, when a worker has imported it and run `init`."
    )
    before: HookText | None = Field(
        default=None, description="Called with each call, whose arguments it may change or refuse."
    )
    after: HookText | None = Field(
        default=None, description="Called with the call and its value; what it returns is sent."
    )
    on_unload: HookText | None = Field(
        default=None, description="Called with the module, when a worker ends in peace."
    )


class ChecksTable(Table):
    type: TypeNames = Field(
        default=None,
        description="Its type, or an array of types of which it is one: `bool`, `int`, `float`, `complex`, `str`, "
        "`bytes`, `list`, `tuple`, `set`, `dict`, `callable`, or `module:Class`.",
    )
    min: Number = Field(default=None, description="The least that it may be.")
    max: Number = Field(default=None, description="The most that it may be.")
    one_of: Choices = Field(default=None, description="All that it may be.")
    pattern: PatternText | None = Field(
        default=None,
        description="A regular expression that is somewhere in it; `^` and `$` bind it to the ends.",
    )
    min_length: Length | None = Field(default=None, description="The least length of it.")
    max_length: Length | None = Field(default=None, description="The greatest length of it.")
    required: bool = Field(default=False, description="It must be given.")
    not_none: bool = Field(default=False, description="It must not be None. No other check looks at None.")


class PipelineTable(Table):
    rename: dict[Parameter, Parameter] = Field(
        default={}, description="What callers write, and the parameter that it is."
    )
    convert: dict[Parameter, ConverterText] = Field(
        default={},
        description="By parameter, what its argument is made into: a type or function of Python's own, "
        "`module:callable`, or `file.py:callable`.",
    )
    validate_: dict[Parameter, ChecksTable] = Field(
        default={}, description="By parameter, what its argument must be, once it is converted."
    )
    project: Projection = Field(
        default=None,
        description="Of the result, a part by its dotted path (text), or parts by their names (an array).",
    )
    convert_result: ResultText | None = Field(
        default=None,
        description="What is made of that: as in `convert`, or a method of it, such as `.to_dict`.",
    )
    limit: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="How many rows, items or characters of that are sent."
    )


def settings(table: Table) -> dict[str, Any]:
    """What is written in a table, as envmgr.toml spells it, without what says nothing."""
    written = table.model_dump(by_alias=True, exclude_unset=True)
    return {key: value for key, value in written.items() if value not in (None, {})}
