"""What a command found, on stdout, in the format that was asked for."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from envmgr.cli.invocation import Invocation, color

SCHEMA = 1
CALLED_AS = "ENVMGR_CALLED_AS"
"""What users write for `envmgr`: the mix tasks' `mix envmgr`, for their command is on no PATH."""


@dataclass(frozen=True)
class Answer:
    """`data` for machines, `text` for people; `status` is 0 unless a check that the command made failed."""

    data: Any
    text: str
    status: int = 0


def emit(answer: Answer, invocation: Invocation) -> int:
    """Print the answer; returns its exit status."""
    if invocation.is_text:
        if answer.text:
            print_text(spoken(answer.text))
    else:
        print_machine(invocation, ok=True, data=answer.data)
    sys.stdout.flush()
    return answer.status


def spoken(text: str) -> str:
    """With commands as users write them."""
    name = os.environ.get(CALLED_AS)
    return text.replace("`envmgr ", f"`{name} ") if name else text


def _all_spoken(message: Any) -> Any:
    if not os.environ.get(CALLED_AS):
        return message
    if isinstance(message, str):
        return spoken(message)
    if isinstance(message, dict):
        return {key: _all_spoken(value) for key, value in message.items()}
    if isinstance(message, (list, tuple)):
        return [_all_spoken(value) for value in message]
    return message


def print_text(text: str, *, to_stderr: bool = False) -> None:
    """Characters that the stream's encoding lacks are escaped."""
    import click

    stream = sys.stderr if to_stderr else sys.stdout
    encoding = getattr(stream, "encoding", None) or "utf-8"
    click.echo(text.encode(encoding, "backslashreplace").decode(encoding), err=to_stderr, color=color())


def print_machine(invocation: Invocation, **outcome: Any) -> None:
    """One line of JSON, or one MessagePack map."""
    from envmgr.cli.plain import plain

    message = _all_spoken(plain({"schema": SCHEMA, "command": invocation.command, **outcome}))
    if invocation.format == "json":
        import json

        print_text(json.dumps(message, allow_nan=False))
    else:
        import msgpack

        content: bytes = msgpack.packb(message, default=str, unicode_errors="backslashreplace")
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()


def columns(rows: Iterable[Iterable[str]]) -> str:
    """Rows with each column as wide as its widest cell."""
    table = [list(row) for row in rows]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in table)
    return "\n".join(line.rstrip() for line in lines)
