"""docs/configuration.md, made from the schema: `python -m envmgr.config.reference > docs/configuration.md`."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from envmgr.config import schema
from envmgr.config.fields import MILLISECONDS

_HEAD = """# Configuration

Every key of `envmgr.toml`. This page is made from the schema that checks the file
(`python -m envmgr.config.reference`). A file with an unknown key, or a value of another type, is refused;
`envmgr config check` lists all problems at once.

A library may also be written as a requirement alone: under `[library]`, `pandas1 = "pandas<2"` is short for
`[library.pandas1]` with `package = "pandas<2"`. Several libraries that name the same `environment` share it, and
can share objects.

Tables marked †, and a `worker-profile` other than `process`, are checked and not acted on yet: each use gives
a warning.
"""

_TABLES: tuple[tuple[str, type[BaseModel], bool], ...] = (
    ("top level", schema.ConfigFile, True),
    ("[project]", schema.ProjectTable, True),
    ("[defaults]", schema.DefaultsTable, True),
    ("[library.NAME]", schema.LibraryTable, True),
    ("[[library.NAME.health.calls]]", schema.HealthCallTable, True),
    ("[library.NAME.cache.functions.PATH]", schema.CachedFunctionTable, False),
    ("[library.NAME.security]", schema.SecurityTable, False),
    ("[environment.NAME]", schema.EnvironmentTable, True),
    ("[profile.NAME]", schema.ProfileTable, False),
)


def markdown() -> str:
    """The whole page."""
    return _HEAD + "".join(part for name, model, used in _TABLES for part in _table(name, model, used))


def _table(name: str, model: type[BaseModel], used: bool) -> Iterator[str]:
    yield f"\n## {name}{'' if used else ' †'}\n\n| key | default | meaning |\n|---|---|---|\n"
    for attribute, field in model.model_fields.items():
        yield f"| `{field.alias or attribute}` | {_default(field)} | {field.description} |\n"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.default
    if value in (None, {}) or isinstance(value, BaseModel):
        return ""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, int) and "duration" in repr(field.metadata).lower():
        return f'`"{value // MILLISECONDS["s"]}s"`'
    return f'`"{value}"`' if isinstance(value, str) else f"`{value}`"


if __name__ == "__main__":
    print(markdown(), end="")
