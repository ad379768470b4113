"""A worker written by hand for one function: the pool's transport and codec, none of its generality.

Started as `python adapter.py LAYER`: frames, values and the wait for the next call are the runtime's own, so that what
differs is what a generic worker does for any function.
"""

import importlib.util
import math
import os
import sys


def load(directory):
    spec = importlib.util.spec_from_file_location(
        "envmgr_runtime", os.path.join(directory, "__init__.py"), submodule_search_locations=[directory]
    )
    module = importlib.util.module_from_spec(spec)
    sys.modules["envmgr_runtime"] = module
    spec.loader.exec_module(module)


load(os.path.join(sys.argv[1], "envmgr_runtime"))

from envmgr_runtime.execution.refs import RefTable  # noqa: E402
from envmgr_runtime.values.codec import Codec  # noqa: E402
from envmgr_runtime.wire.frames import FrameReader, FrameWriter  # noqa: E402
from envmgr_runtime.wire.messages import CALL, HELLO, PING, PROTOCOL, RESULT  # noqa: E402
from envmgr_runtime.wire.packing import packb  # noqa: E402


def serve(reader, writer):
    reader.read()
    facts = {"protocol": PROTOCOL, "pid": os.getpid(), "python": "3", "libraries": {"math": None}}
    writer.write([packb([HELLO, 0, {**facts, "lane": False, "interrupt": 0}])])
    codec = Codec(RefTable())
    while True:
        answers = []
        for message in reader.read() or sys.exit(0):
            if message[0] == CALL and message[2] == "math.sqrt":
                args, kwargs = codec.decode_call(message[4])
                answers.append(packb([RESULT, message[1], codec.encode(math.sqrt(*args, **kwargs))]))
            elif message[0] == PING:
                answers.append(packb([PING, message[1]]))
        if answers:
            writer.write(answers)


serve(FrameReader(3), FrameWriter(4))
