"""One function a command: it reads its arguments, calls one operation and words the answer.

`envmgr.cli.application.COMMANDS` says which module has which. Operations are imported where they are called,
so that a command starts with what it needs.
"""
