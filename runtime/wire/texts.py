"""Texts that MessagePack takes."""

from __future__ import annotations


def sendable(text: str) -> str:
    """`text` with lone surrogates escaped: they have no form in UTF-8."""
    return text.encode("utf-8", "backslashreplace").decode()
