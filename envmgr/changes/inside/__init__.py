"""Run by a release's own interpreter, by file: Python 3.8 and its standard library, nothing of ours."""
