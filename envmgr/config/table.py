"""What all tables of envmgr.toml have in common: keys in kebab-case, none unknown, no value converted."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


def _key(attribute: str) -> str:
    return attribute.rstrip("_").replace("_", "-")


class Table(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", alias_generator=_key, frozen=True)
