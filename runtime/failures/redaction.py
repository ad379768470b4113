"""Secrets are kept out of what leaves the worker: by the name they are given under, and by how they look."""

from __future__ import annotations

import re
from collections import deque
from itertools import islice
from typing import Any

REDACTED = "[redacted]"


def _words(*lines: str) -> frozenset[str]:
    return frozenset(" ".join(lines).split())


_WORDS = _words(
    "password passwords passwd pwd passphrase passcode secret secrets token tokens apikey authorization auth",
    "cookie cookies credential credentials dsn session sessionid bearer jwt privatekey accesskey secretkey authtoken",
)
_KEYS = _words("api access private secret signing encryption master account auth ssh")
"""What makes a secret of the word `key` behind it."""
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")

_NAME = (
    r"[\w.-]{0,40}(?:passwords?|passwd|pwd|passphrase|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|auth|authorization"
    r"|cookie|credentials?|dsn|session(?:[_-]?id)?)"
)
_LOOKS: tuple[tuple[str, str], ...] = (
    (r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", REDACTED),
    (r"(?<=://)[^\s/@'\"<>]+(?=@)", REDACTED),
    (r"\b(Bearer|bearer) +(?!realm|tokens?\b|auth)[\w.~+/=-]{6,}", rf"\1 {REDACTED}"),
    (r"\b(Basic|basic) +(?=[\w+/=-]*[0-9=+/])[\w+/=-]{6,}", rf"\1 {REDACTED}"),
    (r"\beyJ[\w-]{8,2000}\.[\w-]{4,}(?:\.[\w-]*)?", REDACTED),
    (r"\b(?:AKIA|ASIA|AGPA|AROA|AIDA)[A-Z0-9]{16}\b", REDACTED),
    (r"\b(?:gh[pousr]_\w{16,}|github_pat_\w{16,}|glpat-[\w-]{16,})", REDACTED),
    (
        r"\b(?:xox[abeoprs]-[\w-]{8,}|sk-[\w-]{16,}|[rs]k_live_\w{8,}|AIza[\w-]{30,}|hf_\w{20,}|npm_\w{30,}|pypi-[\w-]{30,})",
        REDACTED,
    ),
    (
        rf"(?i)((?<![\w]){_NAME}[\"']?\s*(?:=>|[=:])\s*b?)(\"(?:[^\"\\]|\\.)+\"|'(?:[^'\\]|\\.)+')",
        rf"\1'{REDACTED}'",
    ),
    (rf"(?i)((?<![\w]){_NAME}=)(?![\s'\"\[(=])[^\s&;,'\")]+", rf"\1{REDACTED}"),
    (
        r"(?im)((?<![\w-])(?:proxy-)?(?:authorization|set-cookie|cookie|x-api-key|x-auth-token) *: *)"
        r"(?![ \['\"])[^\n'\"]+",
        rf"\1{REDACTED}",
    ),
    (r"(?i)((?<!\w)(?:password|passwd|pwd|passphrase) *: *)(?![\s'\"\[])[^\s,;'\"]+", rf"\1{REDACTED}"),
)
_SUSPICIOUS = (
    r"(?i)://|bearer|basic|eyJ|PRIVATE KEY|A(?:KIA|SIA|GPA|ROA|IDA)|gh[pousr]_|github_pat|glpat|xox|sk-|k_live"
    r"|AIza|hf_|npm_|pypi-|passw|pwd|passphrase|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|auth"
    r"|cookie|credential|dsn|session"
)
"""One of these is in whatever `_LOOKS` finds: most texts are looked through once."""
_compiled: list[tuple[re.Pattern[str], str]] = []


def is_secret(name: Any) -> bool:
    """Whether what stands under this name (a parameter, a key) is kept back."""
    if not isinstance(name, str) or len(name) > 100:
        return False
    words = [word.lower() for word in _WORD.findall(name)]
    if not _WORDS.isdisjoint(words):
        return True
    if words[-1:] == ["pass"]:
        return True
    return any(word == "key" and before in _KEYS for before, word in zip(words, words[1:]))


def redacted(text: str, secrets: tuple[str, ...] = ()) -> str:
    """`text` without what looks like a secret, and without these."""
    for secret in secrets:
        text = text.replace(secret, REDACTED)
    if not _compiled:
        _compiled.append((re.compile(_SUSPICIOUS), ""))
        _compiled.extend((re.compile(pattern, re.DOTALL), instead) for pattern, instead in _LOOKS)
    if _compiled[0][0].search(text) is None:
        return text
    for pattern, instead in _compiled[1:]:
        text = pattern.sub(instead, text)
    return text


def secrets_in(value: Any, name: Any = None) -> set[str]:
    """Texts that stand under the name of a secret: a library may repeat them in its words. Looks at so many parts and
    no more: a value may hold a part many times over.
    """
    found: set[str] = set()
    waiting = deque([(value, is_secret(name), _DEPTH)])
    for _ in range(_MOST_PARTS):
        if not waiting:
            break
        part, secret, depth = waiting.popleft()
        text = _text(part) if secret else None
        if text is not None and len(text) >= _LEAST:
            found.add(text)
        elif depth:
            waiting += [(inner, secret or is_secret(key), depth - 1) for key, inner in _members(part)]
    return found


_LEAST = 4
"""Characters. What is shorter stands in too many words by chance."""
_DEPTH = 4
_MOST = 100
_MOST_PARTS = 2000


def _text(value: Any) -> str | None:
    if isinstance(value, str):
        return str.__str__(value)
    return value.decode("latin-1") if type(value) is bytes else None


def _members(value: Any) -> list[tuple[Any, Any]]:
    """With the names that they are under, where they have one."""
    if type(value) is dict:
        return list(islice(value.items(), _MOST))
    if type(value) is tuple and len(value) == 2 and isinstance(value[0], str):
        return [(value[0], value[1])]
    return [(None, part) for part in value[:_MOST]] if type(value) in (list, tuple) else []
