"""Envmgr's runtime: the worker that lives in a library's own interpreter (Python 3.8 or later).

Imported as `envmgr_runtime`. It is the standard library and msgpack, imports nothing of `envmgr`, and is
staged into a runtime layer whose directory never stands on `sys.path`. Rooms and arrows (a test proves it)::

    wire <- values <- library <- execution <- worker
"""

__version__ = "0.1.0"
