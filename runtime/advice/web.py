"""Requests over the network: requests, urllib3, urllib, sockets, TLS."""

from __future__ import annotations

from typing import Any

from .case import Case
from .rules import rule

_STATUS = {
    400: "the server did not understand the request: look at parameters and body; response.text often says more",
    401: "the server wants credentials: auth: {user, password}, or a header Authorization",
    403: "the server knows who asks and refuses: rights, or a user agent that it does not like",
    404: "there is nothing at that address: look at the path",
    405: "the address does not take this method: GET, POST, PUT, PATCH, DELETE",
    408: "the server waited too long: repeat",
    415: "the server wants another form of body: json: sends JSON, data: a form",
    422: "the body is understood but not valid: response.text often says which field",
    429: "too many requests: wait (the header Retry-After says how long), then repeat",
    500: "the server failed: repeat later",
    502: "a gateway had no answer: repeat later",
    503: "the server is overloaded or down: repeat later",
    504: "a gateway waited too long: repeat later",
}
_SCHEME = 'a URL begins with "https://" or "http://"'


def _status(case: Case, match: Any) -> str | None:
    return _STATUS.get(int(match["status"]))


def _schema(case: Case, match: Any) -> str:
    return f"{_SCHEME}: https://{match['url']}" if match["url"] else _SCHEME


def _connection(case: Case, match: Any) -> str:
    text = case.text
    if any(
        words in text
        for words in (
            "Name or service not known",
            "NameResolutionError",
            "getaddrinfo failed",
            "nodename nor servname",
            "Failed to resolve",
            "Temporary failure in name resolution",
            "No address associated",
        )
    ):
        return "the host's name is not known: look at its spelling, and whether this machine has a network and DNS"
    if "Connection refused" in text:
        return "nobody listens there: is the server running, are host and port right?"
    if "timed out" in text:
        return "the server did not answer in time: look at host and port, a firewall, or pass a larger timeout: (seconds)"
    if "RemoteDisconnected" in text or "Connection aborted" in text or "reset by peer" in text:
        return "the server closed the connection without an answer: repeat; http:// at a port of https:// does this too"
    if "roxy" in text:
        return "the proxy does not answer: look at HTTP_PROXY, HTTPS_PROXY, or pass proxies:"
    return "the server cannot be reached: look at host, port and network, and repeat"


RULES = (
    rule(
        "ValueError",
        r"Attempted to set (?:\w+ )?timeout to",
        "timeout: is a number of seconds above 0, or nil",
    ),
    rule(
        "OSError",
        r"Could not find a suitable TLS CA certificate bundle|Could not find the TLS (?:certificate|key) file",
        "the path of the certificate leads nowhere: verify: and cert: take paths of files; verify: true takes the usual ones",
    ),
    rule(
        "TypeError",
        r"'body' must be a bytes-like object",
        "data: is a map, text or bytes; json: takes any value",
    ),
    rule(
        "TypeError",
        r"Cannot mix str and non-str arguments",
        "a URL and its parameters are text: params: is a map",
    ),
    rule(
        "requests.MissingSchema", r"No scheme supplied.*Perhaps you meant https?://(?P<url>[^?\s]+)", _schema
    ),
    rule(
        "requests.MissingSchema requests.InvalidSchema",
        "",
        f"{_SCHEME}; for other schemes requests has no adapter",
    ),
    rule(
        "requests.InvalidURL urllib3.LocationParseError urllib3.LocationValueError",
        "",
        f"the URL has no valid host: {_SCHEME}, then the host, perhaps a port, then the path",
    ),
    rule(
        "requests.InvalidHeader",
        "",
        "names and values of headers are strings without line breaks and without spaces in front",
    ),
    rule(
        "requests.JSONDecodeError",
        "",
        "the server's answer is no JSON: look at status_code, at text and at the header Content-Type",
    ),
    rule(
        "requests.InvalidJSONError",
        "",
        "json: takes what JSON has: maps with string keys, lists, strings, numbers; no NaN, no bytes",
    ),
    rule(
        "requests.TooManyRedirects",
        "",
        "the server sends the request in a circle: cookies may be missing (a Session keeps them); allow_redirects: false shows the first answer",
    ),
    rule(
        "requests.SSLError urllib3.SSLError ssl.SSLCertVerificationError",
        r"self[- ]signed",
        "the server's certificate is its own: verify: takes the path of a CA file that knows it",
    ),
    rule(
        "requests.SSLError urllib3.SSLError ssl.SSLCertVerificationError",
        r"has expired",
        "the server's certificate has expired: its operator must renew it",
    ),
    rule(
        "requests.SSLError urllib3.SSLError ssl.SSLCertVerificationError",
        r"Hostname mismatch|doesn't match",
        "the certificate is for another host: look at the URL",
    ),
    rule(
        "requests.SSLError urllib3.SSLError ssl.SSLError",
        r"WRONG_VERSION_NUMBER|wrong version number|RECORD_LAYER",
        "the server speaks no TLS at that port: http:// instead of https://, or another port",
    ),
    rule(
        "requests.SSLError urllib3.SSLError ssl.SSLError",
        "",
        "the secure connection failed: verify: takes the path of a CA file, where the server's is not among the usual ones",
    ),
    rule(
        "requests.ConnectTimeout",
        "",
        "the server did not answer in time: look at host, port and firewall, or pass a larger timeout: (seconds)",
    ),
    rule(
        "requests.Timeout",
        "",
        "the server took longer than timeout: (seconds): pass a larger one, and one as well to the call (timeout: milliseconds)",
    ),
    rule(
        "requests.ProxyError urllib3.ProxyError",
        "",
        "the proxy does not answer: look at HTTP_PROXY, HTTPS_PROXY, or pass proxies:",
    ),
    rule("requests.HTTPError", r"^(?P<status>\d{3})\b", _status),
    rule("urllib.HTTPError", r"HTTP Error (?P<status>\d{3})", _status),
    rule("ValueError", r"unknown url type: '?(?P<url>[^']*)", _schema),
    rule(
        "requests.ConnectionError urllib3.HTTPError urllib.URLError socket.gaierror ConnectionError",
        "",
        _connection,
    ),
    rule(
        "TimeoutError socket.timeout",
        "",
        "it took longer than the library's own timeout: pass a larger one where it takes one",
    ),
    rule(
        "requests.JSONDecodeError",
        r"",
        "the answer is no JSON: look at its status and text (a login page, an error page?)",
    ),
    rule(
        "ValueError",
        r"Timeout value connect was (?P<value>.*?),",
        "timeout: is a number of seconds above 0, or {{connect, read}}",
    ),
    rule(
        "ValueError",
        r"Data must not be a string|cannot encode objects that are not 2-tuples",
        "pass a map, or a list of {{name, value}}",
    ),
    rule("ValueError", r"check_hostname requires server_hostname", "the URL has no host"),
    rule(
        "AttributeError TypeError",
        r"'str' object has no attribute '(?:items|get)'",
        lambda case, match: "headers, params and cookies are maps" if case.module == "requests" else None,
    ),
)
