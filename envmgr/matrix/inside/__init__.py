"""What runs in a cell's interpreter: Python 3.8 and later, the standard library, and pytest where it is its plugin.

Started by path: nothing of it is imported here.
"""
