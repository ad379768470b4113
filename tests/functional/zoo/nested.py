"""Everything inside everything."""

from __future__ import annotations

from typing import Any

from zoo import plain, times


def values() -> dict[str, Any]:
    singles = {**plain.values(), **times.values()}
    singles = {
        name: x
        for name, x in singles.items()
        if not (isinstance(x, (list, tuple, str, bytes, bytearray, memoryview, dict)) and len(x) > 5000)
    }
    del singles["int 56148 False"]
    found: dict[str, Any] = {}
    for name, x in singles.items():
        found[f"[{name}]"] = [x, [x], {"k": x}, (x, (x,))]
        found[f"dataclass of {name}"] = plain.Outer.Inner({"deep": [plain.Point(x, plain.Pair(x, x))]})
        try:
            hash(x)
        except (TypeError, ValueError):
            continue
        if x == x:
            found[f"key {name}"] = {x: x, ("t", x): [x]}
            found[f"set of {name}"] = {x}
            found[f"frozenset of {name}"] = [frozenset([x, (x, "y")])]
    deep: Any = 1
    for _ in range(120):
        deep = [deep]
    found["deep list"] = deep
    deep = "x"
    for _ in range(120):
        deep = {"a": deep}
    found["deep dict"] = deep
    deep = None
    for i in range(40):
        deep = (deep, i)
    found["deep tuple"] = deep
    shared = [1, 2]
    found["shared"] = [shared, shared, {"a": shared}]
    found["everything"] = list(singles.values())
    found["everything by name"] = singles
    found["large bytes inside"] = [
        b"x" * 300_000,
        {"k": bytearray(400_000)},
        (memoryview(b"y" * 270_000),),
        b"z" * 100,
    ]
    found["many large bytes"] = [bytes([i]) * 262_144 for i in range(20)]
    found["text and large"] = {"\ud800": b"x" * 300_000, "t": "x" * 2_000_000}
    return found
