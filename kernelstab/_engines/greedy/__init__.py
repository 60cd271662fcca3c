"""Greedy methods: they choose columns by their correlations with the residual, and fit the data on them.

``pursuit`` is orthogonal matching pursuit: one array code for problems side by side, of which a single
problem is the case of one row. ``thresholding`` is CoSaMP, subspace pursuit and hard thresholding. ``points``
says what a point proves as a candidate for the least absolute sum. Nothing here is compiled.
"""
