"""Codes of the extension types (`docs/types.md`; a test holds both against each other)."""

from __future__ import annotations

BYTES = 0
"""Stands for MessagePack's own `bin` in the head of what the second lane carries; no extension has this code."""
BIG_INTEGER = 1
TUPLE = 3
SET = 4
FROZENSET = 5
ATOM = 6
COMPLEX = 7
DECIMAL = 8
DATE = 9
TIME = 10
DATETIME = 11
AWARE_DATETIME = 12
TIMEDELTA = 13
ARRAY = 14
FRAME = 15
REF = 16
ENUM = 17
RECORD = 18
BYTEARRAY = 19
SURROGATE_STRING = 20
RANGE = 21
SLICE = 22
UUID = 23
FRACTION = 24
MEMORYVIEW = 25
ARRAY_OF = 26
STREAM = 27
DICT_PAIRS = 28
CALLBACK = 29
LANE = 30
SCALAR = 31
MASKED = 32
OBJECT = 33
PATH = 34
SINGLETON = 35
PICKLE = 36
CUSTOM = 37
