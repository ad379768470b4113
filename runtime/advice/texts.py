"""Texts of a format: JSON, regular expressions, Base64, CSV, XML, SQL, configuration files, templates."""

from __future__ import annotations

from typing import Any

from .case import Case
from .near import meant
from .rules import rule

_AROUND = 25


def _json(case: Case, match: Any) -> str | None:
    document, position = getattr(case.error, "doc", None), getattr(case.error, "pos", None)
    if isinstance(document, (bytes, bytearray)):
        document = document.decode("utf-8", "replace")
    if not isinstance(document, str) or not isinstance(position, int):
        return None
    text = document.strip()
    if not text:
        return "the text is empty"
    if text.startswith("<"):
        return "this is HTML or XML, not JSON: look at what the server or file really holds"
    where = f"at line {case.error.lineno}, column {case.error.colno}: {_excerpt(document, position)}"  # type: ignore[attr-defined]
    return f"{where}; {why}" if (why := _json_why(case, document, position)) else where


def _json_why(case: Case, document: str, position: int) -> str | None:
    rest, before = document[position:], document[:position].rstrip()
    message = str(getattr(case.error, "msg", ""))
    if message.startswith("Extra data"):
        return (
            "a second value begins here: JSON Lines are read line by line (pandas.read_json has lines: true)"
        )
    if rest[:1] == "'":
        return "JSON has double quotes: \"…\", not '…'"
    if rest[:1] in "}]" and before.endswith(","):
        return "JSON has no comma before the closing bracket"
    if before.endswith(",") and message.startswith("Illegal trailing comma"):
        return "JSON has no comma before the closing bracket"
    for word, instead in (
        ("None", "null"),
        ("True", "true"),
        ("False", "false"),
        ("undefined", "null"),
        ("nil", "null"),
    ):
        if rest.startswith(word):
            return f"JSON says {instead}, not {word}"
    if rest.startswith(("//", "/*", "#")):
        return "JSON has no comments"
    if message.startswith("Unterminated string"):
        return "the string that begins here has no closing quote: is the text cut off?"
    if message.startswith("Invalid control character"):
        return "a line break or tab inside a string is written \\n or \\t; strict: false takes it as it is"
    if message.startswith("Invalid \\escape"):
        return "a backslash is written twice: \\\\"
    if not rest.strip():
        return "the text ends too early"
    if message.startswith("Expecting property name"):
        return 'names of members are in double quotes: {"a": 1}'
    if message.startswith("Expecting ':' delimiter"):
        return "a colon is missing between name and value"
    if message.startswith("Unexpected UTF-8 BOM"):
        return "the text begins with a byte order mark: leave its first character out, or read the file as utf-8-sig"
    if before.endswith("0") and rest[:1].isdigit():
        return "numbers have no leading zero"
    if message.startswith("Expecting value"):
        return "a value is text in double quotes, a number, true, false, null, [ ] or { }"
    if message.startswith("Expecting ',' delimiter"):
        return 'a comma is missing before it, or a quote inside a string is not written \\"'
    return None


def _excerpt(text: str, position: int) -> str:
    start, end = max(0, position - _AROUND), position + _AROUND
    before, after = text[start:position], text[position:end]
    return f"{'…' if start else ''}{before!r:.60} ▸ {after!r:.60}{'…' if end < len(text) else ''}".replace(
        "' ▸ '", " ▸ "
    )


def _pattern(case: Case, match: Any) -> str | None:
    pattern, position = getattr(case.error, "pattern", None), getattr(case.error, "pos", None)
    reason = str(getattr(case.error, "msg", ""))
    where = (
        f"in {_excerpt(pattern, position)}: "
        if isinstance(pattern, str) and isinstance(position, int)
        else ""
    )
    for words, advice in (
        (
            "nothing to repeat",
            "*, + and ? stand behind something; as characters they are written \\*, \\+, \\?",
        ),
        ("multiple repeat", "two repetitions follow each other; as a character one is written \\*, \\+, \\?"),
        ("unterminated character set", "a [ has no ]; as a character it is written \\["),
        ("missing )", "a ( has no ); as a character it is written \\("),
        ("unbalanced parenthesis", "a ) has no (; as a character it is written \\)"),
        ("bad escape", "a backslash is written twice for itself; in Elixir ~S(\\d+) keeps backslashes"),
        ("look-behind requires fixed-width", "what stands in (?<=…) must have one length"),
        (
            "bad character range",
            "the first character of a range must come before the last; - as a character stands first or last",
        ),
        ("unknown extension", "Python knows (?:…), (?P<name>…), (?=…), (?!…), (?<=…), (?<!…)"),
        ("invalid group reference", "there is no group of that number"),
        ("global flags not at the start", "flags such as (?i) stand at the start of the pattern"),
        ("redefinition of group name", "two groups have the same name"),
    ):
        if reason.startswith(words):
            return where + advice
    return f"{where}{reason}; re.escape makes a pattern of plain text" if where else None


def _no_table(case: Case, match: Any) -> str | None:
    return "create it first, or look at the database's path: sqlite3.connect makes a new, empty file where there is none"


def _section(case: Case, match: Any) -> str | None:
    parser = case.owner
    return None if parser is None else meant(match[1], parser.sections())


def _group(case: Case, match: Any) -> str | None:
    pattern = getattr(case.owner, "re", None) or case.owner
    names = list(getattr(pattern, "groupindex", {}) or {})
    count = getattr(pattern, "groups", None)
    if isinstance(count, int):
        named = f", named {', '.join(names)}" if names else ""
        return f"the pattern has {count} group{'s' * (count != 1)}{named}; 0 is the whole match"
    return None


RULES = (
    rule(
        "binascii.Error",
        r"number of data characters",
        "the Base64 text is cut off: its length must be a multiple of 4",
    ),
    rule(
        "ValueError",
        r"should contain only ASCII characters",
        "the text has characters outside of ASCII: Base64 and hexadecimal have A-Z, a-z, 0-9 and few signs",
    ),
    rule("ValueError", r"complex\(\) arg is a malformed string", 'write "1+2j", without spaces'),
    rule(
        "locale.Error",
        r"unsupported locale",
        'this system has no such locale: `locale -a` lists those there are, such as "C.UTF-8"',
    ),
    rule("json.JSONDecodeError simplejson.JSONDecodeError", "", _json),
    rule("re.error re.PatternError error PatternError", "", _pattern),
    rule("IndexError", r"no such group", _group),
    rule(
        "binascii.Error",
        r"padding",
        "the Base64 text is cut off, or is the URL-safe kind without padding: its length must be a multiple of 4 (add =), base64.urlsafe_b64decode reads - and _",
    ),
    rule(
        "binascii.Error ValueError",
        r"Non-base64 digit|Only base64 data|non-alphabet",
        "the text has characters that Base64 has not: base64.urlsafe_b64decode reads - and _; line breaks need validate: false",
    ),
    rule(
        "binascii.Error ValueError",
        r"[Oo]dd-length string|Non-hexadecimal digit|non-hexadecimal number",
        "hexadecimal text has two digits a byte, 0-9 and a-f",
    ),
    rule(
        "ValueError",
        r"badly formed hexadecimal UUID",
        'a UUID is 32 hexadecimal digits: "12345678-1234-5678-1234-567812345678"',
    ),
    rule(
        "ValueError",
        r"does not appear to be an IPv4 or IPv6 (address|network)|has host bits set",
        'write "192.0.2.1" or "2001:db8::1", a network "192.0.2.0/24"; strict: false takes a network with host bits',
    ),
    rule("sqlite3.OperationalError", r"no such table", _no_table),
    rule(
        "sqlite3.OperationalError",
        r"no such column: (\S+)",
        "there is no column {1}; text in SQL stands in single quotes, or better, is passed as a parameter: ? and a list",
    ),
    rule(
        "sqlite3.OperationalError",
        r"unable to open database file",
        "the directory of the database must exist, and be writable",
    ),
    rule(
        "sqlite3.OperationalError",
        r"database is locked",
        "another connection writes: repeat, or pass timeout: to sqlite3.connect",
    ),
    rule(
        "sqlite3.OperationalError",
        r'near "(.*?)": syntax error',
        'the SQL is wrong at "{1}" or just before it',
    ),
    rule(
        "sqlite3.OperationalError",
        r"attempt to write a readonly",
        "the file, or its directory, may not be written",
    ),
    rule(
        "sqlite3.ProgrammingError",
        r"Incorrect number of bindings supplied",
        'pass as many values as there are ? in the SQL, in one list: [sql, [1, "a"]]',
    ),
    rule(
        "sqlite3.ProgrammingError",
        r"SQLite objects created in a thread",
        "pass check_same_thread: false to sqlite3.connect",
    ),
    rule("sqlite3.ProgrammingError", r"one statement at a time", "executescript runs several statements"),
    rule("sqlite3.ProgrammingError", r"closed (?:database|cursor)", "it was closed: connect again"),
    rule(
        "sqlite3.ProgrammingError sqlite3.InterfaceError",
        r"type '(\w+)' is not supported|Error binding parameter",
        "SQLite holds nil, numbers, text and bytes: pass one of these",
    ),
    rule(
        "sqlite3.IntegrityError",
        r"UNIQUE constraint failed: (.*)",
        "a row with that {1} is there already: INSERT OR REPLACE, OR IGNORE",
    ),
    rule("sqlite3.IntegrityError", r"NOT NULL constraint failed: (.*)", "{1} needs a value"),
    rule(
        "sqlite3.DatabaseError",
        r"file is not a database|file is encrypted",
        "the file is none of SQLite's: look at the path",
    ),
    rule("configparser.NoSectionError", r"No section: '(.*?)'", _section),
    rule("csv.Error Error", r"iterator should return strings, not (\w+)", "pass lines of text, not {1}"),
    rule("csv.Error Error", r"line contains NUL", "the data is binary, or UTF-16"),
    rule("TypeError", r'"delimiter" must be|"quotechar" must be', "it is one character"),
    rule(
        "struct.error error",
        r"requires a buffer of (?:at least )?(\d+) bytes|unpack requires",
        "the data must be exactly as long as the format says; struct.calcsize tells",
    ),
    rule(
        "struct.error error",
        r"required argument is not|bad char in struct format|argument out of range|format requires",
        "the value does not fit the letter of the format: b, h, i, q whole numbers, f, d floats, s bytes",
    ),
    rule(
        "zlib.error gzip.BadGzipFile OSError",
        r"incorrect header check|Not a gzipped file|invalid stored block",
        "the data is not compressed in this way",
    ),
    rule(
        "xml.ParseError xml.ExpatError ParseError ExpatError",
        r"line (\d+), column (\d+)",
        "the XML is wrong at line {1}, column {2}, or just before: a tag that is not closed, or & that is not &amp;",
    ),
    rule(
        "pickle.UnpicklingError",
        "",
        "the data is no pickle; pickles are made by pickle.dumps and passed on as bytes (Envmgr.bytes/1)",
    ),
    rule("EOFError", r"Ran out of input", "the data is empty"),
    rule(
        "ValueError",
        r"Invalid header value|Invalid format specifier",
        "the format after the colon is wrong: 10.2f, d, s, ,",
    ),
    rule(
        "ValueError",
        r"Single '}' encountered|Single '{' encountered|expected '}' before end",
        "braces are written twice for themselves: {{{{ and }}}}",
    ),
    rule(
        "TypeError",
        r"not all arguments converted during string formatting|not enough arguments for format string",
        "as many values as % in the format are needed",
    ),
    rule(
        "ValueError",
        r"malformed node or string|malformed node",
        "literal_eval reads numbers, strings, lists, dicts, True, False and None only",
    ),
    rule("SyntaxError", "", "the text is no Python: look at the place that the message names"),
    rule("ValueError", r"empty separator", "the separator must have a character at least"),
    rule(
        "ValueError",
        r"substring not found|is not in (?:list|deque|tuple)|x not in (?:list|tuple)",
        "it is not in there: look for it first",
    ),
    rule("ValueError", r"list\.remove\(x\): x not in list", "it is not in the list"),
    rule(
        "LookupError",
        r"unknown hash type|unsupported hash type",
        "hashlib.algorithms_available names those there are",
    ),
    rule(
        "ValueError",
        r"unsupported hash type (\S+)",
        "{1} is no hash of this Python: sha256, sha512, blake2b, md5 are",
    ),
)
