"""Calls made in this process, as a caller sees them."""

from __future__ import annotations

from envmgr_runtime.execution.calls import Calls
from envmgr_runtime.library.loading import Libraries
from envmgr_runtime.values.codec import Codec
from envmgr_runtime.wire.messages import ERROR


class Refused(Exception):
    """`error`: the error map."""

    def __init__(self, error):
        super().__init__(error["message"])
        self.error = error


class Asking:
    """One worker's calls over these libraries."""

    def __init__(self, libraries):
        self.libraries = Libraries()
        self.libraries.load(libraries)
        self.calls = Calls(self.libraries)
        self.codec = Codec(self.calls.refs)

    def __call__(self, target, *args, flags=0, **kwargs):
        return self.sent(target, flags, [list(args), kwargs])

    def chain(self, *steps, flags=0):
        """Each step is kind, what it is about, and perhaps args and kwargs."""
        payload = [
            [list((rest or ((),))[0]), dict(rest[1]) if len(rest) > 1 else {}] for _, _, *rest in steps
        ]
        return self.sent([[list(step[:2]) for step in steps]], flags, payload)

    def sent(self, target, flags, payload):
        kind, answer = self.calls.run(target, flags, self.codec.encode(payload))
        value = self.codec.decode(answer)
        if kind == ERROR:
            raise Refused(value)
        return value

    def hold(self, value):
        """The number of a ref to it."""
        return self.calls.refs.put(value)[0]
