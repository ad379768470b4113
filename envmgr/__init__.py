"""Envmgr's control plane: lock, build, verify, activate and roll back one environment per Python library.

Rooms and the imports they may make (a test proves it)::

    model, errors <- config <- tools <- environments <- catalog <- operations <- cli
"""

__version__ = "0.1.0"
