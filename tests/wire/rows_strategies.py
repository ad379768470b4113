"""Rows of what configured strategies send. The tests give their workers this secret, and the serializers."""

from __future__ import annotations

import hashlib

from hand import binary, ext, integer, many, text

SECRET = bytes(range(32))
ENVIRONMENT = "shop-0f3c"
KIND = "vector_types.Plain"
PICKLED = b"".join(
    [
        b"\x80\x05\x8c\x0cvector_types\x8c\x05Plain\x93",  # protocol 5, the class
        b")\x81",  # made without arguments
        b"}\x8c\x01b\x8c\x01xs}\x8c\x01aK\x01s\x86b.",  # attributes, slots
    ]
)
"""Of `vector_types.Plain(1, "x")`."""


def signature(message: bytes) -> bytes:
    """HMAC-SHA256 by RFC 2104."""
    inner, outer = (bytes(byte ^ pad for byte in SECRET.ljust(64, b"\0")) for pad in (0x36, 0x5C))
    return hashlib.sha256(outer + hashlib.sha256(inner + message).digest()).digest()


def pickle() -> tuple[object, bytes]:
    mac = signature(b"\0".join([ENVIRONMENT.encode(), KIND.encode(), PICKLED]))
    tagged = {"type": KIND, "environment": ENVIRONMENT, "mac": mac.hex(), "data": PICKLED.hex()}
    return {"pickle": tagged}, ext(36, many(text(KIND), text(ENVIRONMENT), binary(mac), binary(PICKLED)))


def custom(serializer: str, value: object, packed: bytes) -> tuple[object, bytes]:
    tagged = {"serializer": serializer, "type": KIND, "value": value}
    return {"custom": tagged}, ext(37, many(text(serializer), text(KIND), packed))


def rows() -> list[tuple[str, str, object, bytes, bool]]:
    one, x = ({"int": "1"}, integer(1)), ({"str": "x"}, text("x"))
    made = [
        ("pickle", "pickle", pickle()),
        ("custom", "custom, a list", custom("vector_serializers:Lists", {"list": [one[0], x[0]]}, many(one[1], x[1]))),
        ("custom", "custom, a tuple", custom("vector-tuples", {"tuple": [one[0], x[0]]}, ext(3, many(one[1], x[1])))),
    ]  # fmt: skip
    return [(row, name, tagged, data, True) for row, name, (tagged, data) in made]
