"""Text and its encodings."""

from __future__ import annotations

from typing import Any

from .case import Case
from .near import near
from .rules import rule

_BEGINNINGS = (
    (
        b"\x1f\x8b",
        'the data is compressed by gzip: decompress it first (gzip.decompress; pandas: compression: "gzip")',
    ),
    (
        b"PK\x03\x04",
        "the data is a zip file (.xlsx and .docx are such): open it as one (pandas.read_excel for .xlsx)",
    ),
    (b"\xff\xfe", 'the data is UTF-16: encoding: "utf-16"'),
    (b"\xfe\xff", 'the data is UTF-16: encoding: "utf-16"'),
    (b"BZh", "the data is compressed by bzip2: decompress it first"),
    (b"\xfd7zXZ", "the data is compressed by xz: decompress it first"),
    (b"\x28\xb5\x2f\xfd", "the data is compressed by zstd: decompress it first"),
    (b"%PDF", "the data is a PDF"),
    (b"\x89PNG", "the data is an image"),
    (b"\xff\xd8\xff", "the data is an image"),
    (b"PAR1", "the data is a Parquet file: pandas.read_parquet reads it"),
    (b"\x80", "the data looks like a pickle or another binary format, not like text"),
)


def _undecodable(case: Case, match: Any) -> str | None:
    data = getattr(case.error, "object", b"")
    if isinstance(data, (bytes, bytearray)):
        found = next((advice for start, advice in _BEGINNINGS if bytes(data[:8]).startswith(start)), None)
        if found:
            return found
    codec = getattr(case.error, "encoding", "")
    if codec in ("utf-8", "utf8", "utf_8"):
        return 'the data is not UTF-8: pass the encoding that it has, often encoding: "cp1252" or "latin-1"; or encoding_errors or errors: "replace"'
    if codec == "ascii":
        return 'the data is not ASCII: encoding: "utf-8"'
    return f'the data is not {codec}: pass the encoding that it has, perhaps encoding: "utf-8"'


def _unknown(case: Case, match: Any) -> str:
    from encodings.aliases import aliases

    found = near(match[1], [*aliases, *aliases.values(), "utf-8", "latin-1", "cp1252", "utf-16"])
    return (
        f'did you mean "{found}"?'
        if found
        else 'encodings are named as "utf-8", "cp1252", "latin-1", "utf-16"'
    )


RULES = (
    rule("UnicodeDecodeError", "", _undecodable),
    rule(
        "UnicodeEncodeError",
        r"surrogates not allowed",
        'the text has lone surrogates, which no encoding holds: errors: "surrogatepass" or "replace"',
    ),
    rule(
        "UnicodeEncodeError",
        r"'([\w-]+)' codec can't encode",
        'the text has characters that {1} has not: encoding: "utf-8", or errors: "replace" or "ignore"',
    ),
    rule("LookupError", r"unknown encoding: ([\w.-]+)", _unknown),
    rule(
        "LookupError",
        r"unknown error handler name '?(\w+)",
        'errors: is "strict", "ignore", "replace" or "backslashreplace"',
    ),
    rule(
        "UnicodeError",
        r"UTF-16 stream does not start with BOM",
        'encoding: "utf-16-le" or "utf-16-be" reads data without a byte order mark',
    ),
)
