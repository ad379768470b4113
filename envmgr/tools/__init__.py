"""The outside world, one module each: processes, uv, PyPA formats, interpreters. Imports errors, model,
config.
"""
