"""Searches over all supports of one size, depth first: supports that begin alike share their eliminations.

``dependent_sets`` serves the spark, ``extreme_support`` the isometry constants and the priors of sparse
signals. A search is cut into ``pieces``, one prefix of a support each, which threads go through in order.
Ten nanoseconds a support; two seconds of compilation for each of the two, and for each arithmetic.
"""
