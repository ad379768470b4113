"""Secrets are kept out of what leaves the worker: by the name they are given under, and by how they look."""

from __future__ import annotations

import re
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


def secrets_in(value: Any, name: Any = None, depth: int = 3) -> set[str]:
    """Texts that stand under the name of a secret: a library may repeat them in its words."""
    if is_secret(name):
        return {text for text in _texts(value, depth) if len(text) >= _LEAST}
    if depth == 0:
        return set()
    found: set[str] = set()
    if type(value) is dict:
        for key, part in list(value.items())[:_MOST]:
            found |= secrets_in(part, key, depth - 1)
    elif type(value) in (list, tuple):
        if type(value) is tuple and len(value) == 2 and is_secret(value[0]):
            return secrets_in(value[1], value[0], depth)
        for part in value[:_MOST]:
            found |= secrets_in(part, None, depth - 1)
    return found


_LEAST = 4
"""Characters. What is shorter stands in too many words by chance."""
_MOST = 100


def _texts(value: Any, depth: int) -> list[str]:
    if isinstance(value, str):
        return [str.__str__(value)]
    if type(value) is bytes:
        return [value.decode("latin-1")]
    if type(value) in (list, tuple) and depth:
        return [text for part in value[:_MOST] for text in _texts(part, depth - 1)]
    if type(value) is dict and depth:
        return [text for part in list(value.values())[:_MOST] for text in _texts(part, depth - 1)]
    return []
