"""Compatibility matrices: from a file to cells, from cells to results, from results to reports.

Imports catalog and what that may import. One module an idea; what decides is pure, what runs is at the edge.
"""
