"""The schema as data: JSON Schema, draft 2020-12, of envmgr.toml as a user writes it.

`envmgr config schema` prints it; the reference page, the matching of `ENVMGR_*` variables and the defaults of
`config show --origin` are read from it.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import DEFAULT_REF_TEMPLATE, GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from envmgr.config.fields import duration_text
from envmgr.config.schema import ConfigFile

DIALECT = "https://json-schema.org/draft/2020-12/schema"


@cache
def json_schema() -> dict[str, Any]:
    """Of the whole file; tables are in `$defs`. Made once, in a few milliseconds. Not to be changed."""
    return of(ConfigFile, "envmgr.toml")


def of(table: type[BaseModel], title: str) -> dict[str, Any]:
    """Of a file whose top level is this table."""
    made = table.model_json_schema(
        by_alias=True, ref_template=DEFAULT_REF_TEMPLATE, schema_generator=_Generator
    )
    return {"$schema": DIALECT, "title": title, **made}


class _Generator(GenerateJsonSchema):
    """Without what TOML cannot say (null) and nobody reads (titles); defaults as they would be written."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        made = self.generate_inner(schema["schema"])
        default = schema.get("default")
        if default in (None, {}) or isinstance(default, BaseModel):
            return made
        is_duration = made.get("type") == "string" and isinstance(default, int)
        return {**made, "default": duration_text(default) if is_duration else default}

    def dict_schema(self, schema: core_schema.DictSchema) -> JsonSchemaValue:
        made = super().dict_schema(schema)
        if "patternProperties" in made:
            made["additionalProperties"] = False
        return made

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        made = super().model_schema(schema)
        made.pop("title", None)
        return made

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False
