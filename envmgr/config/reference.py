"""docs/configuration.md, made from the schema: `python -m envmgr.config.reference > docs/configuration.md`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from envmgr.config.json_schema import json_schema

_HEAD = """# Configuration

Every key of `envmgr.toml`. This page is made from the schema that checks the file
(`python -m envmgr.config.reference`). A file with an unknown key, or a value of another type, is refused;
`envmgr config check` lists all problems at once.

A library may also be written as a requirement alone: under `[library]`, `pandas1 = "pandas<2"` is short for
`[library.pandas1]` with `package = "pandas<2"`. Several libraries that name the same `environment` share it, and
can share objects.

`envmgr config schema > envmgr.schema.json` writes the JSON Schema (draft 2020-12) that editors complete and check
the file by.

Tables marked † are checked and not acted on yet: each use gives a warning.

## Modules of your own

A module of the project's own is installed as everything else is, from a wheel, so that its lock has a hash:
`uv build --wheel shop -o wheels` makes one of a directory with a `pyproject.toml`. envmgr finds it by an index, by
the variable `UV_FIND_LINKS` (the absolute path of `wheels`), or by
`package = "shop @ file:///srv/project/wheels/shop-1.0-py3-none-any.whl"`.
A directory has no hash, and is refused. What has changed is a wheel of another version.

## Layers

A value may be written in several places. Each of these is laid over those before it:

| layer | written as |
|---|---|
| envmgr.toml | `[library.pandas]` `workers = 2` |
| a profile of it: `--profile prod`, or `ENVMGR_PROFILE=prod` | `[profile.prod.library.pandas]` `workers = 8` |
| variables | `ENVMGR_LIBRARY__PANDAS__WORKERS=8` |
| the command line | `--set library.pandas.workers=8` |

They are merged table by table, as they are written, into one document; a value, an array too, replaces the one
below it whole. What no layer writes is filled in afterwards: from `[defaults]` (of all layers together), then from
the defaults below. So a `timeout` of a library, wherever it is written, wins over any `[defaults]`. No layer but
the file may add libraries, or environments that no library lives in.

An environment has one lock, of what was in force when it was made. So profiles and the layers above are best for what
needs no other lock, such as `workers` and `timeout`; requirements that differ are best in an `environment` of the
profile's own.

A file is valid or not whichever profile is chosen: it is checked alone and under each of its profiles.
`envmgr config show --origin` prints every value in force with its layer and place, as an envmgr.toml would write it.

### Variables

A variable's name is `ENVMGR_` and a key path in capitals: `__` stands between the keys, `_` for `-` too. Names
are those of the file. Values are written as in TOML; where text is expected, the quotes may be left out.

```sh
ENVMGR_DEFAULTS__TIMEOUT=10s
ENVMGR_LIBRARY__PANDAS__WORKERS=8
ENVMGR_LIBRARY__PANDAS__VERSION='>=2,<3'
ENVMGR_ENVIRONMENT__DATA__CONSTRAINTS='["numpy<2"]'
```

Variables may set what is in `project`, `defaults`, `library` and `environment`, and so may `--set`, whose key is a
dotted TOML key. A variable that names no key is a problem like any in the file. Variables without `__` are no
configuration: `ENVMGR_PROJECT` (as `--project`), `ENVMGR_PROFILE` (as `--profile`), `ENVMGR_UV`, `ENVMGR_DEBUG`.

## Versions

`envmgr config migrate` rewrites a file of an older `config-version` for this envmgr, prints what it changed, and
keeps comments, order and layout; with `--dry-run` it only prints. A result that is not valid is not written.

Version 0, the draft, differs from version 1 in this, in profiles too:

| version 0 | version 1 |
|---|---|
| `config_version = 0` or `config-version = 0` | `config-version = 1` |
| `[libraries.X]`, `[environments.X]`, `[profiles.X]` | `[library.X]`, `[environment.X]`, `[profile.X]` |
| `worker_profile`, `link_mode`, `no_build`, `max_entries` | the same with `-` |
| `timeout = 30000`, `ttl = 30000` (milliseconds) | `timeout = "30s"`, `ttl = "30s"` |
| `health_calls = […]` of a library | `health.calls = […]` |
"""

_TABLES = (
    ("top level", None, True),
    ("[project]", "ProjectTable", True),
    ("[defaults]", "DefaultsTable", True),
    ("[library.NAME]", "LibraryTable", True),
    ("[[library.NAME.health.calls]]", "HealthCallTable", True),
    ("[library.NAME.hooks]", "HooksTable", True),
    ('[library.NAME.pipelines."PATH"]', "PipelineTable", True),
    ('[library.NAME.pipelines."PATH".validate.PARAMETER]', "ChecksTable", True),
    ("[library.NAME.recycle]", "RecycleTable", True),
    ('[library.NAME.cache.functions."PATH"]', "CachedFunctionTable", True),
    ('[library.NAME.limits.functions."PATH"]', "LimitedFunctionTable", True),
    ("[library.NAME.recovery]", "RecoveryTable", True),
    ("[library.NAME.recovery.circuit]", "CircuitTable", True),
    ("[library.NAME.security]", "SecurityTable", False),
    ("[library.NAME.security.filesystem]", "FilesystemTable", False),
    ("[environment.NAME]", "EnvironmentTable", True),
    ("[environment.NAME.pools.NAME]", "PoolTable", True),
    ("[profile.NAME]", "ProfileTable", True),
)
"""Header, its table in the schema, and whether it is acted on."""


def markdown() -> str:
    """The whole page."""
    schema = json_schema()
    return _HEAD + "".join(
        part
        for name, key, used in _TABLES
        for part in table(f"## {name}{'' if used else ' †'}", schema["$defs"][key] if key else schema)
    )


def table(heading: str, node: dict[str, Any]) -> Iterator[str]:
    """The keys of one table of a schema, under its heading."""
    yield f"\n{heading}\n\n| key | default | meaning |\n|---|---|---|\n"
    for key, found in node["properties"].items():
        default = "required" if key in node.get("required", ()) else _default(found)
        yield f"| `{key}` | {default} | {found['description']} |\n"


def _default(node: dict[str, Any]) -> str:
    return f"`{json.dumps(node['default'])}`" if "default" in node else ""


if __name__ == "__main__":
    print(markdown(), end="")
