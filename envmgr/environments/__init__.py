"""What is on disk: layout, locks, store, runtime layers, launch manifests, generations. Imports tools and
what tools may.
"""
